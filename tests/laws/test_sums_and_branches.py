"""Partial sums added by a vector unit beside its other work, and where skip connections are joined."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.laws.test_small_chips import NETWORKS, TOPOLOGIES, counts, many_tiles, run, whole_tile
from tests.small_chips import Tree, chip_tree, load, vector_unit
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plan import map_network

ADDED_AND_DONE = (("accumulator", "addition"), ("vector_unit", "operation"))
CLASSES = ["elementwise", "pooling", "normalisation", "softmax", "move"]


def with_one_unit() -> Tree:
    """Tiles whose vector unit does what an accumulator of the same speed did beside it."""
    tree = many_tiles("mesh")
    tree["components"]["tile"].pop("accumulator")
    tree["components"]["tile"]["vector_unit"] = vector_unit(operations=[*CLASSES, "partial_sums"])
    return tree


@pytest.mark.parametrize("network", NETWORKS)
def test_a_vector_unit_adds_partial_sums_in_turn_with_the_rest(tmp_path: Path, network: str) -> None:
    """The same additions; one station for both, so its time is the sum, and nothing is done sooner."""
    apart = run(load(tmp_path, many_tiles("mesh")), NETWORKS[network])
    together = run(load(tmp_path, with_one_unit()), NETWORKS[network])
    added, done = (counts(apart, f"tile.{name}", action) for name, action in ADDED_AND_DONE)
    assert counts(together, "tile.vector_unit", "operation") == added + done
    busy = {row.component: 0 for row in apart.stations}
    for row in apart.stations:
        busy[row.component] += row.busy_ps
    both = busy.get("tile.accumulator", 0) + busy.get("tile.vector_unit", 0)
    assert sum(row.busy_ps for row in together.stations if row.component == "tile.vector_unit") == both
    assert together.latency.alone_ps >= apart.latency.alone_ps


def test_an_accumulator_goes_before_a_vector_unit_that_could(tmp_path: Path) -> None:
    tree = many_tiles("mesh")
    tree["components"]["tile"]["vector_unit"] = vector_unit(operations=[*CLASSES, "partial_sums"])
    assert Floor(load(tmp_path, tree)).adder.path == "tile.accumulator"
    assert Floor(load(tmp_path, with_one_unit())).adder.path == "tile.vector_unit"


@pytest.mark.parametrize("swapped", [False, True])
def test_a_skip_connection_is_added_where_its_main_branch_ends(tmp_path: Path, swapped: bool) -> None:
    """Whichever of the two is written first."""
    graph = NETWORKS["residual"]
    ops = tuple(
        replace(op, inputs=op.inputs[::-1], needs=op.needs[::-1]) if swapped and op.name == "add" else op
        for op in graph.ops
    )
    tree = chip_tree(whole_tile(1, count=16), [TOPOLOGIES["mesh"]])
    steps = map_network(load(tmp_path, tree), replace(graph, ops=ops)).by_name
    assert steps["add"].homes == steps["c2"].homes != steps["c0"].homes
