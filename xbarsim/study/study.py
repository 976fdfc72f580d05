"""Study: a design space, what is asked at each of its points, what bounds it and what is sought in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from xbarsim.study.axes import Axis, Settings

CHIP, WORKLOAD, SCENARIO, MAPPING, SEED = "chip", "workload", "scenario", "mapping", "seed"
ROOTS = (CHIP, WORKLOAD, MAPPING, SCENARIO, SEED)


@dataclass(frozen=True)
class Goal:
    """A figure that is to be as small, or as large, as can be."""

    figure: str
    sense: Literal["minimise", "maximise"]

    @property
    def sign(self) -> int:
        """What to multiply the figure with so that less is better."""
        return 1 if self.sense == "minimise" else -1


@dataclass(frozen=True)
class Constraint:
    """Bounds of a figure; a point beyond them is kept, and is no candidate."""

    figure: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: object) -> bool:
        """Whether a figure is known and within the bounds."""
        if not isinstance(value, int | float):
            return False
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )

    def excess(self, value: float) -> float:
        """How far beyond the bounds, as a share of them; 0 or less where it holds."""
        over = [] if self.at_most is None else [value - self.at_most, abs(self.at_most)]
        under = [] if self.at_least is None else [self.at_least - value, abs(self.at_least)]
        return max(gap[0] / (gap[1] or 1.0) for gap in (over, under) if gap)

    def words(self) -> str:
        low = f"{self.at_least:g} ≤ " if self.at_least is not None else ""
        high = f" ≤ {self.at_most:g}" if self.at_most is not None else ""
        return f"{low}{self.figure}{high}"


@dataclass(frozen=True)
class Strategy:
    """How points are chosen: all of them, or so many at random, as a Latin hypercube, or in a search."""

    kind: Literal["grid", "random", "latin_hypercube", "search"] = "grid"
    points: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Study:
    """What a study file says.

    chip, workload: name of a shipped one, or the path of a file.
    for_each: axes that are not for us to choose (a load, a network): best points are found at each of their places.
    scenario: what each point runs: kind, requests, arrivals …; settings: what holds at every point, by full key.
    """

    name: str
    chip: str
    workload: str
    axes: tuple[Axis, ...]
    scenario: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = ()
    goals: tuple[Goal, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    strategy: Strategy = Strategy()
    seed: int = 0
    description: str = ""
    source: str = ""
    path: str = ""
    for_each: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """How a notebook shows it. The report room draws it; it is looked up only when asked."""
        from importlib import import_module

        return str(import_module("xbarsim.report.study_notebook").study_html(self))
