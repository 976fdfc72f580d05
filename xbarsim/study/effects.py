"""What each axis does to a figure by itself: the mean at each of its places, and its share of the variance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from xbarsim.study.axes import ABSENT
from xbarsim.study.explored import Outcome

MOST_LEVELS = 24  # of an axis; a span with more places has no two points of one


@dataclass(frozen=True)
class Level:
    """A place on an axis: the mean of a figure over the points there, its extremes, and how many they are."""

    label: str
    mean: float
    least: float
    most: float
    points: int


@dataclass(frozen=True)
class Effect:
    """An axis and a figure.

    share: of the figure's variance over the points, that of the means at the axis's places (eta squared; over all
    points of a grid the first-order Sobol index of independent, evenly likely places). None where nothing varies.
    """

    axis: str
    figure: str
    levels: tuple[Level, ...]
    share: float | None


def effects(outcomes: Sequence[Outcome], axes: Sequence[str], figures: Sequence[str]) -> tuple[Effect, ...]:
    """For each figure each axis on which a figure is known at two places at least; points where it is absent apart."""
    found = []
    for figure in figures:
        for axis in axes:
            known = _known(outcomes, axis, figure)
            if 2 <= len(known) <= MOST_LEVELS:
                found.append(
                    Effect(axis, figure, tuple(_level(*one) for one in known.items()), _share(known))
                )
    return tuple(found)


def _known(outcomes: Sequence[Outcome], axis: str, figure: str) -> dict[str, list[float]]:
    """Values by label, in the order in which labels first appear."""
    found: dict[str, list[float]] = {one.labels.get(axis, ABSENT): [] for one in outcomes}
    for one in outcomes:
        value = one.figure(figure)
        if value is not None and math.isfinite(value):
            found[one.labels.get(axis, ABSENT)].append(float(value))
    return {label: values for label, values in found.items() if values and label != ABSENT}


def _level(label: str, values: Sequence[float]) -> Level:
    return Level(label, fsum(values) / len(values), min(values), max(values), len(values))


def _share(known: dict[str, list[float]]) -> float | None:
    values = [value for level in known.values() for value in level]
    mean = fsum(values) / len(values)
    whole = fsum((value - mean) ** 2 for value in values)
    between = fsum(len(level) * (fsum(level) / len(level) - mean) ** 2 for level in known.values())
    return between / whole if whole else None
