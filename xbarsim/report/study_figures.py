"""Figures of a study as SVG text: its best points among all, and parallel coordinates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xbarsim.report.figures_style import ANALOG, GRID, INK, QUIET, STATIC, new_figure, styled, to_svg
from xbarsim.report.quantities import prefix_of, thousands_power
from xbarsim.report.study_views import format_figure, words_of
from xbarsim.study.explored import Explored, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN = 9.0
_MOST_DOTS, _MOST_LINES, _MOST_PANELS = 3_000, 800, 3
_NUMBER = re.compile(r"[+-]?\d+\.?\d*(?:[eE][+-]?\d+)?")
_BASE = {
    "_ns": ("s", 1e-9),
    "_pj": ("J", 1e-12),
    "_w": ("W", 1.0),
    "_js": ("J s", 1.0),
    "ops_per_s": ("OPS", 1.0),
    "_per_s": ("/s", 1.0),
}


def front_figure(found: Explored) -> str:
    """The first goal against each other one (or against the number of the point); best points joined by a line."""
    goals = [goal.figure for goal in found.study.goals]
    if not found.done or not goals:
        return ""
    others = goals[1 : 1 + _MOST_PANELS] or [""]
    with styled():
        figure = new_figure(_WIDTH_IN, 3.4)
        panels = figure.subplots(1, len(others), squeeze=False)[0]
        for axes, other in zip(panels, others, strict=True):
            _panel(axes, found, goals[0], other, steps=len(goals) == 2)
        panels[0].legend(loc="best")
        return to_svg(figure, "point", "Points by their goals; the best ones are marked")


def _panel(axes: Axes, found: Explored, across: str, up: str, steps: bool) -> None:
    front = {one.number for one in found.front}
    feasible = {one.number for one in found.feasible}
    units = [_unit(found.done, name) if name else ("point", 1.0) for name in (across, up)]

    def places(outcomes: Sequence[Outcome]) -> tuple[list[float], list[float]]:
        known = [
            one
            for one in outcomes
            if one.figure(across) is not None and (not up or one.figure(up) is not None)
        ]
        ys = [one.figure(up) if up else one.number for one in known]
        return [one.figure(across) * units[0][1] for one in known], [y * units[1][1] for y in ys]

    kinds = (
        ("beyond a bound", [one for one in found.done if one.number not in feasible], GRID, 12),
        ("other points", [one for one in found.feasible if one.number not in front], QUIET, 14),
        ("best points", list(found.front), STATIC, 30),
    )
    for label, outcomes, color, size in kinds:
        shown = thinned(outcomes, _MOST_DOTS)
        if shown:
            xs, ys = places(shown)
            dots = axes.scatter(xs, ys, s=size, color=color, label=label, zorder=2 + size, linewidths=0)
            dots.set_urls([f"#{one.number}" for one in shown])
    if steps:
        xs, ys = places(found.front)
        axes.plot(xs, ys, color=STATIC, lw=1.2, zorder=3)
    axes.set_xlabel(units[0][0])
    axes.set_ylabel(units[1][0])
    axes.tick_params(axis="y", labelcolor=QUIET)
    axes.grid(True)


def _unit(outcomes: Sequence[Outcome], figure: str) -> tuple[str, float]:
    """The label of an axis for a figure, and what to multiply values with."""
    name = words_of(figure)
    suffix = next((one for one in _BASE if figure.endswith(one)), None)
    if suffix is None:
        unit = {"area_mm2": "mm²", "tops_per_w": "TOPS/W", "tops_per_mm2": "TOPS/mm²"}
        return (f"{name} ({unit[figure]})" if figure in unit else name), 1.0
    base, scale = _BASE[suffix]
    largest = max((abs(one.figure(figure)) * scale for one in outcomes if one.figure(figure)), default=1.0)
    power = thousands_power(largest)
    return f"{name} ({prefix_of(power)}{base})", scale / 10.0**power


def parallel_figure(found: Explored) -> str:
    """Every point as a line through its place on each axis and each goal."""
    study = found.study
    columns = [axis.name for axis in study.axes] + [goal.figure for goal in study.goals]
    if not found.done or len(columns) < 2:
        return ""
    front = {one.number for one in found.front}
    with styled():
        figure = new_figure(_WIDTH_IN, 3.6)
        axes = figure.subplots()
        scales = [_scale(found.done, name, at < len(study.axes)) for at, name in enumerate(columns)]
        others = [one for one in found.done if one.number not in front]
        for outcomes, style in (
            (thinned(others, _MOST_LINES), {"color": QUIET, "alpha": 0.22, "lw": 0.7}),
            (thinned(found.front, _MOST_LINES), {"color": STATIC, "alpha": 0.9, "lw": 1.5}),
        ):
            for one in outcomes:
                axes.plot(range(len(columns)), [scale.at(one) for scale in scales], **style)  # type: ignore[arg-type]
        _rulers(axes, scales)
        return to_svg(
            figure, "parallel", "Parallel coordinates: each line is a point, the best ones stand out"
        )


class _Scale:
    """Where a point stands on one upright, from 0 to 1, and what is written beside it."""

    def __init__(self, title: str, values: dict[int, float], ticks: list[tuple[float, str]]):
        self.title, self.values = title, values
        low, high = min(values.values(), default=0.0), max(values.values(), default=1.0)
        self.low, self.room = low, (high - low) or 1.0
        self.ticks = [(self._share(place), text) for place, text in ticks]

    def at(self, one: Outcome) -> float:
        return self._share(self.values[one.number]) if one.number in self.values else float("nan")

    def _share(self, value: float) -> float:
        return (value - self.low) / self.room


def _scale(outcomes: Sequence[Outcome], name: str, is_axis: bool) -> _Scale:
    if not is_axis:
        values = {one.number: float(one.figure(name)) for one in outcomes if one.figure(name) is not None}
        ends = (min(values.values(), default=0.0), max(values.values(), default=1.0))
        return _Scale(
            words_of(name), values, [(end, format_figure(name, end)) for end in dict.fromkeys(ends)]
        )
    labels = list(dict.fromkeys(one.labels[name] for one in outcomes))
    numbers = [float(label.split()[0]) if _NUMBER.fullmatch(label.split()[0]) else None for label in labels]
    if None not in numbers:
        labels = [label for _, label in sorted(zip(numbers, labels, strict=True))]  # type: ignore[type-var]
    place = {label: float(at) for at, label in enumerate(labels)}
    values = {one.number: place[one.labels[name]] for one in outcomes}
    step = max(1, len(labels) // 8)
    return _Scale(name, values, [(place[label], label) for label in labels[::step]])


def _rulers(axes: Axes, scales: Sequence[_Scale]) -> None:
    for at, scale in enumerate(scales):
        axes.axvline(at, color=GRID, lw=1, zorder=1)
        for place, text in scale.ticks:
            axes.annotate(
                text, (at, place), (3, 0), textcoords="offset points", va="center", fontsize=6.5, color=INK
            )
        title: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 7, "color": ANALOG}
        axes.annotate(_folded(scale.title), (at, 1.0), (0, 9), textcoords="offset points", **title)
    axes.set_axis_off()
    axes.set_xlim(-0.3, len(scales) - 0.5)
    axes.set_ylim(-0.05, 1.12)


def _folded(key: str) -> str:
    """The last words of a key: its beginning goes without saying."""
    parts = key.split(".")
    return ".".join(parts[-2:])


def thinned(outcomes: Sequence[Outcome], most: int) -> list[Outcome]:
    """So many at most, evenly taken."""
    step = max(1, -(-len(outcomes) // most))
    return list(outcomes[::step])
