"""sensitivity: run what tells how much each axis of a study matters; or tell it from a grid that has been run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from xbarsim.errors import Problem, SpecError
from xbarsim.spec.loader import likely
from xbarsim.study.axes import Axis, Option, Place, Settings, place
from xbarsim.study.design import Designed, at
from xbarsim.study.explored import Explored, Outcome
from xbarsim.study.figures import NUMBERS
from xbarsim.study.point import Point
from xbarsim.study.sensitivity import (
    Indices,
    Sensitivity,
    Tornado,
    Values,
    grid_indices,
    one_at_a_time,
    sample_shares,
    sampled_indices,
    tornado,
)
from xbarsim.study.study import Study
from xbarsim.study.sweep import STORE, Watch, run_all

_MIDDLE = 0.5


@dataclass(frozen=True)
class Probe:
    """What to find out.

    figures: of which; the study's goals if none. samples: for Sobol indices, a power of two, each of which takes as
    many points as there are axes, and two more; 0: one axis at a time only. seed: of the samples.
    base: axis -> label, around which one axis moves at a time; the middle of each that is not named.
    """

    figures: tuple[str, ...] = ()
    samples: int = 0
    seed: int = 0
    base: Mapping[str, str] | None = None


def sensitivity(
    study: Study,
    asked: Probe | None = None,
    store: str | Path = STORE,
    workers: int | str | None = None,
    watch: Watch | None = None,
) -> Explored:
    """The study with all points that were looked at, and its `sensitivity`.

    store, workers, watch: as for `sweep`. Raises: SpecError with all that is wrong with what is asked.
    """
    asked = asked or Probe()
    figures = _demand(study, asked)
    steps = one_at_a_time(study.axes, _base(study, asked.base or {}))
    shares = (
        sample_shares(len(study.axes), asked.samples, asked.seed) if asked.samples else np.empty((0, 0, 0))
    )
    drawn = [place(study.axes, row) for row in shares.reshape(-1, len(study.axes)).tolist()]
    designed = _unequal(study, [*(one for _, one in steps), *drawn])
    told = replace(study, name=f"{study.name}-sensitivity")
    found = run_all(told, designed, store, workers, watch)
    rows = {one.point: outcome for one, outcome in zip(designed, found.outcomes, strict=True)}

    def figure_at(one: Place, figure: str) -> float | None:
        value: float | None = rows[at(study, one).point].figure(figure)
        return value

    tornadoes = tuple(tornado(name, steps, [figure_at(one, name) for _, one in steps]) for name in figures)
    names = [axis.name for axis in study.axes]
    indices = []
    for figure in figures if asked.samples else ():
        values = np.array([_or_nan(figure_at(one, figure)) for one in drawn])
        indices.append(sampled_indices(figure, names, values.reshape(shares.shape[:2]), asked.seed))
    return replace(found, sensitivity=Sensitivity(tornadoes, tuple(indices)))


def known_sensitivity(found: Explored) -> Sensitivity | None:
    """What was asked for; or of a grid that has been run, what it tells of the goals: nothing more need be run."""
    study, axes = found.study, found.study.axes
    if found.sensitivity is not None or study.strategy.kind != "grid" or not axes:
        return found.sensitivity
    by_labels = {tuple(one.labels.items()): one for one in found.outcomes}
    steps = one_at_a_time(axes, _base(study, {}))
    on_steps = [by_labels[one.labels] for _, one in steps if one.labels in by_labels]
    tornadoes, indices = list[Tornado](), list[Indices]()
    for figure in (goal.figure for goal in study.goals):
        if len(on_steps) == len(steps):
            tornadoes.append(tornado(figure, steps, [one.figure(figure) for one in on_steps]))
        whole = _whole_grid(axes, by_labels, figure)
        exact = None if whole is None else grid_indices(figure, [axis.name for axis in axes], whole)
        indices += [exact] if exact is not None else []
    return Sensitivity(tuple(tornadoes), tuple(indices)) if tornadoes or indices else None


def _whole_grid(axes: Sequence[Axis], by_labels: Mapping[Settings, Outcome], figure: str) -> Values | None:
    """A figure on the whole grid, one dimension for each axis; None where an axis is absent at places."""
    shape = tuple(len(axis.options) for axis in axes)
    values = np.full(shape, np.nan)
    for index in np.ndindex(shape):
        labels = tuple((axis.name, axis.options[i].label) for axis, i in zip(axes, index, strict=True))
        one = by_labels.get(labels)
        if one is None:
            return None
        values[index] = _or_nan(one.figure(figure))
    return values


def _base(study: Study, named: Mapping[str, str]) -> list[Option]:
    """The place around which one axis moves at a time. Raises: SpecError."""
    axes = {axis.name: axis for axis in study.axes}
    problems = [
        Problem(f"--base {name}={label}", 0, "", f"'{name}' is no axis", likely(name, axes))
        for name, label in named.items()
        if name not in axes
    ]
    options = []
    for name, axis in axes.items():
        label = named.get(name)
        option = axis.at(_MIDDLE) if label is None else _labelled(axis, label)
        if option is None:
            allowed = ", ".join(one.label for one in axis.options)
            problems.append(Problem(f"--base {name}={label}", 0, "", "is not on that axis", allowed))
        else:
            options.append(option)
    if problems:
        raise SpecError(problems)
    return options


def _labelled(axis: Axis, label: str) -> Option | None:
    if axis.span is not None:
        return Option(label, tuple((key, label) for key in axis.keys))
    return next((option for option in axis.options if option.label == label), None)


def _unequal(study: Study, places: Iterable[Place]) -> list[Designed]:
    """Each point once: of a space of few places, many samples are the same."""
    found: dict[Point, Designed] = {}
    for one in places:
        designed = at(study, one)
        found.setdefault(designed.point, designed)
    return list(found.values())


def _or_nan(value: float | None) -> float:
    """A figure that can be reckoned with: not one that is unknown, nor an infinite lifetime."""
    return float(value) if value is not None and np.isfinite(value) else np.nan


def _demand(study: Study, asked: Probe) -> tuple[str, ...]:
    """The figures that are asked for. Raises: SpecError."""
    figures = asked.figures or tuple(goal.figure for goal in study.goals)
    problems = [
        Problem(f"--figure {name}", 0, "", "is no figure of a study", likely(name, NUMBERS))
        for name in figures
        if name not in NUMBERS
    ]
    if not figures:
        fix = f"say --figure energy_pj, or give {study.path} goals"
        problems.append(Problem("--figure", 0, "", "missing, and the study has no goals", "", fix))
    if asked.samples < 0 or asked.samples & (asked.samples - 1):
        found, allowed = f"{asked.samples}", "0, or a power of two: 64, 128, 256 …"
        problems.append(Problem("--samples", 0, "", found, allowed))
    if problems:
        raise SpecError(problems)
    return figures
