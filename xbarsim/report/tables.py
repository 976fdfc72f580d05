"""A Result as tables on a terminal."""

from __future__ import annotations

import io
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from xbarsim.report.headline import headline
from xbarsim.report.multiplexed import phase_table
from xbarsim.report.origins import calibrated_words, published_table
from xbarsim.report.serve_views import headline as serve_headline
from xbarsim.report.serve_views import serve_notes, serve_tables
from xbarsim.report.views import (
    Cell,
    Table,
    action_table,
    component_table,
    law_table,
    layer_table,
    station_table,
)
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult

_BAR_CELLS = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_ROOMY_WIDTH = 130
_BUSIEST_STATIONS = 12
_TONES = {"good": "green", "bad": "bold red", "warn": "yellow", "quiet": "dim", "static": "yellow"}


def result_table(result: Result | ServeResult, width: int) -> RenderableType:
    """The whole result as one renderable; columns of lesser interest only from a width of 130 on."""
    tables = _serve_tables(result) if isinstance(result, ServeResult) else _tables(result)
    parts: list[RenderableType] = [headline_table(result)]
    for table in tables:
        parts += ["", rich_table(table, width)]
    return Group(*parts, "", *_remarks(result))


def _tables(result: Result) -> list[Table]:
    tables = [component_table(result), action_table(result), layer_table(result)]
    tables += [phase_table(result.multiplex)] if result.multiplex is not None else []
    tables += [station_table(result, _BUSIEST_STATIONS)]
    tables += [published_table(result)] if result.reported else []
    return [*tables, law_table(result)]


def _serve_tables(result: ServeResult) -> list[Table]:
    """What views make of any result, behind what is of a run under load."""
    like: Any = result
    further = [component_table(like), station_table(like, _BUSIEST_STATIONS), law_table(like)]
    return [*serve_tables(result), *further]


def to_text(result: Result | ServeResult, width: int = 100) -> str:
    """The same tables as plain text, for files and documents."""
    console = Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False
    )
    console.print(result_table(result, width))
    printed = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in printed) + "\n"


def headline_table(result: Result | ServeResult) -> RichTable:
    """What a reader asks first: figure, value, and what to know about it."""
    title = (
        f"[bold]{escape(result.workload)}[/] on [bold]{escape(result.chip)}[/] · {escape(result.scenario)}"
    )
    drawn = RichTable(
        title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD, show_header=False
    )
    drawn.add_column(no_wrap=True)
    drawn.add_column(justify="right", no_wrap=True, style="bold")
    drawn.add_column(style="dim")
    figures = serve_headline(result) if isinstance(result, ServeResult) else headline(result)
    for figure in figures:
        drawn.add_row(escape(figure.label), escape(figure.value), escape(figure.detail))
    return drawn


def rich_table(table: Table, width: int) -> RichTable:
    """Any table of the views, with its shares as bars."""
    shown = [index for index, column in enumerate(table.columns) if width >= _ROOMY_WIDTH or not column.wide]
    title = f"[bold]{escape(table.title)}[/]" + (f" · {escape(table.note)}" if table.note else "")
    drawn = RichTable(
        title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for index in shown:
        number = table.columns[index].number
        drawn.add_column(
            escape(table.columns[index].title), justify="right" if number else "left", no_wrap=number
        )
    for row in table.rows:
        drawn.add_row(*(_drawn_cell(row[index]) for index in shown))
    return drawn


def _drawn_cell(cell: Cell) -> Text:
    text = Text(cell.text, style=_TONES.get(cell.tone, ""))
    if cell.share is None:
        return text
    return Text.assemble((share_bar(cell.share), "cyan"), " ", text.plain.rjust(7))


def share_bar(share: float) -> str:
    """Eight character cells, filled to an eighth of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * _BAR_CELLS * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[rest] if rest else "")).ljust(_BAR_CELLS)


def _remarks(result: Result | ServeResult) -> list[Text]:
    """What limits the figures: fitted numbers, unknown numbers, notes."""
    like: Any = result
    lines = [calibrated_words(like)] if result.calibrated else []
    if result.unknowns:
        lines.append(f"Unknown numbers ({len(result.unknowns)}): {', '.join(result.unknowns)}.")
    timeline = getattr(result, "timeline", None)
    if timeline is not None and timeline.truncated:
        lines.append("The timeline is cut: more happened than was asked to be kept.")
    notes = serve_notes(result) if isinstance(result, ServeResult) else result.notes
    return [Text(line) for line in (*lines, *(f"Note: {note}" for note in notes))]
