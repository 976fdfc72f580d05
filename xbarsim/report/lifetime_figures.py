"""Figures of a LifetimeResult as SVG text: accuracy by age, latency and energy by policy, wear."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xbarsim.report.figures_style import QUIET, SERIES, name_rows, new_figure, rows_height, styled, to_svg
from xbarsim.report.lifetime_views import age_text
from xbarsim.report.quantities import format_quantity
from xbarsim.scenario.lifetime_result import TAIL, AgeRow, LifetimeResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN = 9.0
_PURPOSES: tuple[tuple[str, Callable[[AgeRow], float]], ...] = (
    ("static", lambda row: row.static_pj),
    ("inference", lambda row: row.inference_pj),
    ("correcting", lambda row: row.correcting_pj),
    ("probing", lambda row: row.probing_pj),
)
_YEAR_S = 31_557_600.0


def accuracy_figure(result: LifetimeResult) -> str:
    """Mean accuracy by age, with a band over the standard deviation of the networks."""
    if result.accuracy_float is None:
        return ""
    with styled():
        figure = new_figure(_WIDTH_IN, 3.2)
        axes = figure.subplots()
        for life, color in zip(result.policies, _colours(result), strict=True):
            ages_s = [row.age_s for row in life.ages]
            means = [100 * (row.accuracy or 0.0) for row in life.ages]
            spreads = [100 * (row.spread or 0.0) for row in life.ages]
            low, high = ([m + sign * s for m, s in zip(means, spreads, strict=True)] for sign in (-1, 1))
            axes.fill_between(ages_s, low, high, color=color, alpha=0.13, lw=0)
            axes.plot(ages_s, means, "o-", color=color, ms=3.5, lw=1.3, label=life.policy)
        axes.axhline(100 * result.accuracy_float, color=QUIET, lw=0.8, ls="--", label="on a computer")
        axes.set_xscale("log")
        ages_s = [row.age_s for row in result.policies[0].ages]
        axes.set_xticks(ages_s, [age_text(age_s) for age_s in ages_s])
        axes.minorticks_off()
        axes.set_ylim(top=min(101, 100 * result.accuracy_float + 3))
        axes.set_ylabel("accuracy (%)")
        axes.set_xlabel("age")
        axes.grid()
        figure.legend(loc="outside upper left", ncols=2)
        return to_svg(figure, "accuracy", "Accuracy by age, with the spread over networks")


def latency_figure(result: LifetimeResult) -> str:
    """Quantiles of all requests, by policy."""
    marks = ("o", "s", "D", "^")
    if not any(value for life in result.policies for value in life.tail.quantiles_ps):
        return ""
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(2 * len(result.policies)))
        axes = figure.subplots()
        for place, (life, color) in enumerate(zip(result.policies, _colours(result), strict=True)):
            told = [(value, mark) for value, mark in zip(life.tail.quantiles_ps, marks, strict=True) if value]
            if told:
                axes.plot(
                    [value * 1e-12 for value, _ in told], [place] * len(told), color=color, lw=1, alpha=0.5
                )
            for value, mark in told:
                axes.plot([value * 1e-12], [place], mark, color=color, ms=5)
        for name, mark in zip(TAIL, marks, strict=True):
            axes.plot([], [], mark, color=QUIET, ms=5, label=name)
        name_rows(axes, [life.policy for life in result.policies], longest=60)
        _log_axis(axes, "latency", "s")
        figure.legend(loc="outside upper left", ncols=len(TAIL))
        return to_svg(figure, "tail", "Quantiles of the latency of all requests, by policy")


def energy_figure(result: LifetimeResult) -> str:
    """Energy of a year by what it was for: a bar each, on a logarithmic axis."""
    years = result.horizon_s / _YEAR_S
    names, joules, colours = [], [], []
    for life, color in zip(result.policies, _colours(result), strict=True):
        for purpose, of in _PURPOSES:
            spent_j = sum(of(row) for row in life.ages) * 1e-12 / years
            if spent_j:
                names.append(f"{purpose} · {life.policy}")
                joules.append(spent_j)
                colours.append(color)
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(names)))
        axes = figure.subplots()
        axes.barh(range(len(names)), joules, color=colours, height=0.6)
        for place, spent_j in enumerate(joules):
            axes.text(spent_j, place, f" {format_quantity(spent_j, 'J')}", va="center", color=QUIET)
        name_rows(axes, names, longest=60)
        axes.margins(x=0.15)
        _log_axis(axes, "energy of a year", "J")
        return to_svg(figure, "spent", "Energy of a year by purpose and policy")


def wear_figure(result: LifetimeResult) -> str:
    """Cells by the share of their endurance that is used up."""
    worn = [
        (life, color)
        for life, color in zip(result.policies, _colours(result), strict=True)
        if life.wear is not None and life.wear.histogram
    ]
    if not worn:
        return ""
    with styled():
        figure = new_figure(_WIDTH_IN, 1.1 + 1.0 * len(worn))
        panels = figure.subplots(len(worn), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (life, color) in zip(panels, worn, strict=True):
            assert life.wear is not None
            rows = life.wear.histogram
            places = [100 * row.low for row in rows]
            width = 100 * (rows[0].high - rows[0].low)
            axes.bar(places, [row.cells for row in rows], width=0.92 * width, align="edge", color=color)
            axes.set_title(life.policy, loc="left")
            axes.grid(axis="y")
        panels[-1].set_xlabel("writes, in parts of the endurance of the cell (%); 100: worn out")
        figure.supylabel("cells", color=QUIET, fontsize=8)
        return to_svg(figure, "wear", "Cells by the share of their endurance that is used up, by policy")


def _colours(result: LifetimeResult) -> list[str]:
    return [SERIES[number % len(SERIES)] for number in range(len(result.policies))]


def _log_axis(axes: Axes, what: str, unit: str) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, place=None: format_quantity(value, unit, 1))
    axes.set_xlabel(what)
    axes.grid(axis="x")
