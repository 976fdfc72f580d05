"""xbarsim query: SQL over the finished points of all studies."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xbarsim.cli.common import console
from xbarsim.cli.sweep import StoreOption

if TYPE_CHECKING:
    from xbarsim.study.query import Answer


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def register(app: typer.Typer) -> None:
    app.command("query")(query)


def query(
    sql: Annotated[
        str | None,
        typer.Argument(help="SQL over points and studies; without it, their columns", metavar="[SQL]"),
    ] = None,
    store: StoreOption = None,
    format_: Annotated[Format, typer.Option("--format", "-f", help="how rows are printed")] = Format.TABLE,
) -> None:
    """Ask the store of finished points with SQL: "SELECT chip, min(energy_pj) FROM points GROUP BY chip"."""
    from xbarsim.study.query import query as ask
    from xbarsim.study.store import Store
    from xbarsim.study.sweep import STORE

    if sql is None:
        _tell(_columns(), format_)
        return
    _tell(ask(_there(Store(store or STORE)), sql), format_)


def _there(store: Any) -> Any:
    """Raises: SpecError if there is no store."""
    from xbarsim.errors import Problem, SpecError

    if not any((store.folder / part).is_dir() for part in ("points", "studies")):
        fix = "run `xbarsim sweep STUDY` first, or give --store"
        raise SpecError([Problem(str(store.folder), 0, "", "no store here", "", fix)])
    return store


def _columns() -> Answer:
    from xbarsim.study.columns import COLUMNS
    from xbarsim.study.query import Answer

    return Answer(("column", "type", "meaning"), tuple((c.name, c.type, c.means) for c in COLUMNS))


def _tell(answer: Answer, format_: Format) -> None:
    if format_ is Format.JSON:
        import json

        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        print(json.dumps(rows, indent=1, default=str, ensure_ascii=False))
    elif format_ is Format.CSV:
        import csv
        import sys

        rows = ([_flat(value) for value in row] for row in answer.rows)
        csv.writer(sys.stdout, lineterminator="\n").writerows([answer.columns, *rows])
    else:
        _table(answer)


def _flat(value: Any) -> Any:
    """A map or a list as JSON, so that other programs can read it."""
    import json

    return json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict | list) else value


def _table(answer: Answer) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for at, name in enumerate(answer.columns):
        number = all(isinstance(row[at], int | float | None) for row in answer.rows)
        table.add_column(escape(name), justify="right" if number and answer.rows else "left")
    for row in answer.rows:
        table.add_row(*(escape(_text(value)) for value in row))
    console().print(table)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
