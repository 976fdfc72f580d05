"""Each technology does what its source says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from xbarsim.devices.conformance import check_many_rewrites_at_once_wear_as_one_by_one
from xbarsim.devices.load import load_technology
from xbarsim.devices.mtj import Mtj
from xbarsim.devices.rram import Rram
from xbarsim.devices.state import State

CELLS, DAY = 100_000, 86400.0


def mtj(**changes: float) -> Mtj:
    found = load_technology("mtj")
    assert isinstance(found, Mtj)
    return found.model_copy(update=changes)


# --- resistive memory ----------------------------------------------------------------------------


def relaxed(rounds: int) -> tuple[State, float]:
    rram = load_technology("rram", [f"rounds={rounds}"])
    state = rram.program(np.full(4 * CELLS, 20.0), np.random.default_rng(5))
    return state, float(rram.mean_conductance_usiemens(state, 1800.0).std())


def test_three_rounds_narrow_the_relaxed_spread_as_published() -> None:
    """2.8 uS go in; what three rounds leave is predicted: 2.1 uS, where about 2 uS (29 % less) were measured."""
    _, one = relaxed(1)
    _, three = relaxed(3)
    assert one == pytest.approx(math.hypot(2.8, 1 / math.sqrt(3)), rel=0.01)
    assert three == pytest.approx(2.0, rel=0.06)
    assert 1 - three / one == pytest.approx(0.29, abs=0.03)


def test_a_round_takes_the_published_pulses_and_time() -> None:
    rram, (state, _) = load_technology("rram"), relaxed(1)
    assert rram.program_pulses(state) / state.pulses.size == pytest.approx(8.52, rel=0.01)
    assert rram.time_ps(state) / state.pulses.size == pytest.approx(56e6, rel=0.01)


def test_a_cell_relaxes_within_a_second_and_stays() -> None:
    rram = load_technology("rram")
    state = rram.program(np.full(1000, 20.0), np.random.default_rng(0))
    half, whole = (
        rram.mean_conductance_usiemens(state, age) - state.programmed_usiemens for age in (0.5, 1.0)
    )
    assert np.allclose(2 * half, whole) and np.allclose(whole, state.drift)
    assert np.array_equal(
        rram.mean_conductance_usiemens(state, 1e6), rram.mean_conductance_usiemens(state, 1.0)
    )
    assert isinstance(rram, Rram) and (np.abs(state.programmed_usiemens - 20) <= rram.window_usiemens).all()


# --- magnetic tunnel junctions --------------------------------------------------------------------


def test_switching_probability_at_a_few_lengths() -> None:
    chances = mtj(stability=50).switching_probability([1e-9, 2e-9, 3e-9, 4e-9])  # an initial angle of 0.1
    assert chances == pytest.approx([0.0000, 0.0069, 0.2629, 0.6425], abs=5e-5)


def test_switching_probability_is_that_of_random_initial_angles() -> None:
    angles = np.abs(np.random.default_rng(0).normal(0, 0.1, 1_000_000))
    rate_hz = 0.5 * 0.01 * 1.76e11 * 0.5 * (3 - 1)
    needed_s = np.log(np.pi / (2 * angles)) / rate_hz
    for pulse_s in np.linspace(1.5e-9, 10e-9, 10):
        law = mtj(stability=50).switching_probability(pulse_s)
        assert law == pytest.approx((needed_s < pulse_s).mean(), abs=0.002)


@pytest.mark.parametrize(
    ("angle", "ten", "half", "ninety", "last"),
    [(0.09, 2.68, 3.70, 5.60, 10.84), (0.115, 2.40, 3.42, 5.33, 10.56)],
)
def test_pulse_lengths_for_a_wanted_chance(
    angle: float, ten: float, half: float, ninety: float, last: float
) -> None:
    device = mtj(stability=1 / (2 * angle**2))
    for chance, length_ns in ((0.1, ten), (0.5, half), (0.9, ninety), (0.999, last)):
        low, high = device.switching_probability([(length_ns - 0.015) * 1e-9, (length_ns + 0.015) * 1e-9])
        assert low < chance < high


def test_pulses_of_a_length_each_switch_with_their_chance() -> None:
    device, rng = mtj(), np.random.default_rng(1)
    state = device.program(np.full(CELLS, device.lowest_usiemens), rng)
    after = device.switch(state, np.repeat([0.0, 3.7e-9], CELLS // 2), +1, rng)
    up = after.programmed_usiemens > 200
    assert not up[: CELLS // 2].any()
    assert up[CELLS // 2 :].mean() == pytest.approx(float(device.switching_probability(3.7e-9)), abs=0.01)
    assert np.array_equal(after.writes - state.writes, np.repeat([0, 1], CELLS // 2))
    assert device.switch(after, 5e-9, 0, rng).writes.sum() == after.writes.sum()


def test_unverified_writes_fail_as_often_as_the_law_says() -> None:
    device = mtj(write_pulse_ps=5000)
    state = device.program(np.full(CELLS, device.highest_usiemens), np.random.default_rng(2), "single_shot")
    failed = (state.programmed_usiemens < 200).mean()
    assert failed == pytest.approx(1 - float(device.switching_probability(5e-9)), abs=0.005)
    sure = device.program(np.full(CELLS, device.highest_usiemens), np.random.default_rng(2))
    assert (sure.programmed_usiemens > 200).all() and sure.pulses.mean() > 1


def test_rewrites_that_fail_by_chance_wear_as_one_by_one() -> None:
    """Pulses of 4 ns fail often, and who failed is written again; 40 rewrites of cells that survive up to 60."""
    device = mtj(write_pulse_ps=4000)
    assert 0.2 < device.switching_probability(4e-9) < 0.8
    check_many_rewrites_at_once_wear_as_one_by_one(device)
    state = device.program(np.full(CELLS, device.highest_usiemens), np.random.default_rng(0), "single_shot")
    after = device.rewrite(state, 1_000_000, np.random.default_rng(1), "single_shot")
    assert (after.programmed_usiemens > 200).all()  # all have switched by then, and were not written again
    assert after.writes.mean() == pytest.approx(1 / float(device.switching_probability(4e-9)), rel=0.02)


def test_states_are_left_by_heat_and_sooner_when_hot() -> None:
    weak = mtj(stability=30)
    state = weak.program(np.full(CELLS, weak.highest_usiemens), np.random.default_rng(3))
    mean_s = 1e-9 * math.exp(30)
    for age_s in (0.1 * mean_s, mean_s):
        left = (weak.mean_conductance_usiemens(state, age_s) < 200).mean()
        assert left == pytest.approx(1 - math.exp(-age_s / mean_s), abs=0.01)
    hot = weak.at_temperature(330)
    assert hot.stability == pytest.approx(30 * 300 / 330)
    gone = (hot.mean_conductance_usiemens(state, 0.1 * mean_s) < 200).mean()
    assert gone > (weak.mean_conductance_usiemens(state, 0.1 * mean_s) < 200).mean()


# --- the others ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "amplitude", "scale"),
    [(0, 19.88665, 176.3115), (2, 28.72753, 193.56834), (5, 34.57909, 207.34309)],
)
def test_flash_spreads_as_measured(days: int, amplitude: float, scale: float) -> None:
    flash = load_technology("flash")
    state = flash.program(np.full(CELLS, 8.0), np.random.default_rng(0))  # 800 nA at 0.1 V
    stands = flash.mean_conductance_usiemens(state, days * DAY)
    spread_na = amplitude * (1 - math.exp(-100 * stands.mean() / scale))
    assert 100 * stands.std() == pytest.approx(spread_na, rel=0.01)
    noise = flash.conductance_usiemens(state, days * DAY, np.random.default_rng(1)) - stands
    assert 100 * noise.std() == pytest.approx(
        12.58037 * (1 - math.exp(-100 * stands.mean() / 215.36557)), rel=0.01
    )


def test_flash_shifts_between_the_days_that_were_measured() -> None:
    flash = load_technology("flash")
    state = flash.program(np.full(CELLS, 8.0), np.random.default_rng(0))
    means = [flash.mean_conductance_usiemens(state, days * DAY).mean() for days in (1, 1.5, 2)]
    assert means == pytest.approx([8 - 0.249, 8 - 0.269, 8 - 0.289], abs=0.004)


def test_ferroelectric_levels_and_steps() -> None:
    fefet, rng = load_technology("fefet"), np.random.default_rng(0)
    assert fefet.highest_usiemens / fefet.lowest_usiemens == pytest.approx(45)
    state = fefet.program(np.linspace(fefet.lowest_usiemens, fefet.highest_usiemens, 1000), rng)
    assert len(np.unique(state.programmed_usiemens)) == 32
    bottom = fefet.program([fefet.lowest_usiemens], rng)
    stands = [float(fefet.pulse(bottom, n, +1, rng).programmed_usiemens[0]) for n in (30, 31, 40)]
    assert stands[0] < stands[1] == pytest.approx(fefet.highest_usiemens, rel=1e-6)
    assert stands[2] == pytest.approx(fefet.highest_usiemens)


def test_static_memory_is_exact_and_the_ideal_cell_too() -> None:
    sram, ideal = load_technology("sram"), load_technology("ideal")
    state = sram.program([0.2, 0.8], np.random.default_rng(0))
    assert sram.conductance_usiemens(state, 1e9, np.random.default_rng(1)).tolist() == [0.001, 1.0]
    target = np.random.default_rng(2).uniform(0, 25, 100)
    exact = ideal.program(target, np.random.default_rng(0))
    assert np.array_equal(ideal.conductance_usiemens(exact, 1e9, np.random.default_rng(1)), target)
    assert ideal.remaining_writes(exact).min() == math.inf
    assert ideal.at_temperature(400) is ideal
