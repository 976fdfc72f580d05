"""What time multiplexing did to a run: figures and tables."""

from __future__ import annotations

from xbarsim.report.quantities import (
    UNKNOWN,
    format_count,
    format_pj,
    format_ps,
    format_quantity,
    format_share,
)
from xbarsim.report.views import Cell, Column, Table, count_cell, share_cell, time_cell
from xbarsim.scenario.multiplex_rows import Multiplex, PhaseRow

_YEAR_S = 365.25 * 24 * 3600
_MATRICES_SHOWN = 4


def rewriting_words(told: Multiplex) -> tuple[str, str]:
    """Share of the time spent waiting for cells, and what was written."""
    energy = f"{format_pj(told.energy_pj)} in all" if told.energy_known else "energy unknown"
    work = f"{format_count(told.cells_per_pass)} cells in each of {format_count(told.passes)} passes"
    share = format_share(told.waiting_share) if told.time_known else UNKNOWN
    when = "of the time nothing is computed" if told.time_known else "time unknown, counts as nothing"
    return share, f"{when}; {work} (batch {format_count(told.batch)}), {energy}"


def lifetime_words(told: Multiplex) -> tuple[str, str]:
    """How long the array that is written most lasts at this pace."""
    pace = f"the busiest array is written {format_count(told.writes_per_pass)} times a pass"
    if told.lifetime_s is None:
        missing = "endurance" if told.endurance is None else "time of a write"
        return UNKNOWN, f"{pace}; {missing} unknown"
    if told.lifetime_s == float("inf"):
        return "unlimited", f"{pace}; endurance ideal"
    years = told.lifetime_s / _YEAR_S
    value = f"{years:.3g} years" if years >= 1 else format_quantity(told.lifetime_s, "s")
    return value, f"{pace}; a cell survives {told.endurance:.3g} writes"


def phase_table(told: Multiplex) -> Table:
    """The schedule: what each phase does, what is written for it."""
    columns = (
        Column("phase", True),
        Column("layers"),
        Column("stay", True),
        Column("take turns", True),
        Column("written", True),
        Column("cells written", True, wide=True),
        Column("parked", True, wide=True),
        Column("waited", True),
        Column("at work", True),
    )
    rows = tuple(_phase_cells(number, row, told.time_known) for number, row in enumerate(told.phases))
    stay = told.arrays - told.turning
    note = (
        f"{format_count(told.blocks)} array blocks on {format_count(told.arrays)} arrays: up to {format_count(stay)} "
        f"blocks stay, the others take turns in {format_count(told.turning)}; times of the last batch"
    )
    return Table("Phases", columns, rows, note)


def _phase_cells(number: int, row: PhaseRow, time_known: bool) -> tuple[Cell, ...]:
    more = len(row.matrices) - _MATRICES_SHOWN
    names = ", ".join(row.matrices[:_MATRICES_SHOWN]) + (f", {more} more" if more > 0 else "")
    return (
        count_cell(number),
        Cell(names),
        count_cell(row.staying),
        count_cell(row.turning),
        count_cell(row.blocks_written),
        count_cell(row.cells_written),
        Cell(format_quantity(row.parked_bits, "bit"), sort=row.parked_bits),
        time_cell(row.waited_ps) if time_known else Cell(UNKNOWN, -1, tone="bad"),
        time_cell(row.duration_ps),
    )


def matrix_table(told: Multiplex) -> Table:
    """Who stays, who is written again."""
    columns = (
        Column("matrix"),
        Column("array blocks", True),
        Column("stay", True),
        Column("stay, share", True),
        Column("written in a pass", True),
    )
    rows = tuple(
        (
            Cell(row.matrix),
            count_cell(row.blocks),
            count_cell(row.staying),
            share_cell(row.staying / row.blocks),
            count_cell(row.blocks_written),
        )
        for row in told.matrices
    )
    counts = ", ".join(f"{format_count(arrays)} arrays {writes}" for writes, arrays in told.arrays_by_writes)
    return Table("Matrices", columns, rows, f"times that arrays are written in a pass: {counts}")


def time_summary(told: Multiplex) -> str:
    """One line: where the time of the run went."""
    written = format_ps(told.writing_ps) if told.time_known else UNKNOWN
    parked = f", results parked in {told.parked_in}" if told.parked_in else ""
    return f"{format_ps(told.computing_ps)} at work, cells being written {written}{parked}"
