"""SQL over a store: the view `points` with the columns of columns.py, and `studies` (study, number, key)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from xbarsim.errors import DataError, XbarsimError
from xbarsim.study.columns import arrow_schema
from xbarsim.study.store import MEMBERS, Store, _mapped


class QueryError(XbarsimError):
    """SQL that DuckDB does not take, in its words."""


@dataclass(frozen=True)
class Answer:
    """Rows as Python values, with the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def connect(store: Store) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, with the store's tables as views.

    Raises: SpecError if the store is of another version.
    """
    store.demand_current()
    base = duckdb.connect()
    _view(base, "points", store.parts(), arrow_schema(), [_mapped(row) for row in store.open_rows()])
    _view(base, "studies", store.studies(), MEMBERS, [])
    return base


def query(store: Store, sql: str) -> Answer:
    """Raises: QueryError with DuckDB's own words."""
    try:
        with connect(store) as base:
            found = base.execute(sql)
            columns = tuple(column[0] for column in found.description or ())
            return Answer(columns, tuple(found.fetchall()) if columns else ())
    except duckdb.Error as error:
        raise QueryError(str(error)) from None


def frame(store: Store, sql: str = "SELECT * FROM points") -> Any:
    """The answer as a pandas DataFrame. Raises: DataError if pandas is not installed; QueryError."""
    try:
        import_module("pandas")  # DuckDB needs it
    except ImportError:
        raise DataError("pandas is not installed; pip install 'xbarsim[pandas]'") from None
    try:
        with connect(store) as base:
            return base.execute(sql).df()
    except duckdb.Error as error:
        raise QueryError(str(error)) from None


def _view(
    base: duckdb.DuckDBPyConnection,
    name: str,
    files: list[Path],
    schema: pa.Schema,
    rows: list[dict[str, Any]],
) -> None:
    """The files' rows, and some that are in no file yet."""
    sources = (
        [f"SELECT * FROM read_parquet([{', '.join(_quoted(str(file)) for file in files)}])"] if files else []
    )
    if rows or not files:
        base.register(f"{name}_open", pa.Table.from_pylist(rows, schema))
        sources.append(f"SELECT * FROM {name}_open")
    base.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(sources)}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
