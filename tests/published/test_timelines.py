"""Published figures that must come out of the timeline, not out of a formula for them."""

from __future__ import annotations

import pytest

from tests.graphs import chain_of_products
from xbarsim.scenario.infer import Infer, infer
from xbarsim.scenario.result import LayerRow, Result
from xbarsim.spec.load import load_chip

ONCE = Infer(requests=1)


def layer(result: Result, name: str) -> LayerRow:
    return next(row for row in result.layers if row.name == name)


@pytest.mark.parametrize(("rows", "cycles"), [(16, 22), (128, 22), (256, 22), (512, 22), (1024, 23)])
def test_isaac_pipeline_takes_22_cycles(rows: int, cycles: int) -> None:
    """Sec. VI: from a vector in the tile's buffer to the result in the next layer's buffer, 22 cycles of 100 ns:
    fetch, 16 input bits, ADC, shift-and-add, sum over IMAs, sigmoid, eDRAM write. Both layers lie in one tile,
    so the second's fetch begins when that write is done. More than 1 KB of input takes a second fetch cycle."""
    result = infer(load_chip("isaac"), chain_of_products([rows, 16, 16], "sigmoid"), ONCE)
    assert sum(1 for tile in result.tiles if tile.arrays_used) == 1
    assert layer(result, "fc1").start_ps - layer(result, "fc0").start_ps == cycles * 100_000
