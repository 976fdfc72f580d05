"""A study as tables on a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from xbarsim.report.headline import Figure
from xbarsim.report.sensitivity_views import sensitivity_tables
from xbarsim.report.study_views import failed_table, front_table, point_table, study_figures
from xbarsim.report.tables import rich_table
from xbarsim.report.views import Table
from xbarsim.study.explored import Explored

_MOST_ROWS, _MOST_FAILED = 20, 5


def study_table(found: Explored, width: int) -> RenderableType:
    """Headline figures, the best points (all, where nothing is sought), and the first failures."""
    study = found.study
    parts: list[RenderableType] = [figure_table(study.name, study.description, study_figures(found))]
    points = front_table(found) if study.goals else point_table(found)
    for table, most in ((points, _MOST_ROWS), (failed_table(found), _MOST_FAILED)):
        if table.rows:
            parts += ["", rich_table(_first(table, most), width)]
    return Group(*parts, *(Text(f"Note: {note}") for note in found.notes))


def sensitivity_table(found: Explored, width: int) -> RenderableType:
    """How much each axis matters, and the first failures."""
    study, (points, *_) = found.study, study_figures(found)
    parts: list[RenderableType] = [figure_table(study.name, study.description, (points,))]
    for table in sensitivity_tables(found.sensitivity):
        parts += ["", rich_table(table, width)]
    failed = failed_table(found)
    if failed.rows:
        parts += ["", rich_table(_first(failed, _MOST_FAILED), width)]
    return Group(*parts, *(Text(f"Note: {note}") for note in found.notes))


def figure_table(title: str, detail: str, figures: tuple[Figure, ...]) -> RichTable:
    """Headline figures below a title."""
    told = f"[bold]{escape(title)}[/]" + (f" · {escape(detail)}" if detail else "")
    drawn = RichTable(
        title=told, title_justify="left", title_style="", box=box.SIMPLE_HEAD, show_header=False
    )
    drawn.add_column(no_wrap=True)
    drawn.add_column(justify="right", no_wrap=True, style="bold")
    drawn.add_column(style="dim")
    for figure in figures:
        drawn.add_row(escape(figure.label), escape(figure.value), escape(figure.detail))
    return drawn


def _first(table: Table, most: int) -> Table:
    if len(table.rows) <= most:
        return table
    return Table(table.title, table.columns, table.rows[:most], f"{most} of {len(table.rows):,}")
