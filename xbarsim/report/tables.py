"""A result of any kind as tables on a terminal."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table as RichTable
from rich.text import Text

from xbarsim.report.kinds import figures_of, notes_of, tables_of
from xbarsim.report.origins import calibrated_words
from xbarsim.report.views import Cell, Measured, Table

_BAR_CELLS = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_ROOMY_WIDTH = 130
_TONES = {"good": "green", "bad": "bold red", "warn": "yellow", "quiet": "dim", "static": "yellow"}


def result_table(result: Measured, width: int) -> RenderableType:
    """The whole result as one renderable; columns of lesser interest only from a width of 130 on."""
    parts: list[RenderableType] = [headline_table(result)]
    for table in tables_of(result):
        parts += ["", rich_table(table, width)]
    return Group(*parts, "", *_remarks(result))


def to_text(result: Measured, width: int = 100) -> str:
    """The same tables as plain text, for files and documents."""
    console = Console(
        file=io.StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False
    )
    console.print(result_table(result, width))
    printed = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in printed) + "\n"


def headline_table(result: Measured) -> RichTable:
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
    for figure in figures_of(result):
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


def _remarks(result: Measured) -> list[Text]:
    """What limits the figures: fitted numbers, unknown numbers, notes."""
    lines = [calibrated_words(result)] if result.calibrated else []
    if result.unknowns:
        lines.append(f"Unknown numbers ({len(result.unknowns)}): {', '.join(result.unknowns)}.")
    timeline = getattr(result, "timeline", None)
    if timeline is not None and timeline.truncated:
        lines.append("The timeline is cut: more happened than was asked to be kept.")
    return [Text(line) for line in (*lines, *(f"Note: {note}" for note in notes_of(result)))]
