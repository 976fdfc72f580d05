"""Networks that are larger than their chip, phase by phase: counts, times and wear from the layers' shapes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import xbarsim as xs
from tests.graphs import chain_of_products, one_product
from tests.laws.test_small_chips import IO, NETWORKS, TOPOLOGIES, counts, whole_tile
from tests.small_chips import CELLS, Tree, array, buffer, chip_tree, link, load, tile
from xbarsim.engine.granularity import Granularity
from xbarsim.scenario.infer import Infer, infer
from xbarsim.scenario.multiplex_rows import Multiplex
from xbarsim.scenario.result import Result
from xbarsim.scenario.store import result_from_json, result_to_json
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import OpGraph

WRITER = {"kind": "pulse_generator.iterative", "parallel_cells": 8}
PULSES, PULSE_AND_VERIFY_PS, PULSE_PJ, ENDURANCE = 3, 2_000, 1.0, 1e6
CELLS_PER_WEIGHT = 2
SLOW = {"toy": {**CELLS["toy"], "write_pulses": PULSES}}
MAPPING = {"replicate": "none", "time_multiplex": True}
TOY = "cells.toy"
DRAM = {
    "kind": "memory.dram",
    "bandwidth": "2 GB/s",
    "latency": "20 ns",
    "energy": "5 pJ/bit",
    "capacity": "1 MiB",
}


def small_tree(tiles: int, arrays: int = 2, outside: Tree | None = None, **parts: object) -> Tree:
    """A mesh of tiles, each with so many arrays and a generator."""
    own = whole_tile(arrays, count=tiles, pulse_generator=WRITER, **parts)
    edges = [{"edge": f"{name} <-> tile[0]", "link": link()} for name in {"io": IO, **(outside or {})}]
    network = [TOPOLOGIES["mesh"]] if tiles > 1 else []
    return chip_tree(
        own, [*network, *edges], outside={"io": IO, **(outside or {})}, cells=SLOW, mapping=MAPPING
    )


def run(chip: Chip, graph: OpGraph, requests: int = 2, batch: int = 1, **own: object) -> Result:
    result = infer(chip, graph, Infer(requests, batch=batch, **own))  # type: ignore[arg-type]
    assert [law.name for law in result.laws if not law.holds] == []
    return result


def told(result: Result) -> Multiplex:
    assert result.multiplex is not None
    return result.multiplex


# Arrays on which the networks of the small chips' tests do not fit; they ask for 13, 8, 9, 4, 3 and 19. The first
# layer of the last one, of 15, is larger than the whole chip.
ARRAYS = {
    "convolutions": 7,
    "depthwise": 6,
    "residual": 4,
    "attention": 2,
    "causal attention": 1,
    "high and wide": 6,
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("network", NETWORKS)
def test_laws_hold_and_both_engines_agree(tmp_path: Path, network: str, batch: int) -> None:
    chip, graph = load(tmp_path, small_tree(1, ARRAYS[network])), NETWORKS[network]
    result = run(chip, graph, 3, batch)
    part = told(result)
    assert (part.batch, part.passes) == (batch, -(-3 // batch))
    assert counts(result, TOY, "cell written") == part.passes * part.cells_per_pass
    assert result == replace(
        run(chip, graph, 3, batch, granularity=Granularity.MVM),
        provenance=result.provenance,
    )
    assert result_from_json(result_to_json(result), tmp_path) == result


@pytest.mark.parametrize("network", NETWORKS)
def test_the_work_is_that_of_a_chip_on_which_the_network_fits(tmp_path: Path, network: str) -> None:
    """Reads, conversions and operations of units are the same; only data's ways and the writes differ."""
    graph = NETWORKS[network]
    small = run(load(tmp_path, small_tree(1, ARRAYS[network])), graph)
    large = run(load(tmp_path, small_tree(1, 32)), graph)
    assert small.multiplex is not None
    assert large.multiplex is None
    assert large.energy and not counts(large, TOY, "cell written")
    for component, action in (
        ("tile.array", "read"),
        ("tile.adc", "conversion"),
        ("tile.vector_unit", "operation"),
        ("tile.matrix_unit", "mac"),
        ("tile.accumulator", "addition"),
    ):
        assert counts(small, component, action) == counts(large, component, action)


def test_writes_cost_cells_times_pulses_times_the_price_of_one(tmp_path: Path) -> None:
    """Three layers of one block on two arrays: one stays, the other two are written in every pass."""
    graph = chain_of_products([16, 8, 8, 8])
    result = run(load(tmp_path, small_tree(1, 2)), graph, requests=4, batch=2)
    part = told(result)
    weights = sorted(matrix.weights for matrix in graph.matrices.values())
    assert part.cells_per_pass == CELLS_PER_WEIGHT * sum(weights[:2])  # the largest stays
    (row,) = [row for row in result.energy if row.component == TOY]
    assert (row.kind, row.action, row.static, row.model) == ("cell", "cell written", False, "given")
    assert row.count == 2 * part.cells_per_pass
    assert row.energy_pj == pytest.approx(row.count * PULSES * PULSE_PJ) == pytest.approx(part.energy_pj)
    assert (part.writes_per_pass, part.arrays_by_writes) == (2, ((0, 1), (2, 1)))
    per_s = 2 * part.passes / (result.elapsed_ps * 1e-12)
    assert part.lifetime_s == pytest.approx(ENDURANCE / per_s)


@pytest.mark.parametrize("network", NETWORKS)
def test_fewest_phases_write_everything_anew(tmp_path: Path, network: str) -> None:
    """As many products a phase as fill the chip, fewer phases than with blocks that stay, the same work."""
    graph = NETWORKS[network]
    least, fewest = small_tree(1, ARRAYS[network]), small_tree(1, ARRAYS[network])
    fewest["mapping"] = {**MAPPING, "phases": "fewest"}
    stays, all_new = (run(load(tmp_path, tree), graph, 2, 2) for tree in (least, fewest))
    assert len(told(all_new).phases) <= len(told(stays).phases)
    assert told(all_new).cells_per_pass >= told(stays).cells_per_pass
    assert sum(row.macs for row in all_new.layers) == graph.macs
    assert counts(all_new, "tile.array", "read") == counts(stays, "tile.array", "read")
    reference = run(load(tmp_path, fewest), graph, 2, 2, granularity=Granularity.MVM)
    assert all_new == replace(reference, provenance=all_new.provenance)


def test_results_are_parked_in_a_memory_core_on_the_chip(tmp_path: Path) -> None:
    core = {**DRAM, "kind": "memory.core"}
    chip = load(tmp_path, small_tree(1, 7, {"core": core}, buffer=buffer(capacity="200 B")))
    result = run(chip, NETWORKS["convolutions"], 2, 2)
    assert told(result).parked_in == "core"
    assert counts(result, "core", "bit") > 0


def write_ps(weights: int) -> int:
    return -(-weights * CELLS_PER_WEIGHT // 8) * PULSES * PULSE_AND_VERIFY_PS


def bare(arrays: int, **parts: object) -> Tree:
    """A tile whose buffer costs nothing, and nothing outside."""
    own = tile(array=array(count=arrays), pulse_generator=WRITER, buffer="ideal", **parts)
    return chip_tree(own, cells=SLOW, mapping=MAPPING)


def test_two_layers_on_one_array_take_their_products_and_the_writes_between_them(tmp_path: Path) -> None:
    """Closed form: nothing overlaps, as there is one array only."""
    first_ps, second_ps = (
        run(load(tmp_path, bare(1)), one_product(*shape)).latency.alone_ps for shape in ((16, 8), (8, 4))
    )
    result = run(load(tmp_path, bare(1)), chain_of_products([16, 8, 4]), requests=3)
    there_ps, back_ps = write_ps(8 * 4), write_ps(16 * 8)
    assert result.latency.alone_ps == first_ps + there_ps + second_ps
    pass_ps = first_ps + there_ps + second_ps + back_ps
    assert (result.throughput.interval_ps, result.throughput.steady) == (pass_ps, True)
    assert result.elapsed_ps == 3 * pass_ps
    part = told(result)
    assert (part.computing_ps, part.waiting_ps) == (3 * (first_ps + second_ps), 3 * (there_ps + back_ps))
    assert part.writing_ps == part.waiting_ps
    assert [row.waited_ps for row in part.phases] == [back_ps, there_ps]
    (array_row,) = [row for row in result.stations if row.component == "tile.array"]
    assert array_row.busy_ps >= part.writing_ps
    (generator,) = [row for row in result.stations if row.component == "tile.pulse_generator"]
    assert (generator.busy_ps, generator.jobs) == (part.writing_ps, 6)


def test_a_larger_batch_writes_as_much_for_more_requests(tmp_path: Path) -> None:
    chip, graph = load(tmp_path, small_tree(3, 2)), NETWORKS["high and wide"]
    parts = {batch: run(chip, graph, 8, batch) for batch in (1, 2, 4, 8)}
    written = [counts(parts[batch], TOY, "cell written") for batch in parts]
    assert written == [8 * told(parts[1]).cells_per_pass // batch for batch in parts]
    intervals = [parts[batch].throughput.interval_ps for batch in parts]
    assert intervals == sorted(intervals, reverse=True)


def test_a_tile_is_written_while_another_computes(tmp_path: Path) -> None:
    """Tiles of one array each: what the next phase needs is written where this one does not work."""
    graph = chain_of_products([16, 8, 8, 8, 8, 8])
    result = run(load(tmp_path, small_tree(4, 1)), graph, requests=2)
    part = told(result)
    assert part.computing_ps + part.waiting_ps == result.elapsed_ps
    assert part.writing_ps >= part.waiting_ps


def test_results_are_parked_off_the_chip_where_the_buffers_are_too_small(tmp_path: Path) -> None:
    graph = NETWORKS["convolutions"]
    small = buffer(capacity="200 B")
    with pytest.raises(xs.MappingError) as full:
        run(load(tmp_path, small_tree(1, 7, buffer=small)), graph, 2, 2)
    print(full.value)
    chip = load(tmp_path, small_tree(1, 7, {"dram": DRAM}, buffer=small))
    result = run(chip, graph, 2, 2)
    assert told(result).parked_in == "dram"
    parks = sum(row.positions * row.width for row in result.layers if row.function == "park")
    fetches = sum(row.positions * row.width for row in result.layers if row.function == "fetch")
    assert counts(result, "dram", "bit") == result.requests * 4 * (parks + fetches) > 0
    assert told(run(load(tmp_path, small_tree(1, 7, {"dram": DRAM})), graph)).parked_in == "tile.buffer"


def test_a_layer_larger_than_the_chip_is_cut_by_its_columns(tmp_path: Path) -> None:
    """20 columns are three blocks wide, the chip has two arrays: no product is lost, none done twice."""
    graph = one_product(16, 20)
    result = run(load(tmp_path, small_tree(1, 2)), graph)
    assert [row.matrix for row in told(result).matrices] == ["fc[0]", "fc[1]"]
    assert sum(row.blocks for row in told(result).matrices) == 3
    assert sum(row.macs for row in result.layers) == graph.macs == 16 * 20
    assert counts(result, "tile.array", "read") == result.requests * 4 * 3


def test_a_shared_generator_writes_one_tile_after_another(tmp_path: Path) -> None:
    tree = small_tree(2, 1)
    tree["components"]["tile"].pop("pulse_generator")
    tree["components"]["writer"] = WRITER
    graph = chain_of_products([32, 8, 4])  # two blocks, then one
    result = run(load(tmp_path, tree), graph, requests=1)
    (writer,) = [row for row in result.stations if row.component == "writer"]
    assert writer.busy_ps == sum(
        write_ps(row.cells_written // CELLS_PER_WEIGHT) for row in told(result).phases
    )


@pytest.mark.parametrize(
    ("key", "time_known", "energy_known", "lifetime_known"),
    [("write_pulse", False, False, False), ("write_energy", True, False, True), ("endurance", True, True, False)],
)  # fmt: skip
def test_what_nobody_knows_is_told_as_unknown(
    tmp_path: Path, key: str, time_known: bool, energy_known: bool, lifetime_known: bool
) -> None:
    tree = small_tree(1, 2)
    tree["cells"] = {"toy": {**SLOW["toy"], key: "unknown"}}
    result = run(load(tmp_path, tree), chain_of_products([16, 8, 8, 8]))
    part = told(result)
    assert (part.time_known, part.energy_known) == (time_known, energy_known)
    assert (part.lifetime_s is not None) == lifetime_known
    assert (part.waiting_share is not None) == time_known


def test_without_leave_nothing_is_multiplexed(tmp_path: Path) -> None:
    tree = small_tree(1, 2)
    tree["mapping"] = {"replicate": "none"}
    with pytest.raises(xs.MappingError, match=r"mapping\.time_multiplex"):
        run(load(tmp_path, tree), NETWORKS["convolutions"])


def test_a_published_chip_runs_a_network_three_times_its_size() -> None:
    chip = xs.load_chip("hermes64", ["mapping.time_multiplex=true"])
    work = xs.load_workload("vgg8_cifar10")
    report = xs.check(chip, work)
    assert (report.arrays, report.arrays_used) == (64, 64)
    result = xs.simulate(chip, work, xs.Infer(requests=4, batch=2))
    part = told(result)
    assert (part.blocks, part.arrays) == (206, 64)
    written = sum(row.blocks_written for row in part.matrices)
    assert written == 206 - (64 - part.turning) == sum(row.blocks_written for row in part.phases)
    assert sum(row.macs for row in result.layers) == work.graph.macs
    assert (part.time_known, part.energy_known, part.lifetime_s) == (True, False, None)
