"""TTv2, chopped TTv2 and AGAD: an independent program's traces, event counts, and the two toys of the published
study."""

from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.devices import soft_bounds
from tests.training.toys import SPREAD, arrays, directed, learned, regression, transfer
from xbarsim.training.array import PulsedArray
from xbarsim.training.asked import Asked
from xbarsim.training.tiki_taka import TikiTaka, Transfer
from xbarsim.training.trains import Pulsing

DATA = Path(__file__).parent.parent / "data" / "training"
STEPS = 120


def traces() -> list[tuple[tuple[str, str, str, str], list[dict[str, str]]]]:
    rows = csv.DictReader((DATA / "transfer_trace.csv").open())
    found = groupby(rows, key=lambda row: (row["algo"], row["chop"], row["refA"], row["flip"]))
    return [(key, list(group)) for key, group in found]


@pytest.mark.parametrize(
    "key, rows", traces(), ids=lambda value: "-".join(value) if len(value) == 4 else "rows"
)
def test_traces(key: tuple[str, str, str, str], rows: list[dict[str, str]]) -> None:
    """Every element of A, H and C after each of 120 updates, to 1e-5."""
    algorithm, chop, reference, flip = key
    wanted = {name: np.zeros((STEPS, 2, 3)) for name in "AHC"}
    for row in rows:
        for name, values in wanted.items():
            values[int(row["step"]) - 1, int(row["out"]), int(row["inp"])] = float(row[name])
    rng = np.random.default_rng(0)
    fast = PulsedArray(soft_bounds(reference=float(reference)), (2, 3), rng, np.float64)
    slow = PulsedArray(soft_bounds(), (2, 3), rng, np.float64)
    rule = TikiTaka(Transfer(1, Pulsing(2), chop=float(chop), dynamic=algorithm == "agad"), fast, slow, rng)
    for step in range(STEPS):
        d = np.array([[1.0, -1.0]]) * (-1 if flip == "1" and step >= 60 else 1)
        rule.update(np.ones((1, 3)), d, 0.5)
        for name, found in (("A", fast.values), ("H", rule.hidden), ("C", slow.values)):
            assert found == pytest.approx(wanted[name][step], abs=1e-5), (name, step)


def noisy_rule(settings: Transfer, seed: int = 3, size: int = 8) -> TikiTaka:
    rng = np.random.default_rng(seed)
    fast, slow = arrays(size, 20, (0.0, 0.1), 0.1, rng)
    return TikiTaka(settings, fast, slow, rng)


@pytest.mark.parametrize("chopping", ["regular", "random"])
def test_choppers_that_never_turn_change_nothing(chopping: Any) -> None:
    """T8, bit by bit. A chopper of probability 1e-300 goes the way of chopped training and never turns."""
    plain, never = (
        noisy_rule(transfer("ttv2")),
        noisy_rule(transfer("c-ttv2", chop=1e-300, chopping=chopping)),
    )
    zero = noisy_rule(transfer("c-ttv2", chop=0.0, chopping=chopping))
    for rule in (plain, never, zero):
        learned(rule, 400, np.random.default_rng(0))
    for other in (never, zero):
        assert np.array_equal(plain.weights(), other.weights())
        assert np.array_equal(plain.hidden, other.hidden)
        assert np.array_equal(plain.fast.held, other.fast.held)
        assert all(np.array_equal(plain.wear[name], other.wear[name]) for name in plain.wear)


@pytest.mark.parametrize("algorithm, ops, bits", [("ttv2", 2, 16), ("c-ttv2", 2, 18), ("agad", 6, 50)])
def test_counts(algorithm: str, ops: int, bits: int) -> None:
    """T9: reads every n_s samples; no more writes than reads; operations and memory as Table 1 has them."""
    every, size, samples = 5, 8, 1000
    rule = noisy_rule(transfer(algorithm, every=every), size=size)
    error, asked = learned(rule, samples, np.random.default_rng(1))
    assert error < 0.3
    assert asked.samples == samples
    reads = asked.reads["fast"]
    assert reads.sum() == samples / every and set(np.flatnonzero(reads) % every) == {every - 1}
    assert np.array_equal(asked.transfers, reads)
    assert (asked.line_slots["slow"] <= reads).all() and asked.line_slots["slow"].sum() > 10
    assert asked.pulses["slow"].sum() == rule.slow.pulses.sum()
    assert asked.pulses["fast"].sum() == rule.fast.pulses.sum()
    assert (asked.pulses["slow"] <= size).all()
    assert asked.digital_ops.sum() == samples * 2 * size + reads.sum() * ops * size
    assert asked.memory_bits.sum() == reads.sum() * bits * size
    assert np.array_equal(asked.random_bits, asked.parallel_slots["fast"] * 2 * size)
    assert asked.parallel_slots["fast"].max() <= 5


@pytest.mark.parametrize("chopping, tolerance", [("regular", 0.0), ("random", 0.03)])
def test_choppers_turn_as_often_as_said(chopping: Any, tolerance: float) -> None:
    """T9: rho turns a read."""
    rule = noisy_rule(transfer("c-ttv2", every=1, chop=0.1, chopping=chopping))
    turns, reads = 0, 8 * 100
    for _ in range(reads):
        before = rule.chopper.copy()
        rule.update(np.ones((1, 8)), np.ones((1, 8)), 0.0)
        turns += int((before != rule.chopper).sum())
    assert turns / reads == pytest.approx(0.1, abs=tolerance)


def test_a_batch_is_its_samples_one_after_another() -> None:
    """Where nothing is drawn and nothing scaled, a batch at once ends where its samples one by one do."""
    x = np.ones((420, 8))
    d = np.tile(np.sign(np.random.default_rng(6).standard_normal(6)), (420, 1))
    ends = []
    for size in (1, 7, 420):
        rng = np.random.default_rng(0)
        fast, slow = (PulsedArray(soft_bounds(), (6, 8), rng, np.float64) for _ in range(2))
        settings = Transfer(4, Pulsing(2), 0.04, scaled=False, chop=0.3, dynamic=True, share=0.5, gain=40.0)
        rule = TikiTaka(settings, fast, slow, rng)
        asked = Asked.joined(rule.update(x[k : k + size], d[k : k + size], 0.2) for k in range(0, 420, size))
        ends.append((rule.weights(), rule.hidden, asked.reads["fast"], asked.line_slots["slow"]))
    for other in ends[1:]:
        assert all(np.array_equal(one, two) for one, two in zip(ends[0], other, strict=True))
    assert np.abs(ends[0][0]).max() > 0


def test_lines_may_be_outputs() -> None:
    """The same on transposed problems."""
    ends = []
    for lines in ("inputs", "outputs"):
        shape = (3, 5) if lines == "inputs" else (5, 3)
        rng = np.random.default_rng(0)
        fast, slow = (PulsedArray(soft_bounds(), shape, rng, np.float64) for _ in range(2))
        rule = TikiTaka(Transfer(2, Pulsing(2), chop=0.25, lines=lines), fast, slow, rng)  # type: ignore[arg-type]
        wide, narrow = np.sign(np.arange(5) - 1.5)[np.newaxis], np.ones((1, 3))
        for _ in range(60):
            rule.update(*((wide, narrow) if lines == "inputs" else (narrow, wide)), 0.5)
        ends.append(rule.weights() if lines == "inputs" else rule.weights().T)
    assert np.array_equal(*ends) and np.abs(ends[0]).max() > 0


def test_a_dynamic_reference_needs_none_of_its_own() -> None:
    """T12: read without the reference array, AGAD does not see where that array stands, as far as the last bit."""
    ends = []
    for offset in (0.0, 0.4):
        rng = np.random.default_rng(0)
        fast, slow = arrays(6, 20, (offset, 0.2), 0.1, rng)
        fast.held[...] = 0
        rule = TikiTaka(transfer("agad", referred=False), fast, slow, rng)
        learned(rule, 300, np.random.default_rng(0))
        ends.append(rule.weights())
    assert np.array_equal(*ends)


def diagonal_and_rest(algorithm: str, offset: float, seeds: int) -> tuple[float, float]:
    found = [directed(algorithm, offset, 4000, seed) for seed in range(seeds)]
    rest = np.concatenate([w[~np.eye(5, dtype=bool)] for w in found])
    return float(np.mean([np.diag(w).mean() for w in found])), float(rest.mean())


def test_an_offset_stops_ttv2_and_not_agad() -> None:
    """T10, Fig. 3; expected are the diagonals of an independent program, here with 5 or 16 seeds instead of 64."""
    for algorithm, offset, wanted in (
        ("ttv2", 0.0, -0.67), ("c-ttv2", 0.0, -0.67), ("agad", 0.0, -0.83),
        ("c-ttv2", -0.8, -0.64), ("agad", -0.8, -0.83),
    ):  # fmt: skip
        diagonal, rest = diagonal_and_rest(algorithm, offset, 5)
        assert diagonal == pytest.approx(wanted, abs=0.06), (algorithm, offset)
        assert abs(rest) < 0.1
    diagonal, rest = diagonal_and_rest("ttv2", -0.8, 16)
    assert abs(diagonal) < 0.1 and rest > 0.5


def test_wear_of_fast_and_slow_array() -> None:
    """T13: the fast array gets hundreds of times the pulses of the slow one; its busiest cell 0.5 to 4 a sample."""
    rule = noisy_rule(transfer("agad"), size=20)
    learned(rule, 3000, np.random.default_rng(0))
    fast, slow = rule.wear["fast"], rule.wear["slow"]
    assert fast.mean() / slow.mean() > 100
    assert 0.5 < fast.max() / 3000 < 4


def test_a_leak_hurts_once_it_is_faster_than_a_round() -> None:
    """T14: a round of the 20 lines takes 100 samples. What leaks in between is lost to the transfers."""
    errors = {}
    for lifetime in (None, 20_000, 10, 1):
        rng = np.random.default_rng(0)
        fast, slow = arrays(20, 20, (0.0, 0.1), 0.1, rng, lifetime_updates=lifetime)
        errors[lifetime] = learned(TikiTaka(transfer("agad"), fast, slow, rng), 1500, rng)[0]
    assert errors[20_000] == pytest.approx(errors[None], rel=0.02)
    assert errors[None] * 1.15 < errors[10] < errors[1]


@pytest.mark.slow
def test_offsets_by_algorithm() -> None:
    """T11, Fig. 4 at 20 states, mean of three seeds, as an independent program has it."""

    def error(algorithm: str, spread: float) -> float:
        return float(np.mean([regression(algorithm, 20, spread, 20_000, seed) for seed in range(3)]))

    ttv2, cttv2, agad = (
        {spread: error(name, spread) for spread in (0.0, 0.3, 0.5)} for name in ("ttv2", "c-ttv2", "agad")
    )
    assert ttv2[0.0] == pytest.approx(0.05, abs=0.01)
    assert ttv2[0.3] > 0.25 and ttv2[0.5] > ttv2[0.3]
    assert agad[0.5] < cttv2[0.5] < ttv2[0.5] / 4
    # That program has 5.2 % and 8.6 % for chopped TTv2 here; ours comes to 5.0 % and 10.5 %, a cause we did not find.
    assert cttv2[0.0] == pytest.approx(0.052, abs=0.01) and cttv2[0.5] < 2.5 * cttv2[0.0]
    agad[1.0] = error("agad", 1.0)
    assert max(agad.values()) / min(agad.values()) < 1.15


def test_messages() -> None:
    for wrong, text in (
        ({"every": 0}, r"Transfer.every is 0; allowed: a whole number from 1"),
        ({"dynamic": True}, r"Transfer.chop is 0.0; allowed: above 0, which a dynamic reference needs"),
        ({"fast_rate": None}, r"Transfer.fast_rate is None; allowed: given, where it is scaled"),
        ({"chop": 0.1, "dynamic": True, "share": 0.0}, r"Transfer.share is 0.0"),
    ):
        with pytest.raises(ValueError, match=text):
            Transfer(**({"every": 1, "pulsing": Pulsing(5)} | wrong))  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    one, other = (PulsedArray(soft_bounds(**SPREAD), shape, rng) for shape in ((2, 3), (3, 2)))
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(3, 2\)"):
        TikiTaka(Transfer(1, Pulsing(5)), one, other, rng)
    rule = TikiTaka(Transfer(1, Pulsing(5)), one, one, rng)
    with pytest.raises(ValueError, match=r"x of shape \(1, 2\), d of \(1, 2\); allowed: \(samples, 3\)"):
        rule.update(np.ones((1, 2)), np.ones((1, 2)), 0.1)
    with pytest.raises(ValueError, match="not finite; lower the learning rate"):
        rule.update(np.full((1, 3), np.nan), np.ones((1, 2)), 0.1)
