"""Where the numbers come from, as tables: sources, published figures, fitted parameters, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xbarsim.report.views import Cell, Column, Measured, Table
from xbarsim.scenario.result import Result

NOT_SIMULATED = "not simulated here"
_SHOWN_APART = ("figure", "value", "source", "simulated")
_STATUS_TONES = {"unknown": "bad", "calibrated": "warn", "ideal": "warn"}


def source_table(result: Measured) -> Table:
    """Every number of the chip: value, status, who says so, and where it is written down."""
    columns = (Column("key"), Column("value"), Column("status"), Column("source"), Column("where"))
    rows = tuple(
        (
            Cell(row.key),
            Cell(row.value),
            Cell(row.status, tone=_STATUS_TONES.get(row.status, "")),
            Cell(row.source),
            Cell(row.where, tone="quiet"),
        )
        for row in result.sources
    )
    return Table("Sources", columns, rows, f"{len(rows)} numbers")


def published_table(result: Result) -> Table:
    """The chip's published figures as its description gives them; nothing is matched by guessing."""
    columns = (
        Column("figure"),
        Column("conditions"),
        Column("published"),
        Column("simulated"),
        Column("source"),
    )
    rows = []
    for row in result.reported:
        conditions = ", ".join(f"{key} {as_text(row[key])}" for key in row if key not in _SHOWN_APART)
        simulated = (
            Cell(as_text(row["simulated"])) if "simulated" in row else Cell(NOT_SIMULATED, tone="quiet")
        )
        published = Cell(as_text(row.get("value", "")))
        source = Cell(as_text(row.get("source", "")))
        rows.append((Cell(as_text(row.get("figure", ""))), Cell(conditions), published, simulated, source))
    return Table("Published beside simulated", columns, tuple(rows))


def calibrated_table(result: Measured) -> Table:
    columns = (Column("fitted parameter"), Column("fitted to"))
    rows = tuple((Cell(key), Cell("; ".join(figures))) for key, figures in sorted(result.calibrated.items()))
    return Table("Calibrated parameters", columns, rows)


def calibrated_words(result: Measured) -> str:
    """How many numbers were fitted rather than taken from a source."""
    fitted, all_numbers = len(result.calibrated), len(result.sources)
    if not fitted:
        return "No number of this chip was fitted to its published figures."
    return (
        f"{fitted} of {all_numbers} numbers {'was' if fitted == 1 else 'were'} fitted to published figures; "
        "those figures test nothing, the others do."
    )


def provenance_table(result: Measured) -> Table:
    rows = tuple((Cell(key), Cell(text)) for key, text in _flattened(result.provenance))
    return Table("Provenance", (Column("what"), Column("value")), rows)


def as_text(value: Any) -> str:
    """Any plain value of a description in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {as_text(value[key])}" for key in value)
    if isinstance(value, (tuple, list)):
        return ", ".join(as_text(item) for item in value)
    return str(value)


def _flattened(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key in sorted(values):
        if isinstance(values[key], Mapping):
            yield from _flattened(values[key], f"{above}{key}.")
        else:
            yield f"{above}{key}", as_text(values[key])
