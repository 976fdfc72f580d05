"""Asker: which point of a design space to look at next, by the samplers of Optuna (ask and tell)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
import optuna
from optuna.trial import FrozenTrial, Trial

from xbarsim.study.columns import DONE
from xbarsim.study.space import Params, anywhere, distributions, everywhere
from xbarsim.study.study import Study

Sampler = Literal["tpe", "nsga2", "random"]
SMALL = 20_000  # combinations: those that are left of a small space are listed, of a larger one drawn


@dataclass(frozen=True)
class Asked:
    """A place, as the sampler's parameters; trial: Optuna's, where it was Optuna that asked."""

    params: Params
    trial: Trial | None = None


@dataclass(frozen=True)
class Verdict:
    """What a sampler is told. values: goals, less being better; excess: beyond each bound, 0 or less where it holds."""

    values: tuple[float, ...]
    excess: tuple[float, ...]


class Asker:
    """An Optuna study in memory (the store is what lasts).

    A point that failed, or lacks a figure that is asked for, counts as one beyond a bound: the sampler learns to keep
    away from where nothing fits.
    """

    def __init__(self, study: Study, sampler: Sampler, seed: int):
        self.study, self.space = study, distributions(study.axes)
        self.draws = np.random.default_rng([seed, len(study.axes)])
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with _quiet():
            directions: list[Any] = ["minimize"] * len(study.goals)
            self.asking = optuna.create_study(sampler=_sampler(sampler, seed), directions=directions)

    def ask(self) -> Asked:
        """What the sampler thinks best: it may be a point that is known."""
        with _quiet():
            trial = self.asking.ask(self.space)
        return Asked(trial.params, trial)

    def others(self) -> Iterator[Asked]:
        """Points at random, each of a small space once: for when the sampler has nothing new to ask."""
        axes = self.study.axes
        if all(axis.span is None for axis in axes) and math.prod(len(axis.options) for axis in axes) <= SMALL:
            places = list(product(*(everywhere(axis) for axis in axes)))
            for index in self.draws.permutation(len(places)):
                yield self._named(places[index])
            return
        while True:
            yield self._named([anywhere(axis, self.draws) for axis in axes])

    def _named(self, values: Sequence[Any]) -> Asked:
        return Asked({axis.name: value for axis, value in zip(self.study.axes, values, strict=True)})

    def tell(self, asked: Asked, verdict: Verdict) -> None:
        excess = list(verdict.excess)
        with _quiet():
            if asked.trial is not None:
                asked.trial.set_user_attr(_EXCESS, excess)
                self.asking.tell(asked.trial, verdict.values)
                return
            self.asking.add_trial(
                optuna.trial.create_trial(
                    params=asked.params,
                    distributions=self.space,
                    values=verdict.values,
                    user_attrs={_EXCESS: excess},
                    system_attrs={"constraints": excess},
                )
            )

    def of_row(self, row: Mapping[str, Any]) -> Verdict:
        """The verdict on a point that was run."""
        goals, bounds = self.study.goals, self.study.constraints
        figures = [row[goal.figure] for goal in goals]
        if row["status"] != DONE or any(value is None for value in figures):
            return self.beyond({})
        excess = (_UNKNOWN if row[b.figure] is None else b.excess(row[b.figure]) for b in bounds)
        values = (goal.sign * value for goal, value in zip(goals, figures, strict=True))
        return Verdict(tuple(values), (*excess, 0.0))

    def beyond(self, excess: Mapping[str, float]) -> Verdict:
        """On a point that has no figures: how far it is beyond the bounds, by figure; if none, that it failed."""
        told = (excess.get(bound.figure, 0.0) for bound in self.study.constraints)
        return Verdict((0.0,) * len(self.study.goals), (*told, 0.0 if excess else _UNKNOWN))

    def hoped(self, figures: Sequence[float]) -> Verdict:
        """On a point that others beat even if it had these figures."""
        values = (goal.sign * value for goal, value in zip(self.study.goals, figures, strict=True))
        return Verdict(tuple(values), (0.0,) * (len(self.study.constraints) + 1))


_EXCESS = "excess"
_UNKNOWN = 1.0  # beyond a bound by as much as the bound itself


def _sampler(kind: Sampler, seed: int) -> optuna.samplers.BaseSampler:
    bounded: Any = {"constraints_func": _excess}
    if kind == "tpe":
        # Axes together, not one by one: what is a good number of converters hangs on their bits.
        return optuna.samplers.TPESampler(
            seed=seed, constant_liar=True, multivariate=True, n_startup_trials=_STARTUP, **bounded
        )
    if kind == "nsga2":
        return optuna.samplers.NSGAIISampler(population_size=_POPULATION, seed=seed, **bounded)
    return optuna.samplers.RandomSampler(seed=seed)


_STARTUP = 8  # points at random before the sampler has a say
_POPULATION = 16  # of a few hundred points in all: a dozen generations and more


def _excess(trial: FrozenTrial) -> list[float]:
    return list(trial.user_attrs[_EXCESS])


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what Optuna says of its own future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
