"""Accuracy over energy: a colour for each chip, a shape for each network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xbarsim.report.compare_accuracy import age_words
from xbarsim.report.compare_views import network_names
from xbarsim.report.figures_style import QUIET, SERIES, log_axis, new_figure, styled, to_svg
from xbarsim.report.study_views import words_of
from xbarsim.scenario.accuracy import ChipAccuracy
from xbarsim.study.compare import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN, _HEIGHT_IN = 9.0, 3.6
_SHAPES = ("o", "s", "D", "^", "v", "P", "X")
_X = {"energy_pj": (1e-12, "J"), "latency_ns": (1e-9, "s")}  # figure -> its unit, in which the axis is


def accuracy_figure(found: Comparison) -> str:
    """ "" if no accuracy was asked for."""
    if not any(entry.accuracy is not None for entry in found.done):
        return ""
    with styled():
        figure = new_figure(_WIDTH_IN, _HEIGHT_IN, gap=0.08)
        panels = figure.subplots(1, len(_X), sharey=True)
        for axes, name in zip(panels, _X, strict=True):
            _points(axes, found, name)
        panels[0].set_ylabel("accuracy (%)")
        for axes, handles in zip(panels, _legends(panels[0], found), strict=True):
            axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
        return to_svg(figure, "accuracy", "Accuracy of each network on each chip over its energy and latency")


def _legends(axes: Axes, found: Comparison) -> tuple[list[Any], list[Any]]:
    """Lines for the chips, shapes for the networks."""
    names = network_names(found)
    chips = [axes.plot([], [], lw=3, color=_color(found, chip), label=chip)[0] for chip in found.chips]
    shapes = [
        axes.plot([], [], _shape(found, one), ms=4, color=QUIET, label=names[one])[0]
        for one in found.workloads
    ]
    return chips, shapes


def _color(found: Comparison, chip: str) -> str:
    return SERIES[found.chips.index(chip) % len(SERIES)]


def _shape(found: Comparison, workload: str) -> str:
    return _SHAPES[found.workloads.index(workload) % len(_SHAPES)]


def _points(axes: Axes, found: Comparison, name: str) -> None:
    factor, unit = _X[name]
    aged = False
    for entry in found.done:
        value = entry.figures[name]
        if entry.accuracy is None or not isinstance(value, float | int):
            continue
        color, shape = _color(found, entry.chip), _shape(found, entry.workload)
        aged |= _whisker(axes, value * factor, entry.accuracy, color)
        axes.plot(value * factor, 100 * entry.accuracy.mean, shape, color=color, ms=4.5)
    log_axis(axes, words_of(name), unit)
    axes.grid()
    if aged:
        last = next(entry.accuracy for entry in found.done if entry.accuracy is not None).by_age[-1]
        axes.set_title(f"lines end at the accuracy after {age_words(last.age_s)}", loc="left", fontsize=7)


def _whisker(axes: Axes, value: float, accuracy: ChipAccuracy, color: str) -> bool:
    """From the accuracy as written to that at the last age, where it is another."""
    last = accuracy.by_age[-1].mean
    if last == accuracy.mean:
        return False
    axes.plot([value, value], [100 * accuracy.mean, 100 * last], color=color, lw=1)
    axes.plot(value, 100 * last, "_", color=color, ms=6)
    return True
