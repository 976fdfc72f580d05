"""A comparison as one self-contained HTML page, and as tables on a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from xbarsim.report.compare_figures import bar_figure, energy_split_figure, radar_figure
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
_BARS_LEAD = "Bars are shares of the largest of their network; ↓: less is better, ↑: more is better."
_PACE_LEAD = "What the busiest station of each kind serves for an inference: none can follow another sooner."
_MOST_EXPLAINED = 4  # on a terminal; the page has them all


def render_comparison(found: Comparison) -> str:
    """The page as text; every text of the results is escaped."""
    title = " · ".join(found.chips)
    kind = f"comparison · {found.scenario} · {', '.join(found.workloads)}"
    return rendered(title, kind, found.chips, _marks(found), comparison_figures(found), _sections(found))


def _sections(found: Comparison) -> tuple[Section, ...]:
    words = [word for told in found.differences for word in difference_words(found, told)]
    gaps = tuple(energy_gap_table(told) for told in found.differences)
    paces = tuple(station_gap_table(told) for told in found.differences)
    return (
        Section("chips", "Side by side", _BARS_LEAD, bar_figure(found),
                (comparison_table(found),)),
        Section("radar", "All figures at once", "Shares of the best, on a logarithmic scale: outside is better.",
                radar_figure(found)),
        Section("differences", "What makes the difference", words=tuple(words)),
        Section("energy", "Energy by component", _ENERGY_LEAD, energy_split_figure(found), gaps),
        Section("pace", "What sets the pace", _PACE_LEAD, tables=paces),
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
    parts += ["", *(Text(f"• {word}") for word in words)] if words else []
    for told in found.differences[:_MOST_EXPLAINED]:
        parts += [
            "",
            rich_table(energy_gap_table(told), width),
            "",
            rich_table(station_gap_table(told), width),
        ]
    if found.failed:
        parts += ["", rich_table(failed_comparisons(found), width)]
    return Group(*parts)
