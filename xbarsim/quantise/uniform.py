"""Uniform quantisation: equal steps, words in two's complement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xbarsim.quantise.grid import Integers, Quantiser, Words, checked_bits


@dataclass(frozen=True)
class Uniform(Quantiser):
    """Integers from -(2^(b-1) - 1) to 2^(b-1) - 1; the largest weight is the largest integer.

    The most negative word, -2^(b-1), is left out so that levels are symmetric; read, it stands for itself.
    """

    bits: int

    def __post_init__(self) -> None:
        checked_bits(self.bits, 2, 16, "uniform")

    @cached_property
    def magnitudes(self) -> Integers:
        return np.arange(2 ** (self.bits - 1), dtype=np.int64)

    def _words(self, levels: Integers, negative: NDArray[np.bool_]) -> Words:
        signed: Integers = np.where(negative, -levels, levels)
        words: Words = np.bitwise_and(signed, 2**self.bits - 1).astype(np.uint16)
        return words

    def integers(self, words: ArrayLike) -> Integers:
        found = self._checked(words)
        return np.where(found >= 2 ** (self.bits - 1), found - 2**self.bits, found)
