"""The table of points: its columns, the version of its schema, and how older tables are brought up to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xbarsim.study.figures import FIGURES

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = 3
SCHEMA_KEY = b"xbarsim_schema"
DONE, FAILED = "done", "failed"
TIMES = ("finished_at", "seconds")  # all that differs between two runs of the same point


@dataclass(frozen=True)
class ColumnOf:
    """One column: its type ("text", "int", "float", "time", "settings": text -> text) and what stands in it."""

    name: str
    type: str
    means: str


COLUMNS = (
    ColumnOf("key", "text", "address of the point: a digest of all that decides its result"),
    ColumnOf("status", "text", "'done' or 'failed'"),
    ColumnOf("error", "text", "why it failed"),
    ColumnOf("chip", "text", "name of the chip"),
    ColumnOf("workload", "text", "name of the network"),
    ColumnOf("scenario", "text", "'infer', 'serve', 'lifetime' or 'train'"),
    ColumnOf("settings", "settings", "what was set, by key: settings['chip.tile.adc.bits']"),
    ColumnOf("seed", "int", "of everything random"),
    ColumnOf("chip_sha256", "text", "of the chip's files and settings"),
    ColumnOf("workload_sha256", "text", "of the network's operations, precision and router"),
    ColumnOf("code", "text", "version of xbarsim, and a digest of the code that makes the figures"),
    *(ColumnOf(figure.name, figure.type, figure.means) for figure in FIGURES),
    ColumnOf("finished_at", "time", "when, in UTC"),
    ColumnOf("seconds", "float", "how long it took"),
)  # fmt: skip
NAMES = tuple(column.name for column in COLUMNS)
Migration = Callable[["pa.Table"], "pa.Table"]

NEW_IN = {
    2: ("latency_p999_ns", "lifetime_years", "writes_per_cell", "upkeep_share", "lost_share"),  # of lives
    3: ("most_writes", "training_s", "training_j"),  # of training in place
}


def _to(version: int) -> Migration:
    """The step to a version that keeps further figures; points of before had none."""

    def step(table: pa.Table) -> pa.Table:
        import pyarrow as pa

        for name in NEW_IN[version]:
            table = table.append_column(name, pa.nulls(table.num_rows, pa.float64()))
        return table.replace_schema_metadata({SCHEMA_KEY: str(version).encode()})

    return step


# From the schema of a version to the next one. A new column needs an entry that adds it to the older tables.
MIGRATIONS: Mapping[int, Migration] = {version - 1: _to(version) for version in NEW_IN}


def arrow_schema(version: int = SCHEMA) -> pa.Schema:
    """The table's schema, which carries its own version."""
    import pyarrow as pa

    types: dict[str, Any] = {
        "text": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "time": pa.timestamp("us"),
        "settings": pa.map_(pa.string(), pa.string()),
    }
    fields = [pa.field(column.name, types[column.type]) for column in COLUMNS]
    return pa.schema(fields, metadata={SCHEMA_KEY: str(version).encode()})


def version_of(schema: pa.Schema) -> int | None:
    """None where it is no table of points."""
    text = (schema.metadata or {}).get(SCHEMA_KEY, b"")
    return int(text) if text.isdigit() else None


def migrated(table: pa.Table, migrations: Mapping[int, Migration], target: int = SCHEMA) -> pa.Table:
    """A table of an older schema as one of today's. Raises: KeyError if a step is missing."""
    version = version_of(table.schema) or 0
    for step in range(version, target):
        table = migrations[step](table)
    return table.select(list(NAMES)).cast(arrow_schema())
