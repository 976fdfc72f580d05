"""Pulse responses against an independent program (tests/data/pulses), and against their closed form."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from xbarsim.devices.graded import GradedCell
from xbarsim.devices.load import load_technology
from xbarsim.devices.rram import Rram
from xbarsim.devices.steps import PulseSteps

SOFT = {"low": -1, "high": 1, "step": 0.02, "slope_up": 1, "slope_down": 1, "step_spread": 0, "asymmetry_spread": 0,
        "low_spread": 0, "high_spread": 0, "noise": 0}  # fmt: skip
SPREAD = {"step_spread": 0.3, "asymmetry_spread": 0.01, "low_spread": 0.3, "high_spread": 0.3, "noise": 0.3}
rram, ecram = load_technology("rram"), load_technology("ecram")
assert isinstance(rram, Rram) and rram.pulse_response is not None
assert isinstance(ecram, GradedCell) and ecram.pulse_response is not None
CASES = {
    "ideal_dw0.02": PulseSteps.model_validate(SOFT),
    "ideal_dw0.02_wmax0.6": PulseSteps.model_validate(SOFT | {"high": 0.6}),
    "c2c_add_0.3": PulseSteps.model_validate(SOFT | {"noise": 0.3}),
    "c2c_mult_0.3": PulseSteps.model_validate(SOFT | {"noise": 0.3, "noise_is": "multiplied"}),
    "d2d_default_dw0.01": PulseSteps.model_validate(SOFT | SPREAD | {"step": 0.01}),
    "preset_ReRamSB": rram.pulse_response,
}
DATA = Path(__file__).parent.parent / "data" / "pulses" / "soft_bounds.csv"


@pytest.mark.parametrize("row", csv.DictReader(DATA.open()), ids=lambda row: row["case"])
def test_soft_bounds_up_and_down(row: dict[str, str]) -> None:
    """The last preset also has noise of its own at each write, which is seen and does not add up; we leave it out."""
    response, rng, devices = CASES[row["case"]], np.random.default_rng(7), 4000
    born = response.make((devices,), rng)
    counts, up = np.full(devices, int(row["N"])), np.ones(devices, dtype=np.int64)
    top = response.after(np.zeros(devices), counts, up, born, rng)
    end = response.after(top, counts, -up, born, rng)
    exact = row["case"].startswith("ideal")
    for w, name in ((top, "w_top"), (end, "w_end")):
        slack = 1e-5 if exact else 0.01 + 3 * float(row[f"{name}_std"]) / devices**0.5
        assert w.mean() == pytest.approx(float(row[f"{name}_mean"]), abs=slack)
        seen = 56 * 0.002 if row["case"] == "preset_ReRamSB" else 0.0
        assert math.hypot(w.std(), seen) == pytest.approx(
            float(row[f"{name}_std"]), abs=1e-5 if exact else 0.01
        )


def test_soft_steps_have_a_closed_form() -> None:
    response = PulseSteps.model_validate(SOFT)
    born = response.make((1,), np.random.default_rng(0))
    for n in (0, 1, 7, 50):
        one = np.ones(1, dtype=np.int64)
        w = response.after(np.array([-0.4]), n * one, one, born, np.random.default_rng(0))
        assert w[0] == pytest.approx(1 - (1 + 0.4) * (1 - 0.02) ** n, rel=1e-12)


def test_steps_of_the_linear_preset_shrink_as_its_slopes_say() -> None:
    quiet = {"step_spread": 0.0, "asymmetry_spread": 0.0, "low_spread": 0.0, "high_spread": 0.0, "noise": 0.0}
    smooth = ecram.model_copy(update={"pulse_response": ecram.pulse_response.model_copy(update=quiet)})
    rng, step = np.random.default_rng(0), 0.002 / 2 * 1.5  # uS: 1,000 states in 1.5 uS
    at_top = smooth.program([1.6], rng)
    at_bottom = smooth.program([0.1], rng)
    down = 1.6 - smooth.pulse(at_top, 1, -1, rng).programmed_usiemens[0]
    up = smooth.pulse(at_bottom, 1, +1, rng).programmed_usiemens[0] - 0.1
    assert down == pytest.approx(step * (1 + 0.5085 * 1.1724 / 0.8276), rel=1e-9)
    assert up == pytest.approx(step * (1 + 0.1153 * 0.8276 / 1.1724), rel=1e-9)
