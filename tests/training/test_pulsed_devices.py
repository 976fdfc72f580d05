"""Pulsed devices: closed forms (checks T2 to T4), and an independent program's trajectories (tests/data/training)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from tests.training.devices import constant_steps, soft_bounds
from xbarsim.devices.pulsed import PulsedDevice, load_pulsed_device, shipped_pulsed_devices
from xbarsim.errors import DeviceError, SpecError
from xbarsim.training.array import PulsedArray
from xbarsim.training.trains import Trains

DATA = Path(__file__).parent.parent / "data" / "training"
SPREAD = {"step_spread": 0.3, "asymmetry_spread": 0.01, "low_spread": 0.3, "high_spread": 0.3, "noise": 0.3}
CASES = {
    "ideal_dw0.02": soft_bounds(),
    "ideal_dw0.02_wmax0.6": soft_bounds(high=0.6),
    "ideal_updown+0.2": soft_bounds(bias=0.2),
    "ideal_ref0.3": soft_bounds(reference=0.3),
    "c2c_add_0.3": soft_bounds(noise=0.3),
    "c2c_mult_0.3": soft_bounds(noise=0.3, noise_is="multiplied"),
    "d2d_default_dw0.01": soft_bounds(step=0.01, **SPREAD),
    "preset_ReRamArrayOM": load_pulsed_device("reram_array_om"),
    "preset_ReRamSB": load_pulsed_device("reram_soft_bounds"),
}
WIDTH = 100


def pulsed(array: PulsedArray, sign: int, times: int = 1) -> None:
    """Every cell gets so many pulses of one polarity."""
    fired = np.ones((times, array.shape[1]), dtype=np.int8)
    signs = np.full((times, array.shape[0]), sign, dtype=np.int8)
    array.apply(Trains(fired, signs, np.array([times])))


def trajectories() -> Iterator[tuple[str, list[dict[str, str]]]]:
    rows = csv.DictReader((DATA / "softbounds_trajectory.csv").open())
    for case, group in groupby(rows, key=lambda row: row["case"]):
        yield case, list(group)


@pytest.mark.parametrize(
    "case, rows", trajectories(), ids=lambda value: value if isinstance(value, str) else "rows"
)
def test_trajectories(case: str, rows: list[dict[str, str]]) -> None:
    exact = case.startswith("ideal")
    array = PulsedArray(CASES[case], (4 if exact else 100, WIDTH), np.random.default_rng(5), np.float64)
    assert array.values.mean() == pytest.approx(0.0, abs=0.01)
    done = 0
    for row in rows[1:]:
        pulse = int(row["pulse"])
        pulsed(array, 1 if row["direction"] == "up" else -1, pulse - done)
        done = pulse
        mean, spread = array.values.mean(), array.values.std()
        their_mean, their_spread = float(row["w_mean"]), float(row["w_std"])
        # Samples of 10,000 devices here and there; their noise is one table of 32,768 numbers, whose mean strays, too.
        chance = (
            0.0 if exact else 0.01 + 3 * their_spread / 70 + 3 * array.device.noise / 181 * abs(their_mean)
        )
        assert mean == pytest.approx(their_mean, abs=1e-5 + chance), row["pulse"]
        assert spread == pytest.approx(their_spread, abs=1e-5 if exact else 0.01 + 3 * their_spread / 140)


@pytest.mark.parametrize("reference", [0.0, 0.3])
def test_symmetry_points_of_the_summary(reference: float) -> None:
    """The formula's mean there; and an array that is read against them has them at 0."""
    for row in csv.DictReader((DATA / "softbounds_summary.csv").open()):
        if not row["case"].startswith("ideal_updown"):
            continue
        device = soft_bounds(bias=0.2)
        born = device.make((4,), np.random.default_rng(0))
        assert device.symmetry_point(born) == pytest.approx(float(row["sp_formula_mean"]), abs=1e-6)
        centred = soft_bounds(bias=0.2, at_symmetry_point=True, reference=reference)
        array = PulsedArray(centred, (2, 2), np.random.default_rng(0), np.float64)
        array.put(-reference)
        start = array.values.copy()
        pulsed(array, +1)
        pulsed(array, -1)
        assert array.values == pytest.approx(start, abs=0.02**2)


def test_up_pulses_have_a_closed_form() -> None:
    """T2."""
    for top, start in ((1.0, -0.4), (0.6, 0.1)):
        array = PulsedArray(soft_bounds(high=top), (1, 1), np.random.default_rng(0), np.float64)
        array.put(start)
        for n in range(1, 60):
            pulsed(array, +1)
            assert array.values[0, 0] == pytest.approx(top - (top - start) * (1 - 0.02 / top) ** n, rel=1e-12)


def test_up_and_down_end_at_the_symmetry_point() -> None:
    """T3."""
    device = soft_bounds(**(SPREAD | {"noise": 0, "asymmetry_spread": 0.2}))
    array = PulsedArray(device, (20, 20), np.random.default_rng(1), np.float64)
    wanted = device.symmetry_point(array.born)
    for _ in range(5000):
        pulsed(array, +1)
        pulsed(array, -1)
    moving = np.minimum(array.born["top"], -array.born["bottom"]) > 0.1  # others have hardly a range
    assert np.abs(array.values - wanted)[moving].max() < device.step * (1 + 4 * 0.3)
    skewed = soft_bounds(bias=0.3)  # a symmetry point off 0, and nothing else that differs
    one = PulsedArray(skewed, (1, 1), np.random.default_rng(0), np.float64)
    for _ in range(5000):
        pulsed(one, +1)
        pulsed(one, -1)
    assert skewed.symmetry_point(one.born)[0, 0] > 0.1
    assert one.values[0, 0] == pytest.approx(skewed.symmetry_point(one.born)[0, 0], abs=skewed.step)
    even = PulsedArray(soft_bounds(), (1, 1), np.random.default_rng(0), np.float64)
    even.put(0.5)
    pulsed(even, +1)
    pulsed(even, -1)
    assert 1 - even.values[0, 0] / 0.5 == pytest.approx(2 * 0.02, rel=0.05)


def test_devices_are_made_as_described() -> None:
    """T4."""
    spread = {
        "step_spread": 0.3,
        "gain_is": "log_normal",
        "asymmetry_spread": 0.1,
        "low_spread": 0.3,
        "high_spread": 0.2,
    }
    born = soft_bounds(**spread).make((100_000,), np.random.default_rng(2))
    gain = (born["up"] + born["down"]) / 2 / 0.02
    assert born["top"].std() == pytest.approx(0.2, rel=0.01)
    assert born["bottom"].std() == pytest.approx(0.3, rel=0.01)
    assert np.median(gain) == pytest.approx(1, rel=0.01)
    assert np.log(gain).std() == pytest.approx(0.3, rel=0.01)
    assert (born["up"] - born["down"]).mean() / 0.02 == pytest.approx(0, abs=3 * 0.2 / 100_000**0.5)


def test_every_pulse_is_counted_where_it_went() -> None:
    array = PulsedArray(constant_steps(), (3, 4), np.random.default_rng(0), np.float64)
    fired = np.array([[1, 0, -1, 0], [1, 1, 0, 0]], dtype=np.int8)
    signs = np.array([[1, 0, -1], [0, -1, 0]], dtype=np.int8)
    array.apply(Trains(fired, signs, np.array([2])))
    assert array.pulses.tolist() == [[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    assert array.values / 0.02 == pytest.approx(np.array([[1, 0, -1, 0], [-1, -1, 0, 0], [-1, 0, 1, 0]]))


@pytest.mark.parametrize("name", shipped_pulsed_devices())
def test_kernel_and_description_agree(name: str) -> None:
    """The compiled kernel beside the plain formula, pulse by pulse, on devices that differ, without noise."""
    quiet = load_pulsed_device(name, ["noise=0", "seen_noise=0"])
    array = PulsedArray(quiet, (7, 37), np.random.default_rng(3), np.float64)
    rng, held = np.random.default_rng(4), array.held.copy()
    fired, signs = (rng.integers(-1, 2, (300, width)).astype(np.int8) for width in (37, 7))
    array.apply(Trains(fired, signs, np.array([300])))
    for x, d in zip(fired, signs, strict=True):
        polarity = np.multiply.outer(d, x).astype(np.int64)
        held = quiet.after(held, np.abs(polarity), polarity, array.born, rng)
    assert array.held == pytest.approx(held, abs=1e-12)
    assert array.pulses.sum() == (np.count_nonzero(fired, axis=1) * np.count_nonzero(signs, axis=1)).sum()


@pytest.mark.parametrize("noise_is", ["added", "multiplied"])
def test_noise_of_the_kernel_is_that_of_the_description(noise_is: str) -> None:
    device = constant_steps(noise=0.5, noise_is=noise_is)
    array = PulsedArray(device, (60, 50), np.random.default_rng(0), np.float64)
    pulsed(array, +1, 8)
    assert array.values.mean() == pytest.approx(0.16, abs=4 * 0.02 * 0.5 * (8 / 3000) ** 0.5)
    assert array.values.std() == pytest.approx(0.02 * 0.5 * 8**0.5, rel=0.05)


def test_what_is_seen_beyond_the_state_does_not_add_up() -> None:
    array = PulsedArray(constant_steps(seen_noise=2.0), (50, 60), np.random.default_rng(0))
    assert array.values.std() == 0
    for _ in range(3):
        pulsed(array, +1)
        pulsed(array, -1)
    assert array.held.std() < 1e-6
    assert array.values.std() == pytest.approx(0.04, rel=0.05)


def test_leak_and_stuck_devices() -> None:
    array = PulsedArray(
        soft_bounds(lifetime_updates=100.0, stuck_share=0.25), (40, 50), np.random.default_rng(0)
    )
    array.put(0.5)
    array.leak(50)
    assert array.values == pytest.approx(0.5 * np.exp(-0.5), rel=1e-6)
    before = array.values.copy()
    pulsed(array, +1)
    assert np.mean(array.values == before) == pytest.approx(0.25, abs=0.04)


def test_messages() -> None:
    with pytest.raises(DeviceError, match="at_symmetry_point: steps are constant or exponential"):
        constant_steps(at_symmetry_point=True).make((2,), np.random.default_rng(0))
    with pytest.raises(SpecError, match="no shipped pulsed device of this name; did you mean 'capacitor'"):
        load_pulsed_device("capacitr")
    assert isinstance(load_pulsed_device("ecram", ["noise=0"]), PulsedDevice)
