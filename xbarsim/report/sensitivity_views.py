"""How much each axis of a study matters, as tables drawn alike as text and on the page."""

from __future__ import annotations

from xbarsim.report.quantities import UNKNOWN, format_share
from xbarsim.report.sections import Section
from xbarsim.report.study_views import format_figure, words_of
from xbarsim.report.views import Cell, Column, Table
from xbarsim.study.sensitivity import Indices, Sensitivity, Swing, Tornado


def sensitivity_tables(found: Sensitivity | None) -> tuple[Table, ...]:
    """One for each figure and kind; none where nothing is known."""
    if found is None:
        return ()
    return (
        *(tornado_table(one) for one in found.tornadoes),
        *(indices_table(one) for one in found.indices),
    )


def sensitivity_section(found: Sensitivity | None) -> Section:
    lead = (
        "One axis moved at a time, all others held; and shares of the variance (Sobol indices): by the axis alone, and "
        "with all that it does together with others."
    )
    from xbarsim.report.sensitivity_figures import sensitivity_figure  # draws: only where a page is wanted

    return Section("sensitivity", "Sensitivity", lead, sensitivity_figure(found), sensitivity_tables(found))


def tornado_table(told: Tornado) -> Table:
    """Largest swing first; the swing as a share of the figure at the base."""
    columns = (
        Column("axis"), Column("least", True), Column("at"), Column("most", True), Column("at "), Column("swing", True),
    )  # fmt: skip
    rows = tuple(_swing(told, swing) for swing in told.swings)
    base = ", ".join(f"{name} {label}" for name, label in told.base.items())
    note = f"around {base}: {format_figure(told.figure, told.base_value)}"
    return Table(f"{words_of(told.figure).capitalize()}, one axis at a time", columns, rows, note)


def _swing(told: Tornado, swing: Swing) -> tuple[Cell, ...]:
    ends = (min(swing.known), max(swing.known)) if swing.known else ((None, ""), (None, ""))
    if not swing.size:  # nowhere in particular
        ends = (ends[0][0], ""), (ends[1][0], "")
    cells = [cell for value, label in ends for cell in (Cell(format_figure(told.figure, value)), Cell(label))]
    share = swing.size / abs(told.base_value) if told.base_value else None
    size = Cell(UNKNOWN) if share is None else Cell(format_share(share), share)
    failed = len(swing.values) - len(swing.known)
    name = f"{swing.axis} ({failed} failed)" if failed else swing.axis
    return (Cell(name), *cells, size)


def indices_table(told: Indices) -> Table:
    """Shares of the variance, with the range in which each lies with a chance of 95 %."""
    columns = (Column("axis"), Column("by itself", True), Column("95 %", True), Column("in all", True),
               Column("95 % ", True))  # fmt: skip
    rows = tuple(
        (
            Cell(index.axis),
            Cell(f"{index.first:.2f}", index.first),
            Cell(_range(index.first_range)),
            Cell(f"{index.total:.2f}", index.total),
            Cell(_range(index.total_range)),
        )
        for index in told.axes
    )
    note = f"from {told.samples:,} samples" if told.samples else "from the whole grid, exact"
    if told.left_out:
        note += f"; {told.left_out:,} left out, for points of some failed"
    if not rows:
        note = "unknown: hardly a sample is without a failed point"
    return Table(f"{words_of(told.figure).capitalize()}, shares of the variance", columns, rows, note)


def _range(told: tuple[float, float] | None) -> str:
    return "exact" if told is None else f"{told[0]:.2f} … {told[1]:.2f}"
