"""In-memory SGD, mixed precision, and the two tiers of hybrid training."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.devices import constant_steps, soft_bounds
from tests.training.toys import SPREAD
from xbarsim.training.array import PulsedArray
from xbarsim.training.asked import Asked
from xbarsim.training.hybrid import HybridTraining, Tiers
from xbarsim.training.rule import InMemorySgd, MixedPrecision, UpdateRule
from xbarsim.training.trains import Pulsing

TIERS = Tiers(bits=7, step=0.125, levels=16, refresh_every=10)


def fitted(rule: UpdateRule, batches: int, rate: float, batch: int = 1, seed: int = 0) -> tuple[float, Asked]:
    """Root mean square error of the weights after regression on random vectors."""
    rng = np.random.default_rng(seed)
    wanted = 0.3 * rng.standard_normal(rule.shape)
    asked = []
    for _ in range(batches):
        x = rng.standard_normal((batch, rule.shape[1]))
        asked.append(rule.update(x, x @ (wanted - rule.weights()).T / batch, rate))
    return float(np.sqrt(np.mean((rule.weights() - wanted) ** 2))), Asked.joined(asked)


def test_in_memory_sgd_learns_as_far_as_its_states_go() -> None:
    """T11: with 20 states the error stays above 25 % (of a range of +-1), whatever the reference; finer steps help."""
    errors = {}
    for states in (20, 2000):
        rng = np.random.default_rng(0)
        device = soft_bounds(step=2 / states, asymmetry_spread=0.1, at_symmetry_point=True, **SPREAD)
        rule = InMemorySgd(PulsedArray(device, (20, 20), rng), Pulsing(31), rng)
        errors[states], asked = fitted(rule, 2000, 0.1 if states == 20 else 0.02)
        assert np.array_equal(asked.digital_ops, np.full(2000, 40))
        assert asked.pulses["weights"].sum() == rule.wear["weights"].sum()
        assert not asked.reads["weights"].any() and not asked.memory_bits.any()
    assert errors[20] > 0.25 and errors[2000] < 0.1


def test_mixed_precision_writes_whole_steps_of_the_sum() -> None:
    rng = np.random.default_rng(0)
    rule = MixedPrecision(PulsedArray(constant_steps(step=0.05), (3, 4), rng, np.float64))
    x, d = np.array([[1.0, 0.5, 0, 0], [0, 0, 0, 1.0]]), np.array([[1.0, 0, 0], [0, -1.0, 0]])
    asked = rule.update(x, d, 0.08)
    assert rule.weights() / 0.05 == pytest.approx(np.array([[1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 0, 0]]))
    assert rule.waiting[0] == pytest.approx([0.03, 0.04, 0, 0]) and rule.waiting[1, 3] == pytest.approx(-0.03)
    assert asked.digital_ops.tolist() == [2 * 12 + 3] * 2
    assert asked.line_slots["weights"].tolist() == [0, 4] and asked.pulses["weights"].tolist() == [0, 2]
    assert asked.memory_bits.tolist() == [0, 16 * 12]
    error, _ = fitted(MixedPrecision(PulsedArray(constant_steps(step=0.02), (6, 5), rng)), 400, 0.05, 10)
    assert error < 0.03


def test_nothing_is_lost_in_a_carry() -> None:
    """Pairs and words together move by exactly what was added, at every step (step of the pair = 2^bits units)."""
    rng = np.random.default_rng(0)
    rule = HybridTraining(Tiers(bits=7, step=0.125, levels=64, refresh_every=10), (6, 7), rng)
    total, carried = np.zeros(rule.shape, dtype=np.int64), 0
    for turn in range(400):
        units = rng.integers(-90, 91, rule.shape)
        before = rule.pulsed.sum()
        rule.add(units)
        carried += rule.pulsed.sum() - before
        total += units
        if turn % 10 == 9:
            rule.refresh()
        assert np.array_equal(np.rint(rule.value / TIERS.unit).astype(np.int64), total)
        assert np.abs(rule.word).max() < 128
    assert rule.lost == 0 and carried > 1000 and rule.erased.sum() > 10


def test_bits_toggle_as_those_of_a_binary_counter() -> None:
    """Bit k of a word that counts up toggles every 2^k additions; half of them set it, half clear it."""
    rule = HybridTraining(TIERS, (1, 1), np.random.default_rng(0))
    turns = 2**9
    for _ in range(turns):
        rule.add(np.ones((1, 1), dtype=np.int64))
    toggled = (rule.set_bits + rule.cleared_bits)[0, 0]
    assert toggled.tolist() == [*(turns // 2**k for k in range(TIERS.bits)), 0]
    assert np.array_equal(rule.set_bits, rule.cleared_bits)
    assert rule.pulsed[:, 0, 0].tolist() == [turns // 2**7, 0]


def test_pairs_wear_far_less_than_words() -> None:
    rule = HybridTraining(TIERS, (10, 10), np.random.default_rng(0))
    error, asked = fitted(rule, 6000, 0.01, 16)
    assert error < TIERS.step
    assert 100 * rule.wear["msb"].max() <= rule.wear["lsb"].max() < 1e8
    assert asked.pulses["msb"].sum() == rule.pulsed.sum() + rule.erased.sum()
    assert asked.pulses["lsb"].sum() == rule.set_bits.sum() + rule.cleared_bits.sum()


def test_products_see_pairs_alone_and_pairs_drift() -> None:
    tiers = Tiers(bits=7, step=0.1, levels=16, refresh_every=10, drift=0.05)
    rule = HybridTraining(tiers, (1, 2), np.random.default_rng(0))
    rule.put(np.array([[0.8, -0.43]]))
    assert rule.weights() == pytest.approx(np.array([[0.8, -0.4]]))
    assert rule.value == pytest.approx(np.array([[0.8, -0.43]]), abs=tiers.unit)
    rule.word[...] = 0
    assert rule.weights(1e4) == pytest.approx(np.array([[0.8, -0.4]]) * 1e4**-0.05)
    assert np.array_equal(rule.weights(0.5), rule.weights())


def test_full_pairs_say_what_they_could_not_take() -> None:
    rule = HybridTraining(
        Tiers(bits=4, step=0.1, levels=3, refresh_every=1), (1, 1), np.random.default_rng(0)
    )
    rule.add(np.full((1, 1), 5 * 16))
    assert rule.lost == 2 and rule.weights()[0, 0] == pytest.approx(0.3)


def test_messages() -> None:
    with pytest.raises(ValueError, match=r"Tiers\.bits is 1; allowed: a whole number from 2"):
        Tiers(bits=1, step=0.1, levels=3, refresh_every=1)
    with pytest.raises(ValueError, match="no batch; give one or more"):
        Asked.joined([])
