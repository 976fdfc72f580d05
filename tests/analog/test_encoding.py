"""Weights to conductances and back."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.analog import Encoding

KINDS = st.sampled_from(["differential", "offset"])
WEIGHTS = st.lists(st.floats(-1, 1), min_size=1, max_size=20).map(np.array)


@given(KINDS, st.integers(1, 16), st.integers(1, 16), WEIGHTS)
def test_there_and_back_is_the_same_weight(kind: str, bits: int, slices: int, weights: np.ndarray) -> None:
    encoding = Encoding(kind, bits, min(bits, slices))
    digits = encoding.digits(weights)
    assert digits.shape == (encoding.slices, encoding.signs, *weights.shape)
    assert ((digits >= 0) & (digits <= 1)).all()
    assert encoding.weights(digits) == pytest.approx(weights, abs=1e-12)


@given(KINDS, st.integers(1, 16), st.integers(1, 16), WEIGHTS)
def test_rounded_weights_are_off_by_half_a_step_and_come_back_exactly(kind, bits, slices, weights) -> None:
    encoding = Encoding(kind, bits, min(bits, slices), rounded=True)
    stored = encoding.weights(encoding.digits(weights))
    steps = 2 ** max(1, bits - 1) - 1
    assert np.abs(stored - weights).max() <= 0.5 / steps + 1e-12
    assert encoding.digits(stored) == pytest.approx(encoding.digits(weights), abs=1e-12)


def test_eight_bits_in_four_cells_of_two_bits_around_an_offset() -> None:
    """Whole numbers from -127 to 127, 128 added: -127 is 0001, 0 is 2000, 127 is 3333 in base 4."""
    encoding = Encoding("offset", 8, 4, rounded=True)
    digits = encoding.digits([-1.0, 0.0, 1.0])[:, 0] * 3
    assert digits.T.round(12).tolist() == [[0, 0, 0, 1], [2, 0, 0, 0], [3, 3, 3, 3]]
    assert encoding.significance * 127 / 3 == pytest.approx([64, 16, 4, 1])
    assert encoding.shift == pytest.approx(128 / 127)


def test_a_differential_pair_uses_one_cell_for_each_sign() -> None:
    digits = Encoding("differential", 4, 1, rounded=True).digits([-1.0, 3 / 7, 0.0])
    assert digits[0].tolist() == [[0, 3 / 7, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Encoding("both"), "Encoding.kind is 'both'; allowed: 'differential', 'offset'"),
        (
            lambda: Encoding(bits=4, slices=5),
            "4 bits in 5 slices; allowed: from 1 bit on, a bit in each slice",
        ),
    ],
)
def test_messages(make, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()
