"""Weights as they are read from pairs of phase-change cells at an age, against independent calculations."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.analog.digits import DATA, pcm
from xbarsim.analog import AnalogNetwork, ArraySize, Numerics, convert_to_analog
from xbarsim.analog.codebook import preset
from xbarsim.devices.load import load_technology
from xbarsim.devices.technology import Technology

DAY, MONTH, YEAR = 86_400.0, 2.592e6, 3.1536e7


def as_layer(weights: np.ndarray) -> nn.Linear:
    linear = nn.Linear(weights.shape[1], weights.shape[0], bias=False)
    linear.weight.data = torch.as_tensor(weights)
    return linear


def pcm_written_exactly() -> Technology:
    return load_technology("pcm", ("programming_usiemens_by_level=[0]",))


def stored(weights: np.ndarray, seed: int = 0, **settings) -> AnalogNetwork:
    numerics = Numerics(ArraySize(*weights.shape[::-1]), pcm(), read_noise="held", **settings)
    analog = convert_to_analog(as_layer(weights), numerics, seed)
    analog.program_analog_weights()
    return analog


def test_mean_and_spread_of_weights_on_two_cells() -> None:
    """40,000 pairs each. Mean within 4 % of the spread, spread within 2 %: both sides are samples."""
    levels, count = np.linspace(0, 1, 11), 40_000
    analog = stored(np.repeat(levels[:, None], count, axis=1))
    with (DATA / "pcm_weight_level.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["t_s"]]  # without an age: before any read noise
    for seconds in sorted({float(row["t_s"]) for row in rows}):
        analog.drift_analog_weights(seconds)
        read = analog.layer("network").weights()
        for row in (row for row in rows if float(row["t_s"]) == seconds):
            sample = read[round(10 * float(row["w"]))]
            spread = float(row["twodev_std"])
            assert sample.mean() == pytest.approx(float(row["twodev_mean"]), abs=0.04 * spread)
            assert sample.std() == pytest.approx(spread, rel=0.02)


# Relative error of 192 x 10 Laplace weights of scale 0.25 that stand on levels of the codebook.
AGES_S = (1.0, 300.0, 3600.0, 6000.0, DAY, MONTH, YEAR)
TABLE = {
    ("pair of the net weight", "none"): (0.141, 0.190, 0.267, 0.284, 0.368, 0.462, 0.522),
    ("pair of the net weight", "global"): (0.142, 0.149, 0.160, 0.164, 0.182, 0.210, 0.232),
    ("both cells of the code", "none"): (0.326, 0.328, 0.369, 0.381, 0.442, 0.522, 0.575),
    ("both cells of the code", "global"): (0.320, 0.334, 0.364, 0.370, 0.411, 0.470, 0.515),
}
ALPHAS = (1.002, 1.157, 1.314, 1.348, 1.545, 1.831, 2.074)


def laplace(seed: int) -> np.ndarray:
    book = preset()
    return book.quantise(np.random.default_rng(seed).laplace(0, 0.25, (10, 192)))


def relative_error(analog: AnalogNetwork, weights: np.ndarray) -> float:
    block = next(analog.layers()).blocks[0]
    alpha = 1.0 if block.compensation is None else block.compensation.item()
    return float(np.linalg.norm(alpha * block.weights()[0] - weights) / np.linalg.norm(weights))


@pytest.mark.parametrize(("cells", "compensation"), TABLE)
def test_error_of_weights_by_age(cells: str, compensation: str) -> None:
    """Within 5 % of a published-formula calculation over 30 seeds."""
    book = preset() if cells == "both cells of the code" else None
    errors, alphas = [], []
    for seed in range(20):
        weights = laplace(seed)
        analog = stored(weights, seed, compensation=compensation, codebook=book)
        for age_s in AGES_S:
            analog.drift_analog_weights(age_s)
            errors.append(relative_error(analog, weights))
            factor = next(analog.layers()).blocks[0].compensation
            alphas.append(1.0 if factor is None else factor.item())
    found = np.reshape(errors, (20, -1)).mean(axis=0)
    assert found == pytest.approx(np.array(TABLE[cells, compensation]), rel=0.05)
    if cells == "pair of the net weight" and compensation == "global":
        assert np.reshape(alphas, (20, -1)).mean(axis=0) == pytest.approx(np.array(ALPHAS), abs=0.03)


def test_error_right_after_programming_without_read_noise() -> None:
    """0.111 on pairs of the net weight, 0.257 on both cells of the code."""
    for book, expected in ((None, 0.111), (preset(), 0.257)):
        errors = []
        for seed in range(20):
            weights = laplace(seed)
            analog = stored(weights, seed, codebook=book)
            block = analog.layer("network").blocks[0]
            state = block.state
            assert state is not None
            block._take(state.programmed_usiemens / pcm().highest_usiemens, None)
            errors.append(relative_error(analog, weights))
        assert np.mean(errors) == pytest.approx(expected, rel=0.05)


# The same, rewritten once a period, at the end of a period: by period and time.
REWRITTEN = [
    (300.0, {300.0: 0.328, 3600.0: 0.327, 6000.0: 0.328, DAY: 0.326, MONTH: 0.327, YEAR: 0.327}),
    (3600.0, {3600.0: 0.368, 6000.0: 0.369, DAY: 0.369, MONTH: 0.368, YEAR: 0.371}),
    (DAY, {DAY: 0.442, MONTH: 0.443, YEAR: 0.443}),
]


def after_rewrites(analog: AnalogNetwork, until_s: float, period_s: float) -> None:
    """To the end of the last whole period before a time, with a rewrite at the end of each one before it."""
    last_s = (until_s // period_s - 1) * period_s
    if last_s < analog.now_s and analog.now_s > 0:  # no other period has ended
        return analog.wait(0)
    rewrites = round((last_s - analog.now_s) / period_s) + (analog.now_s > 0)
    analog.wait(last_s - analog.now_s)
    if rewrites:
        analog.rewrite("network", times=rewrites)
    return analog.wait(period_s)


@pytest.mark.parametrize(("period_s", "table"), REWRITTEN, ids=["300 s", "1 h", "1 d"])
def test_error_of_weights_that_are_rewritten(period_s: float, table: dict[float, float]) -> None:
    """Within 5 %; every rewrite is counted."""
    found: dict[float, list[float]] = {time_s: [] for time_s in table}
    for seed in range(12):
        weights = laplace(seed)
        analog = stored(weights, seed, codebook=preset())
        for time_s, errors in found.items():
            after_rewrites(analog, time_s, period_s)
            assert analog.layer("network").blocks[0].writes == time_s // period_s
            errors.append(relative_error(analog, weights))
    means = {time_s: np.mean(errors) for time_s, errors in found.items()}
    assert means == pytest.approx(table, rel=0.05)


def test_error_one_second_after_a_rewrite_and_of_exact_writes_right_after_them() -> None:
    """0.324 and, with read noise alone, 0.201: at any time."""
    errors, exact = [], []
    for seed in range(12):
        weights = laplace(seed)
        analog = stored(weights, seed, codebook=preset())
        analog.wait(MONTH)
        analog.rewrite("network", times=8640)
        analog.wait(1.0)
        errors.append(relative_error(analog, weights))
        ideal = replace(analog.numerics, cells=pcm_written_exactly())
        analog = convert_to_analog(as_layer(weights), ideal, seed)
        analog.program_analog_weights()
        for time_s in (300.0, YEAR):
            analog.drift_analog_weights(time_s)
            analog.rewrite("network")
            exact.append(relative_error(analog, weights))
    assert np.mean(errors) == pytest.approx(0.324, rel=0.05)
    assert np.mean(exact) == pytest.approx(0.201, rel=0.05)


def test_rewriting_every_300_s_keeps_the_error_of_300_s() -> None:
    """Physical: programming noise and drift coefficients are drawn anew, the age begins again."""
    weights, errors = laplace(0), []
    analog = stored(weights, codebook=preset())
    for _ in range(20):
        analog.wait(300)
        errors.append(relative_error(analog, weights))
        analog.rewrite("network")
    assert np.mean(errors) == pytest.approx(0.328, rel=0.05)
    assert len(set(errors)) == 20
    block = analog.layer("network").blocks[0]
    assert block.writes == 21 and (block.state.writes == 21).all()


def test_codes_are_kept_and_no_codebook_is_put_on_slices() -> None:
    weights = laplace(1)
    analog = stored(weights, codebook=preset())
    codes = analog.layer("network").blocks[0].codes
    assert (preset().decode(codes)[0] == weights).all()
    with pytest.raises(
        ValueError, match=r"^Numerics.weight_range is 'array'; with a codebook allowed: 'given'$"
    ):
        replace(analog.numerics, weight_range="array")
