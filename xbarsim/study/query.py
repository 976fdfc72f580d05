"""SQL over a store: the view `points` with the columns of columns.py, and `studies` (study, number, key)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from xbarsim.errors import DataError, XbarsimError
from xbarsim.study.columns import SCHEMA, arrow_schema, migrated
from xbarsim.study.store import MEMBERS, Store, _mapped


class QueryError(XbarsimError):
    """SQL that DuckDB does not take, in its words."""


@dataclass(frozen=True)
class Answer:
    """Rows as Python values, with the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def connect(store: Store) -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, with the store's tables as views; parts of older versions are brought up to date in memory.

    Raises: SpecError if the store was written by a newer xbarsim.
    """
    versions = store.versions()
    current = [part for part, version in versions.items() if version == SCHEMA]
    older = [migrated(pq.read_table(part), store.migrations) for part in versions if part not in current]
    waiting = pa.Table.from_pylist([_mapped(row) for row in store.open_rows()], arrow_schema())
    base = duckdb.connect()
    _view(base, "points", current, pa.concat_tables([*older, waiting]))
    _view(base, "studies", store.studies(), MEMBERS.empty_table())
    return base


def query(store: Store, sql: str) -> Answer:
    """The rows of a store that SQL asks for. Raises: QueryError with DuckDB's own words; SpecError as `connect`."""
    try:
        with connect(store) as base:
            found = _asked(base, sql)
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
            return _asked(base, sql).df()
    except duckdb.Error as error:
        raise QueryError(str(error)) from None


def _asked(base: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    found: duckdb.DuckDBPyConnection | None = base.execute(sql)
    if found is None:
        raise QueryError(
            'nothing was asked; write it like "SELECT chip, min(energy_pj) FROM points GROUP BY chip"'
        )
    return found


def _view(base: duckdb.DuckDBPyConnection, name: str, files: list[Path], more: pa.Table) -> None:
    """The files' rows, and some that are in no file yet, or in an older one."""
    sources = (
        [f"SELECT * FROM read_parquet([{', '.join(_quoted(str(file)) for file in files)}])"] if files else []
    )
    if len(more) or not files:
        base.register(f"{name}_open", more)
        sources.append(f"SELECT * FROM {name}_open")
    base.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(sources)}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
