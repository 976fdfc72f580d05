"""The figure of a comparison's sensitivity: how far single numbers move the ratio of energies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xbarsim.report.compare_sensitivity import DEARER, figure_ratio, price_effects
from xbarsim.report.figures_style import (
    ANALOG,
    DIGITAL,
    QUIET,
    STATIC,
    name_rows,
    new_figure,
    rows_height,
    styled,
    to_svg,
)
from xbarsim.study.compare import Comparison, Difference
from xbarsim.study.vary import WITHOUT_FIT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN, _LONGEST = 9.0, 44
_SEEN = 0.002  # a ratio that moves by less is no bar


@dataclass(frozen=True)
class _Bar:
    """Ratios that one number takes the comparison to, each with what it was set to."""

    name: str
    ratios: tuple[tuple[str, float], ...]
    color: str


def sensitivity_figure(found: Comparison) -> str:
    """Of the first two chips with the first network; "" where there are none."""
    if not found.differences:
        return ""
    told = found.differences[0]
    bars = [*_priced(told), *_varied(found, told)]
    rows = list(dict.fromkeys(bar.name for bar in bars))
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(2 * len(rows), 1.6))
        axes = figure.subplots()
        for bar in bars:
            _draw(axes, bar, rows.index(bar.name))
        axes.axvline(told.energy_ratio() or 0.0, color=QUIET, lw=0.8)
        for color, name in ((ANALOG, told.reference), (STATIC, told.other)):
            axes.plot([], [], color=color, lw=7, alpha=0.5, label=f"prices of {name} ±{DEARER:.0%}")
        name_rows(axes, rows, longest=_LONGEST)
        axes.set_xlabel(f"energy of {told.other} over that of {told.reference}, {told.workload}")
        axes.xaxis.set_label_position("top")
        axes.xaxis.tick_top()
        axes.grid(axis="x")
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, 0.0), ncols=2)
        return to_svg(figure, "sensitivity", "How far single numbers move the ratio of energies")


def _draw(axes: Axes, bar: _Bar, row: int) -> None:
    ratios = [ratio for _, ratio in bar.ratios]
    place = row + {ANALOG: -0.16, STATIC: 0.16}.get(bar.color, 0.0)
    axes.plot(
        [min(ratios), max(ratios)], [place] * 2, color=bar.color, lw=5, alpha=0.5, solid_capstyle="butt"
    )
    axes.plot(ratios, [place] * len(ratios), "|", color=bar.color, ms=8)
    for text, ratio in bar.ratios:
        axes.annotate(
            text, (ratio, place), (0, -11), textcoords="offset points", ha="center", fontsize=6, color=QUIET
        )


def _priced(told: Difference) -> Iterator[_Bar]:
    """Cheaper and dearer parts of either chip."""
    for gap in told.energy:
        low, high = price_effects(told, gap.family, -DEARER), price_effects(told, gap.family)
        for at, color in enumerate((ANALOG, STATIC)):
            ratios = [ratio for ratio in (low[at], high[at]) if ratio is not None]
            if ratios and max(ratios) - min(ratios) > _SEEN:
                yield _Bar(gap.family, tuple(("", ratio) for ratio in ratios), color)


def _varied(found: Comparison, told: Difference) -> Iterator[_Bar]:
    """Keys that were set otherwise, and what they were set to."""
    ratios: dict[str, list[tuple[str, float]]] = {}
    for variation in found.variations:
        entries = {entry.chip: entry for entry in variation.entries if entry.workload == told.workload}
        ratio = figure_ratio(entries[told.reference], entries[told.other], "energy_pj")
        if ratio is not None:
            value = "" if variation.label == WITHOUT_FIT else variation.value
            ratios.setdefault(variation.label, []).append((value, ratio))
    yield from (_Bar(name, tuple(values), DIGITAL) for name, values in ratios.items())
