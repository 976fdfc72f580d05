"""The analog fabric (Burr et al., IEDM 2023 and CICC 2025): what the published figures say of one another, and what
of them comes out of the timeline."""

from __future__ import annotations

from functools import cache

import pytest

import xbarsim as xs
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plan import map_network
from xbarsim.scenario.result import Result
from xbarsim.workload.graph import OpGraph, OpKind

LAYERS = {"base": 12, "large": 24}
TILES_PER_LAYER = {"base": 38, "large": 48}
WEIGHTS = {"base": 85e6, "large": 302e6}
TOKENS, BATCH = 128, 8
# Network: TOPS in batches of 8 and latency in ms of both systems, TOPS of a continuous input.
IEDM_2023 = {"base": (47.5, 3.70, 235, 0.55), "large": (82.2, 7.58, 495, 1.06)}
CICC_2025 = {"base": (65.2, 2.68, 359.8, 2.68 / 7.74), "large": (94.1, 6.62, 753.6, 6.62 / 9.75)}
TOPS_PER_W = {"base": (26.4, 28.3), "large": (32.0, 34.5)}  # CICC 2025: reloaded, stationary
CONTINUOUS_TOPS = {"base": 957.5, "large": 3135}
NETWORKS = ("base", "large")


@cache
def network(name: str) -> OpGraph:
    return xs.load_workload(f"bert_{name}_layers").graph


def operations(name: str) -> int:
    """Of a batch."""
    return 2 * network(name).macs * BATCH


@cache
def run(mode: str, name: str, requests: int, batch: int = 1) -> Result:
    work = xs.load_workload(f"bert_{name}_layers")
    return xs.simulate(
        xs.load_chip("analog_fabric", [f"mode={mode}_{name}"]), work, xs.Infer(requests, batch=batch)
    )


# --- what was published -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_and_tiles_of_a_layer_are_those_of_table_1(name: str) -> None:
    graph = network(name)
    assert sum(matrix.weights for matrix in graph.matrices.values()) == pytest.approx(
        WEIGHTS[name], rel=0.005
    )
    program = map_network(xs.load_chip("analog_fabric", [f"mode=fws_{name}"]), graph)
    blocks = [program.cuts[matrix].blocks for matrix in graph.matrices]
    assert sum(blocks[:4]) == TILES_PER_LAYER[name]
    assert sum(blocks) == LAYERS[name] * TILES_PER_LAYER[name] == len(program.tiles)


def test_operations_are_those_of_the_text() -> None:
    """CICC 2025, Sec. 6: up to 625.3 billion in a batch of BERT-large. Full attention counts 1 % more."""
    assert operations("large") == pytest.approx(625.3e9, rel=0.01)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("table", [IEDM_2023, CICC_2025])
def test_partially_stationary_latency_is_that_of_a_batch(table: dict, name: str) -> None:
    tops, latency_ms, *_ = table[name]
    assert operations(name) / (latency_ms * 1e9) == pytest.approx(tops, rel=0.025)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_batch_takes_the_published_latency_and_six_intervals(name: str) -> None:
    """So the fully stationary latency is that of two sentences. With all eight counted, it would be 4 % off."""
    pws_tops, pws_ms, tops, latency_ms = CICC_2025[name]
    done = pws_tops * pws_ms  # operations of a batch, as the paper counts them
    batch_ms, interval_ms = done / tops, done / BATCH / CONTINUOUS_TOPS[name]
    assert latency_ms + 6 * interval_ms == pytest.approx(batch_ms, rel=0.006)
    assert latency_ms + 7 * interval_ms > 1.03 * batch_ms


def test_the_first_version_had_the_same_interval_for_both_networks() -> None:
    intervals_ms = []
    for pws_tops, pws_ms, tops, latency_ms in IEDM_2023.values():
        intervals_ms.append((pws_tops * pws_ms / tops - latency_ms) / 6)
    assert intervals_ms[0] == pytest.approx(intervals_ms[1], rel=0.01)


# --- what comes out of the timeline -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "busy_ns"), [("base", 179), ("large", 195)])
def test_the_sum_of_the_last_layer_sets_the_pace(name: str, busy_ns: int) -> None:
    """A light core adds the partial sums of 6 or 8 tiles, the residual connection and normalises (7 operations an
    element): 512 elements, 64 lanes, and three times its pipeline of 25 cycles."""
    rows = network(name).matrices["0.feed_forward.down"].rows // 512
    assert 512 // 64 * ((rows - 1) + 1 + 7) + 3 * 25 == busy_ns
    found = run("fws", name, 1)
    busiest = max(found.stations, key=lambda row: row.busy_ps / row.servers)
    assert busiest.component == "die.tile.ccl"
    assert busiest.busy_ps == TOKENS * busy_ns * 1_000


@pytest.mark.parametrize("name", NETWORKS)
def test_two_sentences_take_the_published_latency(name: str) -> None:
    assert run("fws", name, 2).elapsed_ps * 1e-9 == pytest.approx(CICC_2025[name][3], rel=0.055)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_layer_is_on_the_chiplet_at_a_time(name: str) -> None:
    """Partially stationary: a phase for each layer, in which all of its tiles are written, once for a whole batch."""
    found = run("pws", name, BATCH, BATCH)
    part = found.multiplex
    assert part is not None
    assert [row.blocks_written for row in part.phases] == [TILES_PER_LAYER[name]] * LAYERS[name]
    weights = sum(matrix.weights for matrix in network(name).matrices.values())
    assert (part.passes, part.cells_per_pass) == (1, weights)
    row_ns = 1.931  # of 512 weights
    assert part.writing_ps == pytest.approx(weights / 512 * row_ns * 1e3, rel=1e-3)
    assert found.elapsed_ps * 1e-9 == pytest.approx(CICC_2025[name][1], rel=0.05)


@pytest.mark.parametrize("name", NETWORKS)
def test_most_energy_is_spent_outside_the_arrays(name: str) -> None:
    """100 TOPS/W inside the arrays, a third of it for the whole: so two thirds are spent elsewhere."""
    found = run("fws", name, 2)
    arrays_pj = sum(row.energy_pj for row in found.energy if row.component == "die.tile.array")
    products = 2 * sum(op.macs for op in network(name).ops if op.kind is OpKind.MVM)
    assert products * found.requests / arrays_pj == pytest.approx(100)
    assert 0.6 < 1 - arrays_pj / found.energy_pj < 0.75


@pytest.mark.parametrize("name", NETWORKS)
def test_energy_efficiency_is_the_published_one(name: str) -> None:
    """One energy was fitted, to the stationary BERT-base."""
    runs = (run("pws", name, BATCH, BATCH), run("fws", name, 2))
    for found, tops_per_w in zip(runs, TOPS_PER_W[name], strict=True):
        assert 2 * found.macs_per_request * found.requests / found.energy_pj == pytest.approx(
            tops_per_w, rel=0.1
        )


def test_residual_connections_are_added_where_the_layer_ends() -> None:
    """Not where its input lies: else all layers would come together in the tiles of the first one."""
    chip = xs.load_chip("analog_fabric")
    program = map_network(chip, network("base"))
    steps = program.by_name
    for layer in range(LAYERS["base"]):
        for last, added in (("attention.out", "add"), ("feed_forward.down", "add.2")):
            assert steps[f"{layer}.{added}"].homes == steps[f"{layer}.{last}"].homes
    assert Floor(chip).adder is chip.parts["die.tile.ccl"]
