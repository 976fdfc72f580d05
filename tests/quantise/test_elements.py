"""Every element against plain integers: all words, all activations, long random products, extremes, overflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xbarsim.quantise.elements import ELEMENTS, Adder, Bac, Mac, element
from xbarsim.quantise.grid import Quantiser

LONGEST = 4_608  # inputs of a 3x3 convolution over 512 channels


def in_python(name: str, words: Quantiser, activation: int, word: int) -> int:
    """What one step adds, in Python's own integers."""
    weight = int(words.integers(word))
    return -abs(activation - weight) if name == "adder" else activation * weight


@pytest.mark.parametrize("name", ELEMENTS)
def test_all_words_and_all_activations(name: str) -> None:
    own = element(name, 8, 4)
    found = own.product(np.arange(256)[:, None], np.arange(16)[None])
    assert found.tolist() == [[in_python(name, own.words, x, w) for w in range(16)] for x in range(256)]


@pytest.mark.parametrize("name", ELEMENTS)
@settings(max_examples=25)
@given(inputs=st.integers(1, LONGEST), seed=st.integers(0, 2**32 - 1))
def test_random_products(name: str, inputs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    own = element(name, 8, 4)
    activations, words = rng.integers(0, 256, (2, inputs)), rng.integers(0, 16, (inputs, 2))
    weights = own.words.integers(words)
    distances = np.abs(activations[:, :, None] - weights).sum(axis=1)
    expected = -distances if name == "adder" else activations @ weights
    assert own.product(activations, words).tolist() == expected.tolist()


@given(x=st.integers(0, 255), word=st.integers(0, 15), before=st.integers(-(2**27), 2**27 - 1))
def test_shift_and_accumulate_is_multiply_and_accumulate(x: int, word: int, before: int) -> None:
    """Bit by bit: from any accumulator, a shift, an inversion and a carry give what a multiplier would."""
    held = np.array([before])
    added = Bac(8, 4).step(held, np.array([x]), np.array([word]))
    assert added.tolist() == [before + x * int(Bac(8, 4).words.integers(word))]


def test_a_zero_word_moves_nothing() -> None:
    before = np.array([5, -5])
    for zero in (0, 8):  # plus and minus zero
        assert Bac(8, 4).step(before, np.array([255, 255]), np.array([zero, zero])).tolist() == [5, -5]


# Bits of an accumulator by inputs: (inputs, multiplier, shifter).
WIDTHS = [(9, 16, 19), (72, 19, 22), (576, 22, 25), (4_608, 25, 28)]


@pytest.mark.parametrize(("inputs", "mac", "bac"), WIDTHS)
def test_accumulators_are_as_wide_as_published_hardware_has_them(inputs: int, mac: int, bac: int) -> None:
    assert (Mac(8, 4).accumulator_bits(inputs), Bac(8, 4).accumulator_bits(inputs)) == (mac, bac)


def test_products_are_as_wide_as_in_published_hardware() -> None:
    assert [Mac(8, 4).product_bits, Bac(8, 4).product_bits, Mac(8, 8).product_bits] == [12, 15, 16]


@pytest.mark.parametrize("name", ELEMENTS)
@pytest.mark.parametrize("inputs", [1, 9, 512, LONGEST])
def test_extremes_fit(name: str, inputs: int) -> None:
    """All activations at their largest, all weights at either end: no sum overflows."""
    own = element(name, 8, 4)
    values = own.words.integers(np.arange(16))
    for word in (int(values.argmin()), int(values.argmax())):
        sums = own.product(np.full((1, inputs), 255), np.full((inputs, 1), word))
        assert sums.tolist() == [[inputs * in_python(name, own.words, 255, word)]]


def test_overflow_is_an_error() -> None:
    """Eight largest products need all bits of 15 + 3; the fifth is the first that 17 do not hold."""
    activations, words = np.full((1, 8), 255), np.full((8, 1), 7)
    assert Bac(8, 4).product(activations, words, 18).tolist() == [[8 * 255 * 64]]
    with pytest.raises(OverflowError) as told:
        Bac(8, 4).product(activations, words, 17)
    assert str(told.value) == (
        "Bac: after 5 of 8 inputs a sum of 81600 does not fit an accumulator of 17 bits; 18 hold every sum"
    )


def test_a_sum_that_comes_back_has_overflowed_on_its_way() -> None:
    words = np.array([[7]] * 5 + [[15]] * 5)
    assert Bac(8, 4).product(np.full((1, 10), 255), words).tolist() == [[0]]
    with pytest.raises(OverflowError):
        Bac(8, 4).product(np.full((1, 10), 255), words, 17)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: element("bac2", 8, 4),
            "no element 'bac2'; allowed: mac, bac, additive_bac, shift_add, adder",
        ),
        (lambda: element("bac", 8, 9), "power of two: bits is 9; allowed: 2 to 6"),
        (lambda: Mac(8, 4).product([[256]], [[1]]), "activations from 256 to 256; allowed: 0 to 255"),
        (lambda: Mac(8, 4).product([[1]], [[16]]), "words from 16 to 16; allowed: 0 to 15, 4 bits"),
        (lambda: Mac(8, 4).product([[0.5]], [[1]]), "float64 values; allowed: whole numbers"),
    ],
)
def test_messages(call, text: str) -> None:
    with pytest.raises(ValueError) as told:
        call()
    assert str(told.value) == text


def test_add_layers_have_no_free_zero() -> None:
    assert [name for name, own in ELEMENTS.items() if not own.skips_zeros] == ["shift_add", "adder"]
    assert Adder(8, 4).product([[3]], [[0]]).tolist() == [[-3]]
