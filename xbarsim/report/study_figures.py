"""Figures of a study as SVG text: its best points among all, and parallel coordinates."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from xbarsim.report.figures_style import (
    ANALOG,
    GRID,
    INK,
    QUIET,
    SERIES,
    STATIC,
    new_figure,
    shortened,
    styled,
    to_svg,
)
from xbarsim.report.quantities import prefix_of, thousands_power
from xbarsim.report.study_views import format_figure, words_of
from xbarsim.study.explored import Explored, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN = 9.0
_MOST_DOTS, _MOST_LINES, _MOST_PANELS, _MOST_TOLD = 3_000, 800, 3, 400
_WIDE = 50
_FRONTS = (STATIC, ANALOG, *SERIES[2:])
_LINK = re.compile(r'<a xlink:href="([^"]*)"[^>]*>')  # as matplotlib writes them: to another window
_NUMBER = re.compile(r"[+-]?\d+\.?\d*(?:[eE][+-]?\d+)?")
_BASE = {
    "_ns": ("s", 1e-9),
    "_pj": ("J", 1e-12),
    "_w": ("W", 1.0),
    "_js": ("J s", 1.0),
    "ops_per_s": ("OPS", 1.0),
    "_per_s": ("/s", 1.0),
}


def front_figure(found: Explored, links: Mapping[int, str] | None = None) -> str:
    """The first goal against each other one (or against the number of the point); best points joined by steps.

    links: where a click on a point leads, by its number; otherwise to its row in the table.
    """
    leads = {one.number: f"#{one.number}" for one in found.done} | dict(links or {})
    goals = [goal.figure for goal in found.study.goals]
    if not found.done or not goals:
        return ""
    others = goals[1 : 1 + _MOST_PANELS] or [""]
    with styled():
        figure = new_figure(_WIDTH_IN, 3.4)
        panels = figure.subplots(1, len(others), squeeze=False)[0]
        for axes, other in zip(panels, others, strict=True):
            _panel(axes, found, goals[0], other, leads)
        panels[0].legend(loc="best")
        return _told(to_svg(figure, "point", "Points by their goals; the best ones are marked"), found, leads)


def _told(svg: str, found: Explored, leads: Mapping[int, str]) -> str:
    """Links open in the same window; each point says what it is where the pointer rests on it."""
    titles = {}
    if len(found.done) <= _MOST_TOLD:
        titles = {leads[one.number].replace("#", "#point-"): _title(found, one) for one in found.done}
    return _LINK.sub(lambda link: f'<a xlink:href="{link[1]}">{titles.get(link[1], "")}', svg)


def _finite(one: Outcome, figure: str) -> bool:
    value = one.figure(figure)
    return value is not None and math.isfinite(value)


def _title(found: Explored, one: Outcome) -> str:
    labels = ", ".join(f"{name} {label}" for name, label in one.labels.items())
    figures = [goal.figure for goal in found.study.goals]
    values = ", ".join(f"{words_of(name)} {format_figure(name, one.figure(name))}" for name in figures)
    return f"<title>{escape(f'point {one.number}: {labels}; {values}')}</title>"


def _panel(axes: Axes, found: Explored, across: str, up: str, leads: Mapping[int, str]) -> None:
    front = {one.number for one in found.front}
    feasible = {one.number for one in found.feasible}
    units = [unit_of(found.done, name) if name else ("point", 1.0) for name in (across, up)]

    def places(outcomes: Sequence[Outcome]) -> tuple[list[float], list[float]]:
        ys = [one.figure(up) if up else one.number for one in outcomes]
        return [one.figure(across) * units[0][1] for one in outcomes], [y * units[1][1] for y in ys]

    known = [one for one in found.done if _finite(one, across) and (not up or _finite(one, up))]
    kinds = [
        ("beyond a bound", [one for one in known if one.number not in feasible], GRID, 14),
        ("other points", [one for one in known if one.number in feasible - front], QUIET, 16),
    ]
    for (name, best), color in zip(found.fronts.items(), cycle(_FRONTS), strict=False):
        shown = [one for one in best if one in known]
        kinds.append((f"best, {name}" if name else "best points", shown, color, 34))
    for label, outcomes, color, size in kinds:
        shown = thinned(outcomes, _MOST_DOTS)
        if shown:
            xs, ys = places(shown)
            dots = axes.scatter(xs, ys, s=size, color=color, label=label, zorder=2 + size, linewidths=0)
            dots.set_urls([leads[one.number] for one in shown])
    for best, color in zip(found.fronts.values(), cycle(_FRONTS), strict=False):
        if up and len(found.study.goals) == 2:
            xs, ys = places([one for one in best if one in known])
            axes.plot(xs, ys, color=color, lw=1.2, zorder=3, drawstyle="steps-post")
    for name, which in ((across, "x"), (up, "y")):
        if name and is_wide([one.figure(name) for one in known]):
            set_log(axes, which)
    axes.set_xlabel(units[0][0])
    axes.set_ylabel(units[1][0])
    axes.tick_params(axis="y", labelcolor=QUIET)
    axes.grid(True)


def is_wide(values: Sequence[float | None]) -> bool:
    """Whether values are so far apart that only their logarithms can be seen."""
    known = [value for value in values if value is not None]
    return bool(known) and min(known) > 0 and max(known) / min(known) > _WIDE


def set_log(axes: Axes, which: str) -> None:
    """A logarithmic axis ("x" or "y") with plain numbers at its powers of ten."""
    getattr(axes, f"set_{which}scale")("log")
    ruler = getattr(axes, f"{which}axis")
    ruler.set_major_formatter(lambda value, _: f"{value:,.6g}")
    ruler.set_minor_formatter(lambda *_: "")


def unit_of(outcomes: Sequence[Outcome], figure: str) -> tuple[str, float]:
    """The label of an axis for a figure, and what to multiply values with."""
    name = words_of(figure)
    suffix = next((one for one in _BASE if figure.endswith(one)), None)
    if suffix is None:
        unit = {
            "area_mm2": "mm²",
            "tops_per_w": "TOPS/W",
            "tops_per_mm2": "TOPS/mm²",
            "lifetime_years": "years",
        }
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
        kinds: list[tuple[list[Outcome], dict[str, Any]]] = [
            (thinned(others, _MOST_LINES), {"color": QUIET, "alpha": 0.22, "lw": 0.7})
        ]
        for best, color in zip(found.fronts.values(), cycle(_FRONTS), strict=False):
            kinds.append((thinned(best, _MOST_LINES), {"color": color, "alpha": 0.9, "lw": 1.5}))
        for outcomes, style in kinds:
            for one in outcomes:
                axes.plot(range(len(columns)), [scale.at(one) for scale in scales], **style)
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
        values = {one.number: float(one.figure(name)) for one in outcomes if _finite(one, name)}
        ends = (min(values.values(), default=0.0), max(values.values(), default=1.0))
        bent = math.log if is_wide(list(values.values())) else float
        ticks = [(bent(end), format_figure(name, end)) for end in dict.fromkeys(ends)]
        return _Scale(words_of(name), {number: bent(value) for number, value in values.items()}, ticks)
    labels = sorted_labels([one.labels[name] for one in outcomes])
    place = {label: float(at) for at, label in enumerate(labels)}
    values = {one.number: place[one.labels[name]] for one in outcomes}
    step = max(1, len(labels) // 8)
    return _Scale(name, values, [(place[label], label) for label in labels[::step]])


def sorted_labels(labels: Sequence[str]) -> list[str]:
    """Each once: by number where all are numbers of one unit, else in the order in which they come."""
    each = list(dict.fromkeys(labels))
    parts = [label.partition(" ") for label in each]
    if all(_NUMBER.fullmatch(number) for number, _, _ in parts) and len({unit for _, _, unit in parts}) == 1:
        return sorted(each, key=lambda label: float(label.split()[0]))
    return each


def _rulers(axes: Axes, scales: Sequence[_Scale]) -> None:
    for at, scale in enumerate(scales):
        axes.axvline(at, color=GRID, lw=1, zorder=1)
        for place, text in scale.ticks:
            axes.annotate(
                shortened(text, 18),
                (at, place),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize=6.5,
                color=INK,
            )
        title: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 7, "color": ANALOG}
        axes.annotate(folded(scale.title), (at, 1.0), (0, 9), textcoords="offset points", **title)
    axes.set_axis_off()
    axes.set_xlim(-0.3, len(scales) - 0.5)
    axes.set_ylim(-0.05, 1.12)


def folded(key: str) -> str:
    """The last words of a key: its beginning goes without saying."""
    parts = key.split(".")
    return ".".join(parts[-2:])


def thinned(outcomes: Sequence[Outcome], most: int) -> list[Outcome]:
    """So many at most, evenly taken."""
    step = max(1, -(-len(outcomes) // most))
    return list(outcomes[::step])
