"""Who sits where on the chip: a table and a picture, before anything runs."""

from __future__ import annotations

from pathlib import Path

from xbarsim.files import write_whole
from xbarsim.report.figures_tiles import TILES_LABEL, layout_figure
from xbarsim.report.quantities import format_count
from xbarsim.report.views import Cell, Column, Table, share_cell
from xbarsim.scenario.result import Layout, LayoutRow

_MOST_TILES_NAMED = 3


def layout_table(layout: Layout) -> Table:
    """One row for each matrix: its cut, its copies, its arrays and tiles."""
    columns = (
        Column("matrix"),
        Column("rows × columns", True),
        Column("blocks", True),
        Column("copies", True),
        Column("arrays", True),
        Column("cells used", True),
        Column("tiles"),
    )
    arrays = sum(row.arrays for row in layout.tiles)
    used = sum(row.arrays_used for row in layout.tiles)
    busy = sum(1 for row in layout.tiles if row.arrays_used)
    note = (
        f"{format_count(used)} of {format_count(arrays)} arrays on {format_count(busy)} of "
        f"{format_count(len(layout.tiles))} tiles"
    )
    return Table(
        f"{layout.workload} on {layout.chip}", columns, tuple(_cells(row) for row in layout.matrices), note
    )


def _cells(row: LayoutRow) -> tuple[Cell, ...]:
    groups = f" × {row.groups} groups" if row.groups > 1 else ""
    named = ", ".join(row.tiles[:_MOST_TILES_NAMED])
    more = f" … {row.tiles[-1]} ({len(row.tiles)})" if len(row.tiles) > _MOST_TILES_NAMED else ""
    return (
        Cell(row.matrix),
        Cell(f"{row.rows} × {row.columns}{groups}", sort=row.rows * row.columns * row.groups),
        Cell(f"{row.row_blocks} × {row.column_blocks}", sort=row.row_blocks * row.column_blocks),
        Cell(format_count(row.copies), sort=row.copies),
        Cell(format_count(row.arrays), sort=row.arrays),
        share_cell(row.utilisation_of_cells),
        Cell(named + more),
    )


def write_layout(layout: Layout, path: Path) -> None:
    """The picture as SVG."""
    write_whole(path, layout_figure(layout))


def is_layout(head: str) -> bool:
    """Whether a file that begins like this is such a picture."""
    return head.startswith("<svg") and TILES_LABEL in head
