"""Zeros, changing bits and packed cycles, counted by hand and by a slow model."""

from __future__ import annotations

import numpy as np
import pytest

from xbarsim.quantise import Activity, activity, quantiser


def test_by_hand() -> None:
    """Two outputs, four inputs, on 2 x 2 elements: words 7 0 | 15 7 and 0 0 | 0 1 pass in two cycles."""
    weights = np.array([[[1.0, 0.0, -1.0, 1.0], [0.0, 0.0, 0.0, 1 / 64]]])
    found = activity(quantiser("pot_nearest_value", 4).quantise(weights), 2, 2)
    # First output: 7 -> 15 -> 7 changes 1 bit twice; 0 -> 7 -> 0 changes 3 twice. Second: 0 -> 1 -> 0, 1 bit twice.
    assert found.toggles == (2 + 6 + 2) / 8
    assert found.toggles_gated == 2 / 8  # of 7 and 15 only: zeros do not enter
    assert found.zero_share == 4 / 8
    assert found.busy_share == 1.0  # the first output has 3 weights for 2 inputs at once: two cycles


@pytest.mark.parametrize("name", ["uniform", "pot_nearest_value", "apot"])
def test_against_a_slow_model(name: str) -> None:
    rng = np.random.default_rng(3)
    weights = rng.laplace(size=(2, 7, 23)) * (rng.random((2, 7, 23)) < 0.6)
    found = quantiser(name, 4).quantise(weights)
    seen = activity(found, 4, 3)
    changed = gated = 0
    for words, integers in zip(found.words.reshape(-1, 23), found.integers.reshape(-1, 23), strict=True):
        for lane in range(4):
            row = [int(word) for word in words[lane::4]] + [0] * (6 - len(words[lane::4]))
            live = [int(w) for w, n in zip(words[lane::4], integers[lane::4], strict=True) if n]
            for values in (row, live):
                bits = sum((a ^ b).bit_count() for a, b in zip(values, values[1:] + values[:1], strict=True))
                if values is row:
                    changed += bits
                else:
                    gated += bits
    assert seen.toggles == changed / weights.size
    assert seen.toggles_gated == gated / weights.size
    left = 0
    for group in found.integers:
        for first in range(0, 7, 3):
            left += max(-(-np.count_nonzero(row) // 4) for row in group[first : first + 3])
    assert seen.busy_share == left / (2 * 3 * 6)


def test_all_zero_and_none_zero() -> None:
    zeros = quantiser("uniform", 4).quantise(np.zeros((1, 8, 8)))
    assert activity(zeros, 4, 4) == Activity(1.0, 0.0, 0.0, 0.0)
    ones = quantiser("uniform", 4).quantise(np.ones((1, 8, 8)))
    assert activity(ones, 4, 4) == Activity(0.0, 0.0, 0.0, 1.0)


def test_a_share_is_a_share() -> None:
    with pytest.raises(ValueError, match=r"zero_share is 1\.5; allowed: 0 to 1"):
        Activity(1.5)
