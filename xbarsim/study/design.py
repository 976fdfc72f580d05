"""The points of a study, in an order that depends on the study alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from xbarsim.study.axes import ABSENT, Place, Settings, grid, place
from xbarsim.study.point import Point, point_of
from xbarsim.study.study import Study

_TRIES = 50  # draws for each point that is wanted: of a small space there may be no more


@dataclass(frozen=True)
class Designed:
    """A point with its labels on the axes, by name."""

    labels: dict[str, str]
    point: Point


def design(study: Study) -> list[Designed]:
    """All points that a sweep runs, each once."""
    return list(islice(_unequal(study), study.strategy.points or None))


def at(study: Study, chosen: Place) -> Designed:
    """The point of a place."""
    scenario = tuple(sorted(study.scenario.items()))
    point = point_of(study.chip, study.workload, scenario, study.settings + chosen.settings, study.seed)
    return Designed(dict(chosen.labels), point)


def again(study: Study, labels: Mapping[str, str]) -> Designed:
    """The point with these labels on the axes. Raises: KeyError if an axis has no such place."""
    settings: Settings = ()
    for axis in study.axes:
        label = labels[axis.name]
        if label != ABSENT:
            settings += axis.named(label).settings
    return at(study, Place(tuple(labels.items()), settings))


def _unequal(study: Study) -> Iterator[Designed]:
    """Each point the first time it comes."""
    seen: set[Point] = set()
    for chosen in _places(study):
        one = at(study, chosen)
        if one.point not in seen:
            seen.add(one.point)
            yield one


def _places(study: Study) -> Iterator[Place]:
    strategy, axes = study.strategy, study.axes
    if strategy.kind == "grid":
        yield from grid(axes)
        return
    draws = np.random.default_rng(strategy.seed)
    if strategy.kind == "latin_hypercube":
        from scipy.stats.qmc import LatinHypercube

        for shares in LatinHypercube(len(axes), rng=draws).random(strategy.points):
            yield place(axes, shares.tolist())
        return
    for _ in range(strategy.points * _TRIES):
        yield place(axes, draws.random(len(axes)).tolist())
