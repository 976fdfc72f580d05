"""Workloads that learn in place: every algorithm, what it asks for, time that passes, repetition."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from xbarsim.devices.load import load_technology
from xbarsim.devices.pulsed import PulsedDevice, load_pulsed_device
from xbarsim.devices.technology import Technology
from xbarsim.errors import WorkloadError
from xbarsim.training.algorithm import Algorithm, load_algorithm, shipped_algorithms
from xbarsim.training.learner import Batch, Learner
from xbarsim.workload.load import load_workload

MLP = load_workload("mlp_digits")
SHAPES = {"0": (128, 64), "2": (64, 128), "4": (10, 64)}


@pytest.fixture(autouse=True)
def one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def devices(algorithm: Algorithm) -> dict[str, PulsedDevice | Technology]:
    pulsed = "ecram" if algorithm.kind == "in_memory_sgd" else "soft_bounds"
    others = {"msb": "pcm", "junctions": "mtj"}
    return {
        name: load_technology(others[name]) if name in others else load_pulsed_device(pulsed)
        for name in algorithm.arrays
        if name != "lsb"
    }


def learner(name: str, seed: int = 0, over: tuple[str, ...] = (), work: str = "mlp_digits") -> Learner:
    algorithm = load_algorithm(name, over)
    return Learner(MLP if work == "mlp_digits" else load_workload(work), algorithm, devices(algorithm), seed)


@pytest.mark.parametrize("name", shipped_algorithms())
def test_each_algorithm_learns_digits(name: str) -> None:
    """Two epochs; a guess is right for 10 %."""
    learning = learner(name)
    batches = list(learning.run(2))
    first, last = (float(np.mean([b.loss for b in part])) for part in (batches[:20], batches[-20:]))
    assert learning.samples == 2 * 1347 == sum(batch.samples for batch in batches)
    assert last < 0.8 * first and learning.accuracy() > 0.55
    assert set(batches[0].asked) == set(learning.layers) and len(batches[0].asked) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_algorithms())
def test_each_algorithm_learns_digits_in_ten_epochs(name: str) -> None:
    """What the files say of themselves: 93 to 97 %, seed 0; three seeds within two points of that."""
    found = []
    for seed in range(3):
        learning = learner(name, seed)
        for _ in learning.run():
            pass
        found.append(learning.accuracy())
    assert np.mean(found) > (0.91 if name == "gxnor" else 0.92), found


def test_repeats_from_its_seed() -> None:
    def told(seed: int) -> list[tuple[float, dict[str, float]]]:
        learning = learner("agad", seed)
        return [(batch.loss, batch.asked["2"].per_sample()) for batch in islice(learning.run(), 5)]

    assert told(3) == told(3) != told(4)


def test_what_transfers_ask_for() -> None:
    """AGAD: each sample on its own; a read every second sample, of one line; trains of at most 5 slots."""
    learning = learner("agad")
    batch = next(iter(learning.run()))
    for path, (outputs, inputs) in SHAPES.items():
        asked = batch.asked[path]
        assert not asked.batch_end and asked.samples == batch.samples == 16
        assert asked.reads["fast"].tolist() == [0, 1] * 8 == asked.transfers.tolist()
        assert asked.parallel_slots["fast"].max() <= 5
        assert asked.digital_ops.tolist() == [inputs + outputs, inputs + 7 * outputs] * 8
        assert asked.line_ns == {}
        assert learning.wear[path]["fast"].sum() == asked.pulses["fast"].sum() > 0


def test_what_columns_of_junctions_ask_for() -> None:
    """GXNOR: once a batch, column after column, each as long as its longest pulse."""
    learning = learner("gxnor", over=("batch=16", "widths=affine"))
    before = {path: wear["junctions"].copy() for path, wear in learning.wear.items()}
    batch = next(iter(learning.run()))
    for path, (outputs, inputs) in SHAPES.items():
        asked = batch.asked[path]
        assert asked.batch_end and asked.samples == 16
        pulses, columns = asked.pulses["junctions"], asked.line_slots["junctions"]
        assert pulses[:-1].sum() == columns[:-1].sum() == 0 < pulses[-1] <= 2 * outputs * inputs
        assert 0 < columns[-1] <= inputs
        mean_ns = asked.pulse_ns["junctions"][-1] / pulses[-1]
        assert 2.4 < mean_ns <= asked.line_ns["junctions"][-1] / columns[-1] < 9.1  # 2.5 ns + |part| 6.3 ns
        met = asked.usiemens_ns["junctions"][-1] / asked.pulse_ns["junctions"][-1]
        assert 166.7 < met < 333.3
        assert (learning.wear[path]["junctions"] - before[path]).sum() == pulses[-1]


def test_writes_at_the_end_of_a_batch() -> None:
    for name in ("mixed_precision", "hybrid", "gxnor"):
        learning = learner(name)
        asked = list(next(iter(learning.run())).asked.values())
        assert learning.algorithm.batch_end and all(one.batch_end for one in asked)
        assert all(counts[:-1].sum() == 0 for one in asked for counts in one.line_slots.values())
    assert not load_algorithm("in_memory_sgd").batch_end


def test_convolutions_ask_for_each_position() -> None:
    learning = learner("ttv2", work="cnn_digits")
    batch = next(iter(learning.run()))
    positions = {path: asked.samples / batch.samples for path, asked in batch.asked.items()}
    assert positions == {"0": 64, "3": 16, "6": 1}


def test_junctions_of_a_convolution() -> None:
    learning = learner("gxnor", work="cnn_digits")
    assert next(iter(learning.run())).asked["0"].samples == 128 * 64


def test_time_takes_from_the_fast_array() -> None:
    """1/e after a lifetime; devices without one keep what they hold."""
    algorithm, slow = load_algorithm("agad"), load_pulsed_device("soft_bounds")
    leaking = load_pulsed_device("soft_bounds", ["lifetime={value: 2 s, source: here}"])
    learning = Learner(MLP, algorithm, {"fast": leaking, "slow": slow})
    next(iter(learning.run()))
    rule = learning.layers["0"].rule
    fast, held = rule.fast.held.copy(), rule.weights()  # type: ignore[attr-defined]
    learning.relax(1.0)
    assert rule.fast.held == pytest.approx(fast * np.exp(-0.5), rel=1e-5)  # type: ignore[attr-defined]
    assert (rule.weights() == held).all()


def test_leaking_between_transfers_spoils_what_was_gathered() -> None:
    """Accuracy without a leak, with one of 50 rounds of transfers, and with one of a hundredth of a round."""
    algorithm = load_algorithm("ttv2")
    round_s = 128 * 2 * 1e-6  # 128 lines, a transfer every second sample, 1 us a sample

    def after(lifetime_s: float | None) -> float:
        over = [] if lifetime_s is None else [f"lifetime={{value: {lifetime_s} s, source: here}}"]
        learning = Learner(
            MLP,
            algorithm,
            {"fast": load_pulsed_device("soft_bounds", over), "slow": load_pulsed_device("soft_bounds")},
            samples=500,
        )
        for batch in learning.run(3):
            learning.relax(batch.samples * 1e-6)
        return learning.accuracy()

    kept, long, short = after(None), after(50 * round_s), after(round_s / 100)
    assert long > kept - 0.05 and short < kept - 0.15


def test_drift_of_pairs_and_heat_in_junctions() -> None:
    pairs = learner("hybrid")
    weights = pairs.layers["0"].rule.weights()
    pairs.relax(3600.0)
    shrunk = np.abs(pairs.layers["0"].rule.weights()).sum() / np.abs(weights).sum()
    assert shrunk == pytest.approx((3600 / 20) ** -0.05, abs=0.02)  # exponents of some 0.05, from 20 s on

    stable = learner("gxnor")
    held = stable.layers["2"].rule.weights()
    stable.relax(1e6)
    assert (stable.layers["2"].rule.weights() == held).all()
    hot = {"junctions": load_technology("mtj", ["stability=20"])}  # a state stays for 0.49 s on average
    weak = Learner(MLP, load_algorithm("gxnor"), hot)
    held = weak.layers["2"].rule.weights()
    weak.relax(0.1)
    left = 1 - np.exp(-0.1 / (1e-9 * np.exp(20)))
    assert np.mean(weak.layers["2"].rule.weights() != held) == pytest.approx(
        1 - (1 - left) ** 2 - left**2 / 2, abs=0.02
    )


def test_starts_from_trained_weights_or_new_ones() -> None:
    algorithm = load_algorithm("hybrid", ["levels=64"])
    cells: dict[str, PulsedDevice | Technology] = {"msb": load_technology("ideal")}
    assert Learner(MLP, algorithm, cells, weights="plain").accuracy() > 0.9
    assert Learner(MLP, algorithm, cells).accuracy() < 0.3


def test_networks_that_cannot_be_made_ternary() -> None:
    with pytest.raises(
        WorkloadError, match="gxnor: the network is a LeNet, whose activations cannot be made ternary"
    ):
        learner("gxnor", work="lenet_digits")
    with pytest.raises(WorkloadError, match="gives no 'data'"):
        learner("agad", work="resnet18")


@pytest.mark.parametrize("over", ["batch=1", "batch=673", "batch=2"])
def test_a_single_image_is_not_normalised(over: str) -> None:
    """1347 images: batches of 2 and of 673 leave one."""
    with pytest.raises(WorkloadError, match=r"1347 images in batches of \d+ leave one alone"):
        learner("gxnor", over=(over,))
    learner("ttv2", over=(over,))  # nothing to normalise


def test_a_batch_says_what_it_is() -> None:
    first, second = islice(learner("ttv2", over=("batch=1000",)).run(), 2)
    assert isinstance(first, Batch) and (first.samples, second.samples, second.epoch) == (1000, 347, 0)
