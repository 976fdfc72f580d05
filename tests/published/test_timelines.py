"""Published figures that must come out of the timeline, not out of a formula for them."""

from __future__ import annotations

import pytest

from tests.graphs import chain_of_products, one_product
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


def test_isaac_peak() -> None:
    """41.29 TOPS (16 bit), 627.5 GOPS/W and 478.95 GOPS/mm2 of the corrected paper."""
    peak = infer(load_chip("isaac"), one_product(128, 16), ONCE).peak
    assert peak.ops_per_s / 1e12 == pytest.approx(41.29, rel=0.01)
    assert peak.tops_per_w == pytest.approx(0.6275, rel=0.01)
    assert peak.tops_per_mm2 == pytest.approx(0.47895, rel=0.01)
    assert peak.power_w == pytest.approx(65.8, rel=0.01)
