"""GXNOR and the magnetic synapse: checks M1 to M6, M9 and M10."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from xbarsim.devices.load import load_technology
from xbarsim.devices.mtj import Mtj
from xbarsim.training.efficiency import Operating, calibrated
from xbarsim.training.gxnor import chance, moved, split, ternary
from xbarsim.training.magnetic import Inverse, MagneticSynapses, Width, fitted_width

found = load_technology("mtj", ["stability=61.73", "gyromagnetic_ratio=1.76e11"])  # theta = 0.09
assert isinstance(found, Mtj)
MTJ = found
P, AP = 1, 0
STATES = {"+1": (P, AP), "-1": (AP, P), "weak 0": (AP, AP), "strong 0": (P, P)}


def synapses(state: str, rows: int = 1, columns: int = 1, **settings: Any) -> MagneticSynapses:
    made = MagneticSynapses(MTJ, np.zeros((rows, columns)), np.random.default_rng(0), **settings)
    parallel = np.broadcast_to(np.array(STATES[state])[:, np.newaxis, np.newaxis], (2, rows, columns))
    made.junctions = made._placed(parallel == P)
    return made


@pytest.mark.parametrize("state, a", itertools.product(STATES, (-1.0, 0.0, 1.0)))
def test_gated_xnor(state: str, a: float) -> None:
    """M1: I = w a (G_P - G_AP) V; a resting input draws nothing, a zero weight draws by its state."""
    one, volt = synapses(state), 0.1
    weight = STATES[state][0] - STATES[state][1]
    span = MTJ.highest_usiemens - MTJ.lowest_usiemens
    assert one.weights[0, 0] == weight
    assert one.currents_ua(np.array([a]), volt)[0, 0] == weight * a * span * volt
    assert one.product(np.array([a]))[0] == pytest.approx(weight * a, abs=1e-12)
    conductance = sum((MTJ.lowest_usiemens, MTJ.highest_usiemens)[junction] for junction in STATES[state])
    assert one.read_power_uw(np.array([a]), volt)[0, 0] == pytest.approx(volt**2 * conductance * abs(a))


def test_law_of_switching() -> None:
    """M2: beside 10^6 angles, at ten durations; and the values of the facts for theta = 0.1 rad."""
    angles = np.abs(0.09 * np.random.default_rng(1).standard_normal(1_000_000))
    rate = 0.01 * 1.76e11 * 0.5 * (3 - 1) / 2
    needed = np.log(np.pi / 2 / angles) / rate
    for pulse_s in np.linspace(1.5e-9, 10.5e-9, 10):
        assert MTJ.switching_probability(pulse_s) == pytest.approx(np.mean(needed < pulse_s), abs=0.002)
    warm = MTJ.model_copy(update={"stability": 50.0})  # theta = 0.1
    assert warm.switching_probability(np.array([1e-9, 2e-9, 3e-9, 4e-9])) == pytest.approx(
        [0.0, 0.0069, 0.2629, 0.6425], abs=0.002
    )


def test_affine_width() -> None:
    """M3; and that a width in proportion to the step cannot do it."""
    width, parts = fitted_width(MTJ), np.linspace(1 / 64, 1, 1000)  # parts of six bits
    assert width.start_s == pytest.approx(2.5e-9, abs=0.1e-9) and width.span_s == pytest.approx(
        6.4e-9, abs=0.2e-9
    )
    error = MTJ.switching_probability(width.of(parts)) - np.tanh(3 * parts)
    assert np.sqrt(np.mean(error**2)) <= 0.01 and np.abs(error).max() <= 0.05
    assert width.of(np.zeros(2)).tolist() == [0, 0]
    best = min(
        float(np.sqrt(np.mean((MTJ.switching_probability(parts * span) - np.tanh(3 * parts)) ** 2)))
        for span in np.linspace(4e-9, 40e-9, 100)
    )
    assert best > 0.1


def test_exact_width() -> None:
    """The table of the facts; chances follow tanh to the last digit, or as finely as the timer's unit."""
    parts, exact = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0]), Inverse(MTJ)
    assert exact.of(parts) * 1e9 == pytest.approx([2.83, 3.19, 3.80, 4.40, 5.66, 7.33, 9.02], abs=0.01)
    assert exact.of(-parts).tolist() == exact.of(parts).tolist() and exact.of(np.zeros(1)).tolist() == [0]
    small = np.array([1e-6, 1e-3, 0.02, 1.0])
    assert MTJ.switching_probability(exact.of(small)) == pytest.approx(np.tanh(3 * small), rel=1e-6)
    timed = Inverse(MTJ, 0.1e-9).of(parts) / 0.1e-9
    assert (
        timed == pytest.approx(np.rint(timed)) and np.abs(timed * 0.1 - exact.of(parts) * 1e9).max() <= 0.05
    )


def shares(state: str, change: float, assignment: Any = "both", cells: int = 100_000) -> dict[float, float]:
    """Where so many synapses of one state end after one update."""
    many = synapses(state, 250, cells // 250, assignment=assignment)
    many.update(np.full(many.weights.shape, change))
    ends, counts = np.unique(many.weights, return_counts=True)
    return dict(zip(ends.tolist(), (counts / cells).tolist(), strict=True))


def test_transitions_of_both() -> None:
    """M4: from -1 both junctions may go over, from either zero one, from +1 none."""
    p = np.tanh(0.9)
    assert p == pytest.approx(0.716, abs=0.001)
    slack = 4 * 0.5 / 100_000**0.5
    for sign, (low, high) in ((1, ("-1", "+1")), (-1, ("+1", "-1"))):
        moves = shares(low, sign * 0.3)
        wanted = {-1.0 * sign: (1 - p) ** 2, 0.0: 2 * p * (1 - p), 1.0 * sign: p**2}
        assert {end: moves[end] for end in wanted} == pytest.approx(wanted, abs=slack)
        for zero in ("weak 0", "strong 0"):
            assert shares(zero, sign * 0.3)[sign] == pytest.approx(p, abs=slack)
        assert shares(high, sign * 0.3) == {sign: 1.0}


def test_transitions_of_the_other_assignments() -> None:
    p, slack = np.tanh(0.9), 4 * 0.5 / 100_000**0.5
    assert shares("-1", 0.3, "either") == pytest.approx({-1.0: 1 - p, 0.0: p}, abs=slack)
    assert shares("weak 0", 0.3, "either")[1.0] == pytest.approx(p / 2, abs=slack)
    assert shares("strong 0", 0.3, "second")[1.0] == pytest.approx(p, abs=slack)
    assert shares("weak 0", 0.3, "second") == {0.0: 1.0}  # the first junction waits for a whole step


@pytest.mark.parametrize("assignment", ["both", "either"])
def test_whole_steps_are_almost_certain(assignment: Any) -> None:
    for state, change, end in (
        ("-1", 2.5, 1),
        ("weak 0", 1.0, 1),
        ("strong 0", 1.7, 1),
        ("strong 0", -1.0, -1),
    ):
        assert shares(state, change, assignment)[end] > 0.98


def test_nothing_leaves_the_range() -> None:
    """M5: of the split, of the ideal transition, and of the junctions."""
    rng = np.random.default_rng(0)
    weights, change = rng.integers(-1, 2, (50, 40)).astype(float), 3 * rng.standard_normal((50, 40))
    whole, rest = split(weights, change)
    assert whole + rest == pytest.approx(np.clip(weights + change, -1, 1) - weights, abs=1e-12)
    assert (np.abs(rest) < 1).all() and (whole * rest >= 0).all()
    assert split(np.array([-1.0]), np.array([1.25])).whole.tolist() == [1]
    assert split(np.array([-1.0]), np.array([1.25])).rest.tolist() == [0.25]
    assert set(np.unique(moved(weights, change, rng))) <= {-1.0, 0.0, 1.0}
    two = moved(np.sign(weights + 0.5), change, rng, step=2.0)
    assert set(np.unique(two)) <= {-1.0, 1.0}
    made = MagneticSynapses(MTJ, weights, rng)
    made.update(change)
    assert set(np.unique(made.weights)) <= {-1.0, 0.0, 1.0}


def test_ideal_transitions_have_their_chance() -> None:
    rng = np.random.default_rng(0)
    ends = moved(np.zeros(100_000), np.full(100_000, 0.2), rng)
    assert ends.mean() == pytest.approx(np.tanh(0.6), abs=4 * 0.5 / 100_000**0.5)
    assert chance(np.array([0.0, -0.2])) == pytest.approx([0.0, np.tanh(0.6)])


def test_share_of_crossings_that_work() -> None:
    """M6: 4 of 9 where weights and activations are uniform."""
    rng = np.random.default_rng(0)
    weights, inputs = (rng.integers(-1, 2, 1_000_000) for _ in range(2))
    assert np.mean(weights * inputs != 0) == pytest.approx(4 / 9, abs=0.002)
    assert ternary(np.array([-1.0, -0.9, 0.0, 0.99, 2.0])).tolist() == [-1, 0, 0, 0, 1]


def test_inverse_read_is_the_transposed_product() -> None:
    rng = np.random.default_rng(0)
    made = MagneticSynapses(MTJ, rng.integers(-1, 2, (20, 30)).astype(float), rng)
    whole = rng.integers(-127, 128, 20).astype(float)
    whole[0] = 127
    assert made.inverse_product(whole, 7) == pytest.approx(whole @ made.weights, abs=1e-9)
    errors = rng.standard_normal(20)
    assert made.inverse_product(errors, 12) == pytest.approx(
        errors @ made.weights, abs=20 * np.abs(errors).max() / 4000
    )
    assert made.inverse_product(np.zeros(20), 7).tolist() == [0] * 30


def test_update_takes_columns_times_a_column() -> None:
    """M10: exactly, whatever the rows; a column in which nothing changes takes its setup alone."""
    width = Width(2e-9, 6e-9)
    for rows, columns in ((1, 5), (64, 5), (64, 10)):
        written = synapses("-1", rows, columns, width=width).update(np.full((rows, columns), 1.5))
        assert written.time_s(1e-9) == pytest.approx(columns * 9e-9, rel=1e-12)
        assert written.pulses == 2 * rows * columns
    change = np.zeros((3, 4))
    change[:, 1] = 0.5
    one = synapses("-1", 3, 4, width=width)
    written = one.update(change)
    assert written.time_s(1e-9) == pytest.approx(4 * 1e-9 + 5e-9)
    pair = MTJ.lowest_usiemens + MTJ.highest_usiemens
    assert written.energy_pj(0.5) == pytest.approx(0.25 * 3 * pair * 5e-9 * 1e6)
    assert (
        one.wear["junctions"].sum() == 3 * 4 + 2 * 3
    )  # new junctions are antiparallel: one of two was placed; six got a pulse


def test_efficiency() -> None:
    """M9: both counts of operations; the example of the facts; two voltages calibrated to two published numbers."""
    plain = Operating(0.1, 1.0, 10, 750, 1.0, 0.9, 64, 64, 2.0)
    assert plain.read_pj == pytest.approx(0.106, abs=0.001) and plain.read_tops_per_w == pytest.approx(
        18.8, abs=0.1
    )
    for operations, converters in itertools.product((1, 2), (True, False)):
        start = Operating(0.1, 1.0, 10, 500, 2 / 3, 0.9, 64, 64, 1.0, operations, converters)
        fitted = calibrated(start, 18.3, 3.0)
        assert fitted.read_tops_per_w == pytest.approx(18.3) and fitted.write_tops_per_w == pytest.approx(3.0)
        assert fitted.read_tops_per_w / fitted.write_tops_per_w == pytest.approx(6.1)
        assert 0.05 < fitted.read_volt < 0.3 and 0.5 < fitted.write_volt < 2
    with pytest.raises(ValueError, match="row_pj 100 over 64 columns"):
        calibrated(Operating(0.1, 1.0, 10, 500, 1.0, 0.9, 64, 64, 100.0), 18.3, 3.0)


def test_messages() -> None:
    with pytest.raises(ValueError, match="assignment 'first'; allowed: 'both', 'either', 'second'"):
        synapses("+1", assignment="first")
    with pytest.raises(ValueError, match="weights: allowed: -1, 0 and 1"):
        MagneticSynapses(MTJ, np.array([[0.5]]), np.random.default_rng(0))
