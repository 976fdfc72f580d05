"""How much each axis of a study matters, as SVG text: tornadoes, and shares of the variance."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from xbarsim.report.figures_style import (
    ANALOG,
    GRID,
    INK,
    QUIET,
    STATIC,
    name_rows,
    new_figure,
    styled,
    to_svg,
)
from xbarsim.report.study_figures import folded
from xbarsim.report.study_views import format_figure, words_of
from xbarsim.study.sensitivity import Indices, Sensitivity, Swing, Tornado

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN, _ROW_IN, _MOST_AXES, _MOST_PANELS = 9.0, 0.3, 10, 4
_APART = 0.3  # of the width: ticks that are closer would write over one another


def sensitivity_figure(found: Sensitivity | None) -> str:
    """Above a tornado for each figure, below its Sobol indices; "" where nothing is known."""
    if found is None:
        return ""
    tornadoes = [one for one in found.tornadoes if one.swings and _is_finite(one)][:_MOST_PANELS]
    indices = [one for one in found.indices if one.axes and all(isfinite(axis.total) for axis in one.axes)]
    indices = indices[:_MOST_PANELS]
    rows = [row for row in (tornadoes, indices) if row]
    if not rows:
        return ""
    bars = max(
        min(_MOST_AXES, len(one.swings if isinstance(one, Tornado) else one.axes))
        for row in rows
        for one in row
    )
    with styled():
        figure = new_figure(_WIDTH_IN, (0.85 + _ROW_IN * bars) * len(rows), gap=0.04)
        panels = figure.subplots(len(rows), max(len(row) for row in rows), squeeze=False)
        for line, row in zip(panels, rows, strict=True):
            for axes in line[len(row) :]:
                axes.set_axis_off()
            for axes, one in zip(line, row, strict=False):
                _tornado(axes, one) if isinstance(one, Tornado) else _shares(axes, one)
        return to_svg(
            figure, "sensitivity", "How far each axis moves each figure, and its share of the variance"
        )


def _is_finite(told: Tornado) -> bool:
    """A chip that is never written to lasts for ever: that has no place on an axis."""
    values = [told.base_value, *(value for swing in told.swings for value, _ in swing.known)]
    return all(value is not None and isfinite(value) for value in values)


def _tornado(axes: Axes, told: Tornado) -> None:
    swings = told.swings[:_MOST_AXES]
    base = told.base_value or 0.0
    axes.set_title(words_of(told.figure))
    axes.axvline(base, color=QUIET, lw=1)
    for row, swing in enumerate(swings):
        (low, at_low), (high, at_high) = min(swing.known), max(swing.known)
        axes.barh(row, base - low, left=low, height=0.55, color=ANALOG)
        axes.barh(row, high - base, left=base, height=0.55, color=STATIC)
        if swing.size:
            _label(axes, low, row, at_low, "right")
            _label(axes, high, row, at_high, "left")
    name_rows(axes, [folded(swing.axis) for swing in swings], longest=18)
    low, high = _ends(swings, base)
    room = 0.5 * (high - low or abs(base) or 1.0)
    axes.set_xlim(low - room, high + room)
    ticks = [base, *(end for end in (low, high) if abs(end - base) > _APART * (high - low + 2 * room))]
    axes.set_xticks(ticks, [format_figure(told.figure, tick) for tick in ticks], fontsize=6.5)


def _ends(swings: tuple[Swing, ...], base: float) -> tuple[float, float]:
    values = [base, *(value for swing in swings for value, _ in swing.known)]
    return min(values), max(values)


def _label(axes: Axes, value: float, row: int, text: str, side: str) -> None:
    shown = text if len(text) <= 12 else f"{text[:11]}…"
    away = -3 if side == "right" else 3
    axes.annotate(shown, (value, row), (away, 0), textcoords="offset points", ha=side, va="center", fontsize=6,
                  color=INK)  # fmt: skip


def _shares(axes: Axes, told: Indices) -> None:
    shown = told.axes[:_MOST_AXES]
    axes.set_title(f"{words_of(told.figure)}, variance")
    rows = range(len(shown))
    axes.barh(rows, [one.total for one in shown], 0.55, color=GRID, label="in all")
    axes.barh(rows, [one.first for one in shown], 0.55, color=ANALOG, label="by itself")
    for row, one in enumerate(shown):
        if one.total_range is not None:
            axes.plot(one.total_range, (row, row), color=QUIET, lw=1)
    name_rows(axes, [folded(one.axis) for one in shown], longest=18)
    axes.set_xlim(0, 1.05)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.legend(loc="lower right", fontsize=6.5)
