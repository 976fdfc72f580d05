"""Figures of a ServeResult as SVG text: latencies with their intervals, and latency by load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xbarsim.report.figures_style import ANALOG, STATIC, name_rows, new_figure, rows_height, styled, to_svg
from xbarsim.report.quantities import prefix_of, thousands_power
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.statistics import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN = 9.0


def latency_figure(result: ServeResult) -> str:
    """Mean and quantiles of each network on one axis; a line reaches over the interval."""
    told = [
        (f"{served.network} {one.figure}" if len(result.networks) > 1 else one.figure, one)
        for served in result.networks
        for one in served.latency
        if one.value_ps
    ]
    if not told:
        return ""
    unit_ps, prefix = _unit(max(one.value_ps or 0.0 for _, one in told))
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(told)))
        axes = figure.subplots()
        _points(axes, [one for _, one in told], unit_ps)
        name_rows(axes, [name for name, _ in told])
        axes.set_xlim(left=0)
        axes.set_xlabel(f"latency ({prefix}s)")
        axes.grid(axis="x")
        return to_svg(figure, "latency", "Latency: mean and quantiles with their confidence intervals")


def _points(axes: Axes, estimates: list[Estimate], unit_ps: float) -> None:
    for place, one in enumerate(estimates):
        if one.low_ps is not None and one.high_ps is not None:
            axes.plot(
                [one.low_ps / unit_ps, one.high_ps / unit_ps], [place, place], color=ANALOG, lw=5, alpha=0.28
            )
        axes.plot([(one.value_ps or 0.0) / unit_ps], [place], "o", color=ANALOG, ms=4)


def curve_figure(result: ServeResult) -> str:
    """Mean and 99th percentile against the load, with bands over the intervals."""
    points = [point for point in result.curve if point.mean.value_ps is not None]
    if not points:
        return ""
    unit_ps, prefix = _unit(max(point.mean.value_ps or 0.0 for point in points))
    with styled():
        figure = new_figure(_WIDTH_IN, 3.0)
        axes = figure.subplots()
        loads = [point.load * 100 for point in points]
        for estimates, color, label in (
            ([point.mean for point in points], ANALOG, "mean"),
            ([point.p99 for point in points], STATIC, "p99"),
        ):
            _line(axes, loads, estimates, unit_ps, color, label)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(_plain)
        axes.yaxis.set_minor_formatter(_plain)
        axes.set_xlim(0, 100)
        axes.set_xlabel("load (% of the saturation point)")
        axes.set_ylabel(f"latency ({prefix}s)")
        axes.grid()
        figure.legend(loc="outside upper left", ncols=2)
        return to_svg(figure, "curve", "Mean latency and 99th percentile by load")


def _plain(value: float, place: int | None = None) -> str:
    """A number on a logarithmic axis, where it is 1, 2 or 5 of its decade."""
    told = f"{value:g}"
    return told if told.strip("0.") in ("1", "2", "5") else ""


def _line(
    axes: Axes, loads: list[float], estimates: list[Estimate], unit_ps: float, color: str, label: str
) -> None:
    told = [(load, one) for load, one in zip(loads, estimates, strict=True) if one.value_ps is not None]
    axes.plot([load for load, _ in told], [(one.value_ps or 0) / unit_ps for _, one in told], "o-",
              color=color, ms=3.5, lw=1.2, label=label)  # fmt: skip
    for load, one in told:
        if one.low_ps is not None and one.high_ps is not None:
            axes.plot([load, load], [max(one.low_ps, 1.0) / unit_ps, one.high_ps / unit_ps], color=color, lw=3,
                      alpha=0.35)  # fmt: skip


def _unit(largest_ps: float) -> tuple[float, str]:
    """Picoseconds per unit of the axis, and the unit's prefix."""
    power = thousands_power(max(largest_ps, 1.0) * 1e-12)
    return 10.0 ** (power + 12), prefix_of(power)
