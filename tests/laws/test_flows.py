"""What goes in comes out: bits over ports and links, operations on shared units, work after the last result."""

from __future__ import annotations

import xbarsim as xs
from tests.graphs import one_product
from xbarsim.mapping.plan import map_network
from xbarsim.scenario.infer import Infer, infer
from xbarsim.spec.load import load_chip
from xbarsim.workload.graph import Matrix, Op, OpGraph, OpKind, Window

ONCE = Infer(requests=1)


def bits(result: xs.Result, component: str) -> int:
    return sum(row.count for row in result.energy if row.component == component and row.action == "bit")


def convolution_and_thinning(size: int) -> OpGraph:
    """A reader that does not need its producer's last positions: 3x3, then 1x1 with stride 2."""
    half = size // 2
    wide = Window((size, size), (size, size), (3, 3), padding=(1, 1))
    thin = Window((size, size), (half, half), (1, 1), (2, 2))
    ops = (
        Op("x", OpKind.INPUT, "input", positions=size * size, width=4),
        Op("a", OpKind.MVM, "conv2d", ("x",), (wide,), size * size, 8, macs=size * size * 36 * 8, matrix="a"),
        Op("b", OpKind.MVM, "conv2d", ("a",), (thin,), half * half, 8, macs=half * half * 64, matrix="b"),
    )
    return OpGraph("thinning", ops, {"a": Matrix("a", 36, 8), "b": Matrix("b", 8, 8)})


def test_a_reader_may_finish_before_its_producer() -> None:
    result = infer(load_chip("tutorial"), convolution_and_thinning(8), ONCE)
    assert all(law.holds for law in result.laws)


def test_every_input_bit_crosses_the_only_link_into_the_chip() -> None:
    """The tutorial's one port hangs on tile[0]: all bits in and out of it go over that link."""
    result = xs.simulate(load_chip("tutorial"), xs.load_workload("lenet_digits"), ONCE)
    assert bits(result, "connect1.link") >= bits(result, "io")


def test_halves_of_a_vector_for_two_tiles_share_no_bit_on_the_way() -> None:
    """A matrix higher than a tile's arrays: each tile reads its part, the common link carries the whole."""
    result = infer(load_chip("tutorial", ["mapping={replicate: none}"]), one_product(2048, 8), ONCE)
    assert bits(result, "connect1.link") == 2048 * 8


def test_a_unit_beside_the_tiles_is_one_instance_not_all() -> None:
    """One LSTM step on HERMES: a global unit does its part with its own 2 lanes at 400 MHz, not with all eight's."""
    result = xs.simulate(load_chip("hermes64"), xs.load_workload("lstm_caption"), ONCE)
    units = [row for row in result.stations if row.component == "gdpu"]
    operations = sum(
        row.count for row in result.energy if row.component == "gdpu" and row.action == "operation"
    )
    assert units
    assert all(row.multiplicity == 1 for row in units)
    assert sum(row.busy_ps for row in units) == operations // 2 * 2_500


def test_a_tile_keeps_the_whole_vector_that_its_columns_read() -> None:
    """16 inputs of 8 bit for a matrix of many columns: every tile with blocks of it keeps all 16, not its nth."""
    chip = load_chip("tutorial", ["mapping={replicate: none}", "tile.array.count=1", "tile.adc.count=1"])
    program = map_network(chip, one_product(16, 512))
    tiles = {segment.tile for copy in program.copies["fc"] for segment in copy.segments}
    assert len(tiles) == 16
    assert {tile: program.buffer_demand_bits[tile] for tile in tiles} == dict.fromkeys(tiles, 16 * 8)
