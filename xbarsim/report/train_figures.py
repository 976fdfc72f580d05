"""Figures of a TrainResult as SVG text: learning against seconds, joules and pulses; a mean sample; wear."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from xbarsim.report.figures_style import QUIET, SERIES, name_rows, new_figure, rows_height, styled, to_svg
from xbarsim.report.quantities import format_quantity
from xbarsim.report.train_views import name_of
from xbarsim.scenario.train_result import EpochRow, Training, TrainResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN = 9.0
_AGAINST: tuple[tuple[str, Callable[[EpochRow], float], str], ...] = (
    ("time", lambda row: row.elapsed_ps * 1e-12, "s"),
    ("energy", lambda row: row.energy_pj * 1e-12, "J"),
    ("pulses on cells", lambda row: float(row.pulses), ""),
)
_PARTS: tuple[tuple[str, Callable[[Training], float], Callable[[Training], float]], ...] = (
    ("forward", lambda one: one.forward_ps, lambda one: one.forward_pj),
    ("backward", lambda one: one.backward_ps, lambda one: one.backward_pj),
    ("update", lambda one: one.update_ps, lambda one: one.update_pj),
    ("static", lambda one: 0.0, lambda one: one.static_pj),
)


def learning_figure(result: TrainResult) -> str:
    """Accuracy and loss after each epoch, against what it has cost by then."""
    with styled():
        figure = new_figure(_WIDTH_IN, 4.8)
        panels = figure.subplots(2, 3, sharex="col", sharey="row")
        for column, (what, of, unit) in enumerate(_AGAINST):
            for one, color in zip(result.trainings, _colours(result), strict=True):
                spent = [of(row) for row in one.epochs]
                label = name_of(one) if not column else None
                accuracies = [100 * row.accuracy for row in one.epochs]
                panels[0, column].plot(spent, accuracies, "o-", color=color, ms=3, lw=1.2, label=label)
                panels[1, column].plot(
                    spent, [row.loss for row in one.epochs], "o-", color=color, ms=3, lw=1.2
                )
            bottom = panels[1, column]
            _log(bottom, "x", _marked(unit))
            bottom.set_xlabel(what)
            for axes in panels[:, column]:
                axes.grid()
            if result.accuracy_float is not None:
                panels[0, column].axhline(100 * result.accuracy_float, color=QUIET, lw=0.8, ls="--")
        panels[0, 0].set_ylabel("accuracy (%)")
        panels[1, 0].set_ylabel("loss")
        _log(panels[1, 0], "y", _marked(""))
        figure.legend(loc="outside upper left", ncols=4)
        return to_svg(figure, "learning", "Accuracy and loss against time, energy and pulses, by algorithm")


def _marked(unit: str) -> Callable[[float, object], str]:
    def text(value: float, place: object = None) -> str:
        return format_quantity(value, unit, 1) if unit else f"{value:g}"

    return text


def _log(axes: Axes, which: Literal["x", "y"], text: Callable[[float, object], str]) -> None:
    """A logarithmic axis with few marks, and words of ours at them."""
    from matplotlib.ticker import LogLocator, NullLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    low, high = axis.get_view_interval()
    steps = (1.0, 2.0, 5.0) if high < 30 * low else (1.0,)
    axis.set_major_locator(LogLocator(subs=steps, numticks=6))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(text)


def sample_figure(result: TrainResult) -> str:
    """Time and energy of a mean sample, by what they are for."""
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(result.trainings)) + 0.3)
        panels = figure.subplots(1, 2, sharey=True)
        for axes, title, unit, place in (
            (panels[0], "time of a sample", "s", 1),
            (panels[1], "energy of a sample", "J", 2),
        ):
            left = [0.0] * len(result.trainings)
            for part, color in zip(_PARTS, SERIES, strict=False):
                widths = [part[place](one) * 1e-12 for one in result.trainings]  # type: ignore[operator]
                if not any(widths):
                    continue
                label = part[0] if place == 2 else None
                axes.barh(range(len(widths)), widths, left=left, color=color, height=0.6, label=label)
                left = [a + b for a, b in zip(left, widths, strict=True)]
            axes.xaxis.set_major_formatter(_marked(unit))
            axes.set_xlabel(title)
            axes.grid(axis="x")
        name_rows(panels[0], [name_of(one) for one in result.trainings], longest=40)
        figure.legend(loc="outside upper left", ncols=4)
        return to_svg(figure, "sample", "Time and energy of a mean sample, by purpose and algorithm")


def wear_figure(result: TrainResult) -> str:
    """Cells of each array by their pulses a sample."""
    panels_of = [(one, array) for one in result.trainings for array in _arrays(one)]
    if not panels_of:
        return ""
    colours = dict(zip([one.algorithm for one in result.trainings], _colours(result), strict=True))
    with styled():
        figure = new_figure(_WIDTH_IN, 0.9 + 0.85 * len(panels_of))
        panels = figure.subplots(len(panels_of), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (one, array) in zip(panels, panels_of, strict=True):
            bins = [one_bin for one_bin in one.histogram if one_bin.array == array and one_bin.high]
            resting = sum(b.cells for b in one.histogram if b.array == array and not b.high)
            widths = [b.high - b.low for b in bins]
            axes.bar(
                [b.low for b in bins],
                [b.cells for b in bins],
                width=widths,
                align="edge",
                color=colours[one.algorithm],
            )
            never = f"; {resting:,} cells never pulsed" if resting else ""
            axes.set_title(f"{name_of(one)}, array '{array}'{never}", loc="left")
            axes.grid(axis="y")
        _log(panels[-1], "x", lambda value, place=None: f"{value:g}")
        panels[-1].set_xlabel("pulses a sample")
        figure.supylabel("cells", color=QUIET, fontsize=8)
        return to_svg(figure, "wear", "Cells by their pulses a sample, by algorithm and array")


def _arrays(one: Training) -> tuple[str, ...]:
    return tuple(dict.fromkeys(b.array for b in one.histogram))


def _colours(result: TrainResult) -> list[str]:
    return [SERIES[number % len(SERIES)] for number in range(len(result.trainings))]
