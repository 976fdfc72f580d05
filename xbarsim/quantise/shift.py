"""Shifts without zero: each weight is a sign and a shift, {s, p[b-2:0]} for ±2^p units.

The weights of shift layers (Elhoushi et al., DeepShift, CVPR workshops 2021, as ShiftAddNet takes them; the shift
elements of gicLAB/PoTAcc@33dcb3d have no zero either). The exponent is rounded; the window ends, as for
"pot_nearest_exponent", at the power of two above the largest weight: our choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xbarsim.quantise.grid import Integers, Quantiser, Values, Words, checked_bits


@dataclass(frozen=True)
class Shift(Quantiser):
    """Magnitudes 1, 2, 4, … units; what is smaller than 1 becomes 1."""

    bits: int

    def __post_init__(self) -> None:
        checked_bits(self.bits, 2, 6, "shift")

    @cached_property
    def magnitudes(self) -> Integers:
        return np.asarray(2 ** np.arange(2 ** (self.bits - 1), dtype=np.int64))

    @cached_property
    def thresholds(self) -> Values:
        return np.asarray(self.magnitudes[1:] * 2**-0.5, dtype=np.float64)

    def scale(self, weights: ArrayLike) -> float:
        return float(2.0 ** ceil(log2(super().scale(weights))))

    def _words(self, levels: Integers, negative: NDArray[np.bool_]) -> Words:
        return (levels + (negative.astype(np.int64) << (self.bits - 1))).astype(np.uint16)

    def integers(self, words: ArrayLike) -> Integers:
        found = self._checked(words)
        magnitude: Integers = np.left_shift(1, found & (2 ** (self.bits - 1) - 1))
        return np.where(found >> (self.bits - 1) == 1, -magnitude, magnitude)
