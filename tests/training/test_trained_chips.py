"""The magnetic chip and the hybrid one while they learn: times of lines, energy of pulses, counts, wear."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import xbarsim as xs
from xbarsim.engine.granularity import Granularity
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plan import map_network
from xbarsim.scenario.train_parts import training_parts
from xbarsim.scenario.train_result import Training
from xbarsim.scenario.train_run import TrainBench
from xbarsim.scenario.train_spec import Train
from xbarsim.scenario.train_steps import SampleCounts
from xbarsim.training.algorithm import Algorithm, load_algorithm
from xbarsim.training.learner import Learner
from xbarsim.workload.inline import read_inline
from xbarsim.workload.load import load_workload

MAGNETIC = xs.load_chip("mtj-gxnor")
NETWORK = load_workload("tnn_digits")
WRITE_VOLT = 1.1771


@pytest.fixture(autouse=True)
def one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trained(
    chip: str, algorithm: str | Algorithm, epochs: int, samples: int | None = None, work: str = "mlp_digits"
) -> Training:
    result = xs.simulate(
        xs.load_chip(chip), load_workload(work), Train((algorithm,), epochs, samples=samples)
    )
    assert all(law.holds for law in result.trainings[0].laws)
    return result.trainings[0]


def energy_pj(training: Training, component: str) -> float:
    return sum(row.energy_pj for row in training.energy if row.component == component)


@pytest.mark.parametrize(
    ("inputs", "outputs", "wanted_ps"),
    [(64, 64, 64 * 3_500), (64, 10, 64 * 3_500), (64, 256, 64 * 3_500), (128, 64, 64 * 3_500), (32, 64, 32 * 3_500)],
)  # fmt: skip
def test_time_of_an_update_is_lines_times_a_line(inputs: int, outputs: int, wanted_ps: int) -> None:
    """M10, on the timeline: 1 ns setup and pulses of 2.5 ns a line; rows do not count, and arrays go side by side."""
    graph = read_inline(f"product {inputs}x{outputs}")
    bench = TrainBench(
        MAGNETIC,
        map_network(MAGNETIC, graph, None),
        training_parts(Floor(MAGNETIC)),
        Granularity.BURST,
    )
    (layer,) = bench.back.by_name
    lines = (("junctions", inputs),)
    asked = SampleCounts(0, (), lines, (), 0, 0, 0, line_ps=(("junctions", inputs * 2_500),))
    assert bench.batch({layer: (asked,)}).update_ps[layer] == wanted_ps


def test_energy_of_pulses_is_what_their_lengths_say() -> None:
    """V^2 sum of G t, over all batches, beside the same training without a chip."""
    training = trained("mtj-gxnor", "gxnor", 1, 300, "tnn_digits")
    devices = {"junctions": MAGNETIC.cells["mtj"]}
    learner = Learner(NETWORK, load_algorithm("gxnor"), devices, samples=300)  # type: ignore[arg-type]
    asked = [one for batch in learner.run(1) for one in batch.asked.values()]
    through = sum(one.usiemens_ns["junctions"].sum() for one in asked)
    assert energy_pj(training, "cells.mtj") == pytest.approx(WRITE_VOLT**2 * through * 1e-3)
    counts = {
        row.action: row.count for row in training.energy if row.component in ("tile.trainer", "cells.mtj")
    }
    assert counts["pulse"] == sum(one.pulses["junctions"].sum() for one in asked)
    lines = sum(one.line_slots["junctions"].sum() for one in asked)
    assert lines <= counts["line selected"] <= 2 * lines + len(asked)  # of the same line on two arrays both
    assert training.samples == 300 and training.batches == 3


@pytest.mark.slow
def test_efficiency_of_updates() -> None:
    """M9: 3 TOPS/W, of two operations a synapse and batch in ten epochs; the write voltage is fitted to it."""
    training = trained("mtj-gxnor", "gxnor", 10, work="tnn_digits")
    operations = 2 * 17_024 * training.batches
    assert operations / energy_pj(training, "cells.mtj") == pytest.approx(3.0, rel=0.01)
    assert training.epochs[-1].accuracy > 0.92


def test_a_network_with_rectifiers_becomes_ternary_on_the_magnetic_chip() -> None:
    training = trained("mtj-gxnor", "gxnor", 1, 256)
    assert [row.layer for row in training.layers] == ["0", "2", "4"]


def test_outer_products_find_no_trainer_on_the_magnetic_chip() -> None:
    with pytest.raises(xs.MappingError, match=r"array 'weights' has a device of mtj"):
        trained("mtj-gxnor", "in_memory_sgd", 1, 32)


def test_words_and_pairs_on_the_hybrid_chip() -> None:
    """Each batch reads and writes every line of words; of the pairs only those lines that carry."""
    training = trained("hic-training", load_algorithm("hybrid", ["bits_of_word=4"]), 1, 320)
    rows = {(row.component, row.action): row for row in training.energy}
    assert rows["tile.words", "line read"].count == 20 * (64 + 128 + 64)
    bits, pairs = rows["cells.bit", "pulse"].count, rows["cells.pair", "pulse"].count
    assert bits > 5 * pairs > 0 and bits + pairs == training.epochs[-1].pulses
    assert rows["cells.bit", "pulse"].energy_pj == pytest.approx(10 * rows["cells.bit", "pulse"].count)


def test_shipped_ternary_weights() -> None:
    """-1, 0 and 1; as good as their file says; and the share of inputs at work that the chip's file quotes."""
    network = NETWORK.network()
    images, labels = NETWORK.test_set()
    assert (network(images).argmax(1) == labels).float().mean() == pytest.approx(0.9667, abs=0.005)
    values, active, crossings = images, 0.0, 0
    for layer in network:
        if isinstance(layer, torch.nn.Linear):
            assert set(layer.weight.unique().tolist()) == {-1.0, 0.0, 1.0}
            active += float((values != 0).float().mean()) * layer.weight.numel()
            crossings += layer.weight.numel()
        values = layer(values)
    assert crossings == 17_024 and active / crossings == pytest.approx(0.77, abs=0.01)
    assert np.isclose(crossings, NETWORK.graph.macs)
