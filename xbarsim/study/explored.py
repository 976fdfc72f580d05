"""Explored: the finished points of a study, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xbarsim.study.columns import DONE
from xbarsim.study.pareto import non_dominated, signed
from xbarsim.study.study import Constraint, Study

if TYPE_CHECKING:
    from xbarsim.study.sensitivity import Sensitivity


@dataclass(frozen=True)
class Outcome:
    """One point: its number in the study, its label on each axis, and its row in the store."""

    number: int
    labels: Mapping[str, str]
    row: Mapping[str, Any]

    @property
    def done(self) -> bool:
        return bool(self.row["status"] == DONE)

    @property
    def error(self) -> str:
        return str(self.row["error"] or "")

    def figure(self, name: str) -> Any:
        """None where it is not known."""
        return self.row[name]


@dataclass(frozen=True)
class Pruned:
    """A point that a search left out: its label on each axis, and why.

    by: the figure whose bound spoke against it, or "beaten" by a point that is known.
    """

    labels: Mapping[str, str]
    reason: str
    by: str = ""


@dataclass(frozen=True)
class Explored:
    """A study with all of its points.

    ran: points that this call ran; the others were in the store. pruned: points that a search left out.
    sensitivity: how much each axis matters, where that was asked for, or a whole grid tells it.
    """

    study: Study
    outcomes: tuple[Outcome, ...]
    ran: int
    store: str
    notes: tuple[str, ...] = ()
    pruned: tuple[Pruned, ...] = ()
    sensitivity: Sensitivity | None = None

    @property
    def done(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.done)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if not outcome.done)

    @cached_property
    def feasible(self) -> tuple[Outcome, ...]:
        """Done, and within all constraints."""
        return tuple(one for one in self.done if not broken(one.row, self.study.constraints))

    @cached_property
    def fronts(self) -> Mapping[str, tuple[Outcome, ...]]:
        """Of the feasible ones, those that no other beats in every goal; sorted by the first goal.

        For each place of the study's `for_each` axes apart, by name: 'load 5 kHz'; all under "" without such axes.
        """
        groups: dict[str, list[Outcome]] = {}
        for one in self.feasible if self.study.goals else ():
            name = ", ".join(f"{axis} {one.labels[axis]}" for axis in self.study.for_each)
            groups.setdefault(name, []).append(one)
        return {name: self._front(group) for name, group in groups.items()}

    @property
    def front(self) -> tuple[Outcome, ...]:
        """All of `fronts`, one after another."""
        return tuple(one for front in self.fronts.values() for one in front)

    def _front(self, group: Sequence[Outcome]) -> tuple[Outcome, ...]:
        goals = self.study.goals
        values = signed([[one.figure(goal.figure) for goal in goals] for one in group], goals)
        kept = [one for one, stays in zip(group, non_dominated(values), strict=True) if stays]
        return tuple(sorted(kept, key=lambda one: (goals[0].sign * one.figure(goals[0].figure), one.number)))

    def _repr_html_(self) -> str:
        """How a notebook shows it. The report room draws it; it is looked up only when asked."""
        from importlib import import_module

        return str(import_module("xbarsim.report.study_notebook").explored_html(self))


def broken(row: Mapping[str, Any], constraints: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    """The constraints that a point does not keep."""
    return tuple(bound for bound in constraints if not bound.holds(row[bound.figure]))
