"""The simulator's event counts are those that follow from layer shapes, exactly; its energies, counts times prices.

The counts come from tests/event_counts.py, which shares nothing with the simulator but the rules of docs/model.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import xbarsim as xs
from tests import layer_tables, machines
from tests.event_counts import Counts, Event, array_events
from tests.layer_tables import Table
from tests.machines import Machine

DATA = Path(__file__).parent.parent / "data"
NETWORKS: dict[str, Callable[[], Table]] = {
    "mlp_digits": layer_tables.perceptron,
    "vgg8_cifar10": layer_tables.vgg8,
    "resnet9_cifar10": layer_tables.resnet9,
    "resnet18": layer_tables.resnet18,
}
ROOM = "tile.buffer.capacity=16 MiB"  # for one copy of each layer the published 64 KiB are too few
LARGE = ["tile.count=420", ROOM]
CHIPS: dict[str, tuple[Machine, str, list[str]]] = {
    "isaac": (machines.ISAAC, "isaac", [ROOM]),
    "puma": (machines.PUMA, "puma", [ROOM]),
    "hermes64": (machines.HERMES, "hermes64", []),
    "hermes64, four phases": (machines.HERMES_FOUR_PHASE, "hermes64", ["mode=four_phase"]),
    "tutorial": (machines.tutorial(20, 21), "tutorial", LARGE),
}
SMALL = ("mlp_digits", "resnet9_cifar10")  # what fits the 64 cores
CASES = [
    (chip, network) for chip in CHIPS for network in NETWORKS if "hermes" not in chip or network in SMALL
]
# Prices in pJ of tests/data/isaac_priced.yaml, from the Accelergy library; what it does not have is free.
LIBRARY = {
    "tile.ima.adc": 1.667,
    "tile.ima.dac": 0.417,
    "tile.ima.shift_add": 0.021,
    "tile.ima.input_register": 0.009,
    "tile.ima.output_register": 0.009,
    "tile.buffer": 20.45 / 256,
    "tile.bus": 0.054,
    "tile.accumulator": 0.021,
    "connect0.router": 20.74 / 256,
    "io": 26 / 128,
}


def ledger(result: xs.Result) -> dict[Event, int]:
    return {(row.component, row.action): row.count for row in result.energy if row.per_action_pj is not None}


@cache
def counted(chip: str, network: str) -> Counts:
    return Counts(CHIPS[chip][0], NETWORKS[network]())


@cache
def simulated(chip: str, network: str, replicate: str) -> xs.Result:
    _, name, settings = CHIPS[chip]
    asked = xs.load_chip(name, [f"mapping.replicate={replicate}", *settings])
    return xs.simulate(asked, xs.load_workload(network), xs.Infer(requests=1))


@pytest.mark.parametrize(("chip", "network"), CASES)
def test_every_count_of_the_ledger_follows_from_layer_shapes(chip: str, network: str) -> None:
    """Reads, conversions, samples, additions, operations, bits in buffers, registers and on every kind of wire."""
    assert ledger(simulated(chip, network, "none")) == dict(counted(chip, network).total())


@pytest.mark.parametrize(("chip", "network"), CASES)
def test_matrices_lie_where_the_counts_take_them_to_lie(chip: str, network: str) -> None:
    placed = counted(chip, network).placed
    result = simulated(chip, network, "none")
    used = {int(tile.path.partition("[")[2][:-1]): tile for tile in result.tiles if tile.arrays_used}
    arrays: Counter[int] = Counter()
    for tiles in placed.values():
        for tile, blocks in tiles.items():
            arrays[tile] += len(blocks)
    assert {number: tile.arrays_used for number, tile in used.items()} == arrays
    for number, tile in used.items():
        assert tile.ops == tuple(name for name, tiles in placed.items() if number in tiles)


@pytest.mark.parametrize(("chip", "network"), CASES)
def test_copies_change_nothing_for_the_arrays_and_little_for_what_moves(chip: str, network: str) -> None:
    """Which copy does a position is a rule of the mapping, so what moves is bounded, not counted: every tile that
    reads a layer may need its whole result, and a copy that is spread over tiles fetches its inputs on each."""
    machine, network_table = CHIPS[chip][0], NETWORKS[network]()
    result = simulated(chip, network, "balance")
    found, arrays = ledger(result), array_events(machine, network_table)
    assert {event: found.get(event, 0) for event in arrays} == arrays
    stored = found.get((machine.parts.get("buffer", ""), "bit written"), 0)
    tiles = sum(1 for tile in result.tiles if tile.arrays_used)
    elements = sum(layer.positions * layer.width for layer in network_table.layers)
    readers = sum(len(layer.inputs) for layer in network_table.layers)
    assert 0 <= stored <= elements * machine.bits * readers * tiles
    if stored:
        assert stored >= elements * machine.bits / 4  # where a 1 x 1 window of stride 2 is the only reader


def test_bert_reads_converts_and_adds_as_its_matrices_ask() -> None:
    """Its attention is no product of weights: it is the matrix unit's, 2 x 12 layers x 128 x 128 x 768."""
    settings = [
        "tile.count=270", "tile.array.count=96", "tile.adc.count=96", "tile.buffer.capacity=16 MiB",
        "tile.matrix_unit={kind: matrix_unit, macs_per_cycle: 256, clock: 1 GHz, energy: 0.33 pJ}",
        "tile.vector_unit.operations=[elementwise, pooling, normalisation, softmax, gather, move]",
    ]  # fmt: skip
    chip = xs.load_chip("tutorial", settings)
    found = ledger(xs.simulate(chip, xs.load_workload("bert_base"), xs.Infer(requests=1)))
    arrays = array_events(machines.tutorial(18, 15, 96), layer_tables.bert_matrices())
    assert {event: found[event] for event in arrays} == arrays
    assert found["tile.matrix_unit", "mac"] == 12 * 2 * 128 * 128 * 768


@pytest.mark.parametrize("network", ["vgg8_cifar10", "resnet9_cifar10", "resnet18"])
def test_energies_of_layers_are_counts_times_the_librarys_prices(network: str) -> None:
    router = [f"connect[0].router.energy={20.74 / 256} pJ/bit", "connect[0].router.active_power=ideal"]
    settings = ["mapping.replicate=none", ROOM, *router]
    chip = xs.load_chip(str(DATA / "isaac_priced.yaml"), settings)
    result = xs.simulate(chip, xs.load_workload(network), xs.Infer(requests=1))
    counts = counted("isaac", network).by_layer
    assert {row.name for row in result.layers} >= set(counts)
    for row in result.layers:
        events = counts[row.name].items()
        expected = sum(number * LIBRARY.get(component, 0.0) for (component, _), number in events)
        assert row.energy_pj == pytest.approx(expected, rel=1e-12)
    assert result.energy_pj == pytest.approx(sum(row.energy_pj for row in result.layers), rel=1e-12)
