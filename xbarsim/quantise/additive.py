"""Additive power-of-two quantisation (APoT): each weight is a sum of two powers of two, or of one, or zero.

Li, Dong and Wang, "Additive Powers-of-Two Quantization", ICLR 2020; levels as in yhhhli/APoT_Quantization@cccffe8,
CIFAR10/models/quant_layer.py, build_power_value. The word is ours: {s, second term, first term[1:0]}.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xbarsim.quantise.grid import Integers, Quantiser, Words, checked_bits


@dataclass(frozen=True)
class AdditivePowerOfTwo(Quantiser):
    """Magnitudes are sums of one choice from each term, in units; the largest weight is the largest sum.

    TERMS: by bits, the choices of the first and of the second term: 3 bits 0, 1/2, 1/4, 1/8 and none; 4 bits
    0, 1/2, 1/4, 1/16 and 0, 1/8; 5 bits 0, 1/2, 1/8, 1/32 and 0, 1/4, 1/16, 1/64, all over the smallest.
    """

    bits: int
    TERMS: ClassVar[dict[int, tuple[tuple[int, ...], tuple[int, ...]]]] = {
        3: ((0, 4, 2, 1), (0,)),
        4: ((0, 8, 4, 1), (0, 2)),
        5: ((0, 32, 8, 2), (0, 16, 4, 1)),
    }

    def __post_init__(self) -> None:
        checked_bits(self.bits, 3, 5, "additive power of two")

    @cached_property
    def _sums(self) -> Integers:
        """Magnitude of each word without its sign."""
        first, second = self.TERMS[self.bits]
        return np.add.outer(np.array(second, dtype=np.int64), np.array(first, dtype=np.int64)).reshape(-1)

    @cached_property
    def _order(self) -> Integers:
        return np.argsort(self._sums, kind="stable")

    @cached_property
    def magnitudes(self) -> Integers:
        return np.asarray(self._sums[self._order], dtype=np.int64)

    def _words(self, levels: Integers, negative: NDArray[np.bool_]) -> Words:
        return (self._order[levels] + (negative.astype(np.int64) << (self.bits - 1))).astype(np.uint16)

    def integers(self, words: ArrayLike) -> Integers:
        found = self._checked(words)
        magnitude: Integers = self._sums[found & (2 ** (self.bits - 1) - 1)]
        return np.where(found >> (self.bits - 1) == 1, -magnitude, magnitude)

    def terms(self, words: ArrayLike) -> tuple[Integers, Integers]:
        """The two powers of two (or zeros) whose sum a word stands for, without its sign."""
        first, second = (np.array(term, dtype=np.int64) for term in self.TERMS[self.bits])
        low = self._checked(words) & (2 ** (self.bits - 1) - 1)
        return first[low % len(first)], second[low // len(first)]
