"""Phase-change memory against the published formulas, and against an independent program (tests/data/pcm)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from xbarsim.devices.load import load_technology
from xbarsim.devices.pcm import Pcm

DATA = Path(__file__).parent.parent / "data" / "pcm"
CELLS = 200_000
MINUTES_5, HOUR, DAY, MONTH, YEAR = 300.0, 3600.0, 86400.0, 2.592e6, 3.1536e7
pcm = load_technology("pcm")
hermes, hermes_single = load_technology("pcm_hermes"), load_technology("pcm_hermes_single")
assert isinstance(pcm, Pcm) and isinstance(hermes, Pcm) and isinstance(hermes_single, Pcm)


def rows(name: str) -> list[dict[str, float]]:
    with (DATA / name).open() as file:
        return [
            {key: float(value) for key, value in row.items() if key != "t_label"}
            for row in csv.DictReader(file)
        ]


def by_target(name: str) -> dict[float, list[dict[str, float]]]:
    found: dict[float, list[dict[str, float]]] = {}
    for row in rows(name):
        found.setdefault(row["g_target_uS"], []).append(row)
    return found


@pytest.mark.parametrize("target", sorted(by_target("pcm_g_vs_time.csv")), ids="{:g} uS".format)
def test_conductance_by_age_has_the_moments_of_the_published_model(target: float) -> None:
    rng = np.random.default_rng(round(1000 * target))
    state = pcm.program(np.full(CELLS, target), rng)
    for row in by_target("pcm_g_vs_time.csv")[target]:
        read = pcm.conductance_usiemens(state, row["t_inference_s"], rng)
        assert read.mean() == pytest.approx(row["mean_exact"], abs=4 * row["std_exact"] / CELLS**0.5)
        assert read.std() == pytest.approx(row["std_exact"], rel=0.01)


def test_programming_noise_and_drift_exponents_by_target() -> None:
    for row in rows("pcm_prog_nu.csv"):
        x = np.full(CELLS, row["g_target_uS"] / 25)
        state = pcm.program(25 * x, np.random.default_rng(1))
        assert pcm._programming_spread(x, "write_verify")[0] == pytest.approx(
            row["sig_prog_formula"], abs=1e-6
        )
        assert pcm.drift_mean.at(x)[0] == pytest.approx(row["nu_mu_formula"], abs=1e-6)
        assert pcm.drift_spread.at(x)[0] == pytest.approx(row["nu_sig_formula"], abs=1e-6)
        assert state.programmed_usiemens.std() == pytest.approx(row["prog_std"], rel=0.01)
        assert state.drift.std() == pytest.approx(row["nu_std"], rel=0.01)
        assert np.quantile(state.drift, (0.05, 0.95)) == pytest.approx(
            (row["nu_p05"], row["nu_p95"]), abs=0.001
        )


def test_read_noise_by_conductance_and_age() -> None:
    for row in rows("pcm_readnoise.csv"):
        state = pcm.program([row["g_uS"]], np.random.default_rng(0))
        standing = np.full(1, row["g_uS"])
        there = type(state)(**{**vars(state), "programmed_usiemens": standing})
        spread = pcm.read_spread(there, standing, np.float64(row["t_inference_s"]))
        assert spread[0] == pytest.approx(row["abs_std_formula_uS"], abs=1e-6)


@pytest.mark.parametrize(
    ("x", "programming", "nu", "nu_spread", "noise"),
    [
        (1.0, 1.0554, 0.0490, 0.0080, 0.0088),
        (0.75, 1.0774, 0.0490, 0.0080, 0.0106),
        (0.5, 0.9527, 0.0490, 0.0080, 0.0138),
        (0.2, 0.6096, 0.0493, 0.0142, 0.0251),
        (0.2045, 0.6163, 0.0490, 0.0139, 0.0247),
        (0.1, 0.4482, 0.0601, 0.0229, 0.0393),
        (0.05, 0.3588, 0.0708, 0.0315, 0.0617),
        (0.00762, 0.2784, 0.1000, 0.0450, 0.2000),
    ],
)
def test_formulas_at_a_few_levels(
    x: float, programming: float, nu: float, nu_spread: float, noise: float
) -> None:
    at = np.array([x])
    assert pcm._programming_spread(at, "write_verify")[0] == pytest.approx(programming, abs=6e-5)
    assert pcm.drift_mean.at(at)[0] == pytest.approx(nu, abs=6e-5)
    assert pcm.drift_spread.at(at)[0] == pytest.approx(nu_spread, abs=6e-5)
    assert pcm.read_noise.at(at)[0] == pytest.approx(noise, abs=6e-5)


# E[g / g0], its spread by drift alone, and with read noise: a million draws of the published formulas.
AGES = (MINUTES_5, HOUR, DAY, MONTH, YEAR)
RETAINED = {
    1.0: ((0.8732, 0.0194, 0.0397), (0.7758, 0.0323, 0.0459), (0.6650, 0.0446, 0.0537), (0.5641, 0.0533, 0.0597),
          (0.5001, 0.0573, 0.0625)),
    0.5: ((0.8732, 0.0194, 0.0577), (0.7758, 0.0323, 0.0603), (0.6650, 0.0446, 0.0646), (0.5641, 0.0532, 0.0680),
          (0.5001, 0.0573, 0.0694)),
    0.2: ((0.8728, 0.0344, 0.1044), (0.7759, 0.0574, 0.1092), (0.6663, 0.0796, 0.1167), (0.5673, 0.0956, 0.1235),
          (0.5048, 0.1035, 0.1264)),
    0.1: ((0.8480, 0.0534, 0.1596), (0.7365, 0.0870, 0.1639), (0.6153, 0.1174, 0.1718), (0.5103, 0.1376, 0.1777),
          (0.4464, 0.1467, 0.1798)),
    0.05: ((0.8240, 0.0705, 0.2400), (0.6999, 0.1120, 0.2363), (0.5699, 0.1470, 0.2360), (0.4621, 0.1683, 0.2350),
           (0.3987, 0.1767, 0.2325)),
}  # fmt: skip


@pytest.mark.parametrize("x", RETAINED)
def test_what_is_left_of_a_cell_that_stood_on_its_target(x: float) -> None:
    rng = np.random.default_rng(4)
    exact = pcm.model_copy(update={"programming_usiemens_by_level": (0.0,)})
    state = exact.program(np.full(CELLS, 25 * x), rng)
    for age_s, (mean, by_drift, total) in zip(AGES, RETAINED[x], strict=True):
        drifted = exact.mean_conductance_usiemens(state, age_s) / (25 * x)
        read = exact.conductance_usiemens(state, age_s, rng) / (25 * x)
        assert drifted.mean() == pytest.approx(mean, abs=3 * by_drift / CELLS**0.5 + 6e-5)
        assert drifted.std() == pytest.approx(by_drift, rel=0.01)
        assert read.std() == pytest.approx(total, rel=0.01)


def test_one_over_f_noise_grows_with_age() -> None:
    found = []
    for age_s in (0.0, 1.0, MINUTES_5, HOUR, DAY, MONTH, YEAR):
        state = pcm.program([25.0], np.random.default_rng(0))
        spread = pcm.read_spread(state, np.ones(1), np.float64(age_s))[0]
        found.append(round(spread / pcm.read_noise.at(state.programmed_usiemens / 25)[0], 4))
    assert found == [4.1838, 4.1897, 4.5030, 4.7648, 5.0868, 5.4108, 5.6370]


@pytest.mark.parametrize(
    ("technology", "x", "programming", "nu", "nu_spread", "noise"),
    [
        (hermes, 1.0, 1.09269857, 0.0174, 0.0048, 0.0123),
        (hermes, 0.5, 0.99101320, 0.0564, 0.009, 0.0167125),
        (hermes, 0.05, 0.38131890, 0.09773, 0.02935, 0.02815),
        (hermes_single, 1.0, 1.00756712, 0.0174, 0.0055, 0.0168),
        (hermes_single, 0.05, 0.26871852, 0.09773, 0.03365, 0.02717),
    ],
)
def test_the_cells_of_the_hermes_chip(
    technology: Pcm, x: float, programming: float, nu: float, nu_spread: float, noise: float
) -> None:
    at = np.array([x])
    assert technology._programming_spread(at, "write_verify")[0] == pytest.approx(programming, rel=1e-6)
    assert technology.drift_mean.at(at)[0] == pytest.approx(nu, abs=1e-5)
    assert technology.drift_spread.at(at)[0] == pytest.approx(nu_spread, abs=1e-5)
    assert technology.read_noise.at(at)[0] == pytest.approx(noise, abs=1e-5)


def test_equal_pulses_give_ever_smaller_steps() -> None:
    quiet = pcm.pulse_response.model_copy(update={"noise": 0.0, "spread": 0.0})
    smooth = pcm.model_copy(update={"pulse_response": quiet})
    rng = np.random.default_rng(0)
    state = smooth.program([0.0], rng)
    state = smooth.pulse(type(state)(**{**vars(state), "programmed_usiemens": np.zeros(1)}), 0, 1, rng)
    levels = []
    for count in (1, 1, 1, 2, 5, 10):
        state = smooth.pulse(state, count, +1, rng)
        levels.append(round(float(state.programmed_usiemens[0]) / 25, 3))
    assert levels == [0.141, 0.213, 0.265, 0.341, 0.462, 0.609]
    assert smooth.pulse(state, 1, -1, rng).programmed_usiemens[0] == 0.0
    assert state.writes[0] == 21
