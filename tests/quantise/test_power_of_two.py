"""Levels, thresholds and words of the quantisers, and the signal-to-noise ratios that they leave."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import laplace, norm

from xbarsim.quantise import QUANTISERS, Uniform, best_scale, quantiser, sqnr_db

POT = ("pot_nearest_value", "pot_inq", "pot_nearest_exponent")
QUANTILES = (np.arange(200_000) + 0.5) / 200_000
# dB at the largest weight as scale, and at the scale of least squared error: (uniform, nearest powers of two) by bits.
# Computed apart from this code, with random samples; their largest weights follow from their shares of zeros.
GAUSS = {
    3: ((6.84, 13.27), (9.28, 13.22)),
    4: ((14.20, 18.88), (14.21, 14.22)),
    5: ((20.83, 24.29), (14.21, 14.22)),
}
LAPLACE = {
    3: ((3.63, 10.77), (5.46, 11.47)),
    4: ((9.70, 15.58), (14.18, 14.18)),
    5: ((16.05, 20.39), (14.20, 14.20)),
}
LAWS = {
    "gauss": (norm.ppf(QUANTILES), -14 * norm.ppf((1 - 0.264) / 2), GAUSS),
    "laplace": (laplace.ppf(QUANTILES), -14 * np.log(1 - 0.565), LAPLACE),
}


def test_four_bits_have_fifteen_values_of_which_each_is_a_power_of_two() -> None:
    for name in ("pot_nearest_value", "pot_nearest_exponent"):
        values = np.unique(quantiser(name, 4).integers(np.arange(16)))
        assert values.tolist() == [-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64]
    inq = quantiser("pot_inq", 4)
    assert inq.magnitudes.tolist() == [0, 1, 2, 4, 8]
    assert quantiser("pot_inq", 5).magnitudes.tolist() == [0, 1, 2, 4, 8, 16, 32, 64, 128]


def test_words_are_a_sign_and_a_shift() -> None:
    found = quantiser("pot_nearest_value", 4).quantise([0.0, 1.0, -1.0, 1 / 64, -1 / 64, 0.5])
    assert found.words.tolist() == [0, 7, 15, 1, 9, 6]
    assert found.unit == 1 / 64


@pytest.mark.parametrize("name", POT)
def test_thresholds_are_those_of_the_named_rule(name: str) -> None:
    found = quantiser(name, 4)
    share = 2**-0.5 if name == "pot_nearest_exponent" else 0.75
    top = found.largest
    for level in found.magnitudes[2:].tolist():
        below, at = found.quantise(np.array([level * share - 1e-9, level * share + 1e-9]), scale=top).integers
        assert (below, at) == (level // 2, level)
    assert found.quantise([0.5 - 1e-9, 0.5 + 1e-9], scale=top).integers.tolist() == [0, 1]


def test_windows_follow_from_the_largest_weight() -> None:
    weights = np.array([-0.9, 0.1])
    assert quantiser("pot_nearest_value", 4).scale(weights) == 0.9
    assert quantiser("pot_inq", 4).scale(weights) == 1.0  # floor(log2 1.2) = 0
    assert quantiser("pot_inq", 4).scale([0.7]) == 0.5  # floor(log2 0.933) = -1
    assert quantiser("pot_nearest_exponent", 4).scale([0.51]) == 1.0  # ceil


def test_additive_levels_are_those_of_the_published_code() -> None:
    a, b = (0, 1 / 2, 1 / 4, 1 / 16), (0, 1 / 8)  # B = 3 of build_power_value
    values = sorted({x + y for x in a for y in b})
    apot = quantiser("apot", 4)
    assert (apot.magnitudes / apot.largest).tolist() == [value / values[-1] for value in values]
    a, b = (0, 1 / 2, 1 / 8, 1 / 32), (0, 1 / 4, 1 / 16, 1 / 64)  # B = 4
    values = sorted({x + y for x in a for y in b})
    apot = quantiser("apot", 5)
    assert (apot.magnitudes / apot.largest).tolist() == pytest.approx(
        [value / values[-1] for value in values]
    )


@pytest.mark.parametrize("name", QUANTISERS)
@given(weights=arrays(np.float64, 30, elements=st.floats(-4, 4, allow_subnormal=False)))
def test_rounding_is_idempotent_odd_and_monotone(name: str, weights: np.ndarray) -> None:
    own = quantiser(name, 4)
    if name == "shift":
        weights = weights[weights != 0]  # it has no zero
    once = own.quantise(weights, scale=2.0)
    assert own.quantise(once.values, scale=2.0).integers.tolist() == once.integers.tolist()
    assert own.quantise(-weights, scale=2.0).integers.tolist() == (-once.integers).tolist()
    assert (np.diff(once.integers[np.argsort(weights, kind="stable")]) >= 0).all()
    assert own.integers(once.words).tolist() == once.integers.tolist()


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("bits", [3, 4, 5])
def test_signal_to_noise_ratios(law: str, bits: int) -> None:
    weights, largest, table = LAWS[law]
    for name, expected in zip(("uniform", "pot_nearest_value"), table[bits], strict=True):
        own = quantiser(name, bits)
        assert sqnr_db(weights, own.quantise(weights, largest)) == pytest.approx(expected[0], abs=0.1)
        best = best_scale(own, weights)
        assert sqnr_db(weights, own.quantise(weights, best)) == pytest.approx(expected[1], abs=0.1)


@pytest.mark.parametrize(("law", "uniform", "power"), [("gauss", 0.264, 0.029), ("laplace", 0.565, 0.087)])
def test_shares_of_zeros(law: str, uniform: float, power: float) -> None:
    """The first of each pair gives the largest weight of the reference's sample; the second follows."""
    weights, largest, _ = LAWS[law]
    for name, share in (("uniform", uniform), ("pot_nearest_value", power)):
        assert quantiser(name, 4).quantise(weights, largest).zero_share == pytest.approx(share, abs=0.005)


def test_more_bits_do_not_help_powers_of_two() -> None:
    """Above 4 bits the error is that of the spacing, not of the range."""
    for weights, largest, _ in LAWS.values():
        four, five = (
            sqnr_db(weights, quantiser("pot_nearest_value", b).quantise(weights, largest)) for b in (4, 5)
        )
        assert five - four < 0.1
    weights, largest, _ = LAWS["gauss"]
    tuned = [
        sqnr_db(weights, q.quantise(weights, best_scale(q, weights)))
        for q in (Uniform(4), quantiser("pot_nearest_value", 4))
    ]
    assert tuned[0] > tuned[1] + 4  # a uniform grid of its best scale beats powers of two on Gaussian weights


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: quantiser("pot_nearest", 4),
            "no quantiser 'pot_nearest'; did you mean 'pot_nearest_value'?",
        ),
        (lambda: quantiser("apot", 8), "additive power of two: bits is 8; allowed: 3 to 5"),
        (lambda: quantiser("uniform", 4).quantise([np.nan, 1]), "1 of 2 weights are not finite"),
        (lambda: quantiser("uniform", 4).quantise([1], 0), "scale is 0; allowed: a weight above 0"),
        (lambda: quantiser("apot", 4).integers([16]), "words from 16 to 16; allowed: 0 to 15, 4 bits"),
    ],
)
def test_messages(make, text: str) -> None:
    with pytest.raises(ValueError) as told:
        make()
    assert str(told.value) == text
