"""A comparison as one self-contained HTML page, and as tables on a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from xbarsim.report.compare_accuracy import accuracy_table, accuracy_words, no_accuracy_words
from xbarsim.report.compare_accuracy_figure import accuracy_figure
from xbarsim.report.compare_figures import bar_figure, energy_split_figure, radar_figure
from xbarsim.report.compare_sensitivity import fitted_table, fitted_words, price_table, variation_table
from xbarsim.report.compare_tornado import sensitivity_figure
from xbarsim.report.compare_views import (
    comparison_figures,
    comparison_table,
    difference_words,
    energy_gap_table,
    failed_comparisons,
    station_gap_table,
)
from xbarsim.report.page import rendered
from xbarsim.report.sections import Mark, Section
from xbarsim.report.tables import rich_table
from xbarsim.study.compare import Comparison

_ENERGY_LEAD = (
    "Which components spend more, which less; the gaps add up to the whole difference. What a chip's source counts "
    "within another part (a price that is 'included') is told there."
)
_ACCURACY_LEAD = (
    "Each network with the words and input bits of a digital chip, or in the cells of an analog one; on the test set "
    "that its workload names."
)
_BARS_LEAD = "Bars are shares of the largest of their network; ↓: less is better, ↑: more is better."
_PACE_LEAD = "What the busiest station of each kind serves for an inference: none can follow another sooner."
_FIT_LEAD = (
    "Prices that were fitted are told apart from what is predicted; a ratio that was fitted to is no finding."
)
_MOVES_LEAD = (
    "What the ratio of energies hangs on. Prices: exact, as energy is a sum of counts times prices. Other keys: run "
    "again with each value, one at a time (--vary)."
)
_MOST_EXPLAINED = 4  # on a terminal; the page has them all


def render_comparison(found: Comparison, title: str = "", notes: tuple[str, ...] = ()) -> str:
    """The page as text; every text of the results is escaped.

    title: the chips if none is given. notes: what a reader should know first.
    """
    heading = (title,) if title else found.chips
    kind = f"comparison · {found.scenario} · {', '.join(found.workloads)}"
    figures, parts = comparison_figures(found), _sections(found, notes)
    return rendered(" · ".join(heading), kind, heading, _marks(found), figures, parts)


def _sections(found: Comparison, notes: tuple[str, ...]) -> tuple[Section, ...]:
    words = [word for told in found.differences for word in difference_words(found, told)]
    gaps = tuple(energy_gap_table(told) for told in found.differences)
    paces = tuple(station_gap_table(told) for told in found.differences)
    return (
        Section("chips", "Side by side", _BARS_LEAD, bar_figure(found),
                (comparison_table(found),), notes),
        Section("accuracy", "Precision, memory and accuracy", _ACCURACY_LEAD, accuracy_figure(found),
                (accuracy_table(found),), accuracy_words(found)),
        Section("radar", "All figures at once", "Shares of the best, on a logarithmic scale: outside is better.",
                radar_figure(found)),
        Section("differences", "What makes the difference", words=tuple(words)),
        Section("energy", "Energy by component", _ENERGY_LEAD, energy_split_figure(found), gaps),
        Section("pace", "What sets the pace", _PACE_LEAD, tables=paces),
        Section("fitted", "Fitted and predicted", _FIT_LEAD, words=fitted_words(found),
                tables=(fitted_table(found),)),
        Section("sensitivity", "Sensitivity", _MOVES_LEAD, sensitivity_figure(found),
                (variation_table(found), *map(price_table, found.differences))),
        Section("failed", "Not run", tables=(failed_comparisons(found),)),
    )  # fmt: skip


def _marks(found: Comparison) -> tuple[Mark, ...]:
    marks = []
    laws = [law for entry in found.done if entry.result is not None for law in entry.result.laws]
    broken = sum(not law.holds for law in laws)
    marks.append(
        Mark("bad", "chips", f"{broken} laws BROKEN")
        if broken
        else Mark("good", "chips", f"{len(laws)} laws hold")
    )
    if found.failed:
        marks.append(Mark("bad", "failed", f"{len(found.failed)} not run"))
    bounds = sum(1 for entry in found.done if entry.figures["unknown_energies"])
    if bounds:
        marks.append(Mark("warn", "chips", f"energy of {bounds} is a lower bound: unknown prices"))
    return tuple(marks)


def comparison_rich(found: Comparison, width: int) -> RenderableType:
    """Side by side, then the differences in words, then in numbers."""
    parts: list[RenderableType] = [rich_table(comparison_table(found), width)]
    words = [word for told in found.differences for word in difference_words(found, told)]
    words += [*fitted_words(found), *no_accuracy_words(found)]
    if accuracy_table(found).rows:
        parts += ["", rich_table(accuracy_table(found), width)]
    parts += ["", *(Text(f"• {word}") for word in words)] if words else []
    for told in found.differences[:_MOST_EXPLAINED]:
        parts += [
            "",
            rich_table(energy_gap_table(told), width),
            "",
            rich_table(station_gap_table(told), width),
        ]
        parts += ["", rich_table(price_table(told), width)]
    parts += ["", rich_table(fitted_table(found), width)]
    if found.variations:
        parts += ["", rich_table(variation_table(found), width)]
    if found.failed:
        parts += ["", rich_table(failed_comparisons(found), width)]
    return Group(*parts)
