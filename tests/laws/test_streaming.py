"""Streaming units, even blocks and an order of tiles: nothing is lost, both engines agree, mistakes are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import cut
from xbarsim.mapping.plan import map_network
from xbarsim.scenario.infer import Infer, infer
from xbarsim.spec.load import load_chip
from xbarsim.workload.graph import Matrix
from xbarsim.workload.inline import read_inline

COLUMNS_FIRST = "mapping.tile_order=i//4 % 8 + 8*(i%4) + 32*(i//32)"
ARRAY = load_chip("hermes64").arrays()[0].spec
STEP = "product 1008x2016 lstm_step"


@pytest.mark.parametrize("text", [STEP, "product 200x2016 lstm_step", "product 1008x252 lstm_step"])
def test_both_engines_stream_alike(text: str) -> None:
    chip, graph = load_chip("hermes64", [COLUMNS_FIRST]), read_inline(text)
    burst, mvm = (infer(chip, graph, Infer(3, 0, engine)) for engine in (Granularity.BURST, Granularity.MVM))
    assert all(law.holds for law in burst.laws)
    assert (burst.layers, burst.energy, burst.latency) == (mvm.layers, mvm.energy, mvm.latency)


def test_a_streaming_unit_ends_one_wire_and_one_value_behind_the_last_sum() -> None:
    result = infer(load_chip("hermes64", [COLUMNS_FIRST]), read_inline(STEP), Infer(1))
    product, step = (
        next(row for row in result.layers if row.name == name) for name in ("fc", "fc.lstm_step")
    )
    assert step.end_ps - product.end_ps == 57_500 + 2_500
    assert step.busy_ps == 63 * 4 * 2_500  # 63 units a slice, four clocks each


def test_a_unit_that_does_not_stream_waits_for_all_values() -> None:
    waiting = infer(load_chip("hermes64", [COLUMNS_FIRST, "gdpu.streams=false"]), read_inline(STEP), Infer(1))
    streaming = infer(load_chip("hermes64", [COLUMNS_FIRST]), read_inline(STEP), Infer(1))
    assert waiting.latency.alone_ps > streaming.latency.alone_ps + 63 * 4 * 2_500
    assert waiting.macs_per_request == streaming.macs_per_request


@given(rows=st.integers(1, 3000), columns=st.integers(1, 3000), even=st.booleans())
def test_blocks_hold_all_weights_however_cut(rows: int, columns: int, even: bool) -> None:
    found = cut(Matrix("m", rows, columns), ARRAY, even)
    assert int(found.block_weights.sum()) == rows * columns
    assert found.blocks == cut(Matrix("m", rows, columns), ARRAY).blocks
    if even:
        assert found.block_rows - rows // found.row_blocks <= 1
        assert found.block_columns - columns // found.column_blocks <= 1


def test_tiles_are_filled_in_the_order_that_is_asked_for() -> None:
    program = map_network(load_chip("hermes64", [COLUMNS_FIRST]), read_inline(STEP))
    assert program.tiles[:6] == ("core[0]", "core[8]", "core[16]", "core[24]", "core[1]", "core[9]")
    assert sorted(program.tiles) == sorted(f"core[{i}]" for i in range(64))


@pytest.mark.parametrize(
    ("formula", "wrong"),
    [("i//2", "tile 0 comes twice"), ("i+1", "some lie outside"), ("64-i", "some lie outside")],
)
def test_an_order_that_leaves_tiles_out_is_told(formula: str, wrong: str) -> None:
    with pytest.raises(MappingError) as caught:
        map_network(load_chip("hermes64", [f"mapping.tile_order={formula}"]), read_inline(STEP))
    assert str(caught.value) == (
        f"IBM HERMES 64-core: mapping.tile_order '{formula}' must give each of the tiles 0 to 63 once; {wrong}"
    )
