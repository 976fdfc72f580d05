"""Points that nobody ran, to measure what a large store takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from xbarsim.study.columns import COLUMNS, arrow_schema
from xbarsim.study.store import PART_ROWS


def points_of(rows: int, draws: np.random.Generator) -> Iterator[pa.Table]:
    """Tables as `Store` keeps them, each with as many points as a part of it has."""
    for first in range(0, rows, PART_ROWS):
        count = min(PART_ROWS, rows - first)
        columns = [_column(column.name, column.type, first, count, draws) for column in COLUMNS]
        yield pa.Table.from_arrays(
            [pa.array(values, field.type) for values, field in zip(columns, arrow_schema(), strict=True)],
            schema=arrow_schema(),
        )


def _column(name: str, kind: str, first: int, count: int, draws: np.random.Generator) -> object:
    if name == "key":
        return [f"{number:032x}" for number in draws.integers(0, 2**62, size=count)]
    if kind == "settings":
        bits, sizes = draws.integers(4, 10, size=count), draws.integers(5, 10, size=count)
        return [
            [("chip.tile.adc.bits", str(b)), ("chip.tile.array.rows", str(2**s))]
            for b, s in zip(bits.tolist(), sizes.tolist(), strict=True)
        ]
    if kind == "float":
        return draws.lognormal(10, 2, size=count)
    if kind == "int":
        return draws.integers(0, 1_000, size=count)
    if kind == "time":
        return draws.integers(0, 2**50, size=count)
    texts = {"status": ["done"], "error": [None], "bottleneck": ["tile.adc", "tile.array", "tile.bus"]}
    allowed = texts.get(name, [name])
    return [allowed[at] for at in draws.integers(0, len(allowed), size=count)]
