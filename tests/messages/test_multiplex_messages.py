"""What a network that is larger than its chip is told, word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

import xbarsim as xs
from tests.graphs import chain_of_products, one_product
from tests.laws.test_multiplex import DRAM, MAPPING, small_tree
from tests.laws.test_small_chips import NETWORKS
from tests.small_chips import Tree, buffer, load
from xbarsim.scenario.infer import Infer, infer
from xbarsim.workload.graph import OpGraph

THREE = chain_of_products([16, 8, 8, 8])


def refused(folder: Path, tree: Tree, graph: OpGraph, batch: int = 1) -> str:
    with pytest.raises(xs.MappingError) as caught:
        infer(load(folder, tree), graph, Infer(requests=batch, batch=batch))
    return str(caught.value)


def test_what_does_not_fit_is_told_that_it_may_take_turns(tmp_path: Path) -> None:
    tree = small_tree(1, 2)
    tree["mapping"] = {}
    assert refused(tmp_path, tree, THREE) == (
        "chain of products on Small chip: 3 array blocks, 2 arrays: 1 missing (1 tiles of 2 arrays); largest layer: "
        "fc0 (1). Raise tile.count to at least 2, allow mapping.time_multiplex, take a smaller network, or store "
        "fewer bits per weight (tile.array.weight.bits)"
    )


def test_one_program_cannot_hold_what_takes_turns(tmp_path: Path) -> None:
    with pytest.raises(xs.MappingError) as caught:
        xs.map_network(load(tmp_path, small_tree(1, 2)), THREE)
    assert "run it in phases (one program cannot hold it)" in str(caught.value)


def test_cells_cannot_be_written_without_a_generator(tmp_path: Path) -> None:
    tree = small_tree(1, 2)
    tree["components"]["tile"].pop("pulse_generator")
    assert refused(tmp_path, tree, THREE) == (
        "chain of products on Small chip: mapping.time_multiplex writes cells during the run, but the chip has no "
        "'pulse_generator'. Add one to tile or beside it"
    )


def test_tiles_of_one_layer_each_do_not_take_turns(tmp_path: Path) -> None:
    tree = small_tree(1, 2)
    tree["mapping"] = {**MAPPING, "exclusive_tiles": True}
    assert refused(tmp_path, tree, THREE) == (
        "chain of products on Small chip: it does not fit, and mapping.time_multiplex and mapping.exclusive_tiles "
        "exclude one another. Set mapping.exclusive_tiles: false"
    )


def test_a_column_of_blocks_larger_than_the_chip(tmp_path: Path) -> None:
    assert refused(tmp_path, small_tree(1, 2), one_product(40, 8)) == (
        "one product on Small chip: fc needs 3 arrays for one column of its blocks, the chip has 2: 1 missing. "
        "mapping.time_multiplex cuts a layer that is larger than the chip by its columns only. Raise tile.count, or "
        "take a smaller network"
    )


def test_no_place_to_park_results(tmp_path: Path) -> None:
    assert refused(tmp_path, small_tree(1, 2, buffer=None), THREE) == (
        "chain of products on Small chip: results of up to 0.003906 KiB wait for a later phase (batch 1), and there is "
        "no room to park them\n"
        "  the chip has neither a tile buffer nor a memory\n"
        "Else add a 'memory' outside the tiles."
    )


def test_too_little_room_to_park_results(tmp_path: Path) -> None:
    small = buffer(capacity="400 B")
    assert refused(tmp_path, small_tree(1, 7, buffer=small), NETWORKS["convolutions"], 4) == (
        "convolutions on Small chip: results of up to 0.791 KiB wait for a later phase (batch 4), and there is no "
        "room to park them\n"
        "  tile.buffer is too small for them in 1 of 1 tiles; the fullest, tile, has 0.3906 KiB and needs 0.7373 KiB, "
        "of which 0.7031 KiB parked: 0.3467 KiB missing. Raise tile.buffer.capacity\n"
        "Else add a 'memory' outside the tiles, or run smaller batches."
    )
    outside = {"dram": {**DRAM, "capacity": "0.5 KiB"}}
    assert refused(
        tmp_path, small_tree(1, 7, outside, buffer=small), NETWORKS["convolutions"], 4
    ).splitlines()[2:] == [
        "  dram has 0.5 KiB for them: 0.291 KiB missing. Raise dram.capacity",
        "Else run smaller batches.",
    ]


def test_mapping_can_be_set_where_the_file_leaves_it_out() -> None:
    assert xs.load_chip("tutorial", ["mapping.time_multiplex=true"]).header.mapping.time_multiplex
    with pytest.raises(xs.SpecError) as caught:
        xs.load_chip("tutorial", ["mapping.time_multiplexed=true"])
    assert str(caught.value) == "--set mapping.time_multiplexed: unknown key; did you mean 'time_multiplex'?"


def test_the_batch_is_a_number() -> None:
    with pytest.raises(ValueError, match=r"Infer\.batch is 0; allowed: a whole number from 1"):
        Infer(batch=0)


def test_a_batch_without_phases_is_told(tmp_path: Path) -> None:
    result = infer(load(tmp_path, small_tree(1, 4)), THREE, Infer(requests=2, batch=2))
    assert result.notes[-1] == "the network fits: it has no phases, and the batch changes nothing"
