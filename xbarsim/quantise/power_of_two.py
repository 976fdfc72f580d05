"""Power-of-two quantisation: each weight is zero or a sign and a shift. Three published rules, by name.

The word of b bits is {s, m[b-2:0]}: m = 0 is zero, m = 1, 2, … is ±2^(m-1) units (reconstructed from the abstract of
Przewlocka-Rus and Kryjak, arXiv 2209.15257, whose encoding could not be read; gicLAB/PoTAcc@33dcb3d shifts alike but
has no zero). The sixteenth word of four bits, minus zero, is never written; read, it is zero.

How a weight is rounded is not published for that paper either: the rules are those of other papers and codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, log2
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xbarsim.quantise.grid import Integers, Quantiser, Values, Words, checked_bits

Rule = Literal["nearest_value", "inq", "nearest_exponent"]
BITS = (2, 6)  # a magnitude of 2^30 at 6 bits


@dataclass(frozen=True)
class PowerOfTwo(Quantiser):
    """Magnitudes 0, 1, 2, 4, … units.

    rule: "nearest_value": 2^(b-1) - 1 magnitudes below the scale, the largest weight if none is given; to the nearest
        value, so from 0.75 of a level on (yhhhli/APoT_Quantization@13204f1 with additive=False; there the scale is
        learnt, in standard deviations).
    "inq": 2^(b-2) magnitudes, the largest 2^floor(log2(4/3 of the largest weight)); nearest value (Zhou et al., INQ,
        ICLR 2017).
    "nearest_exponent": 2^(b-1) - 1 magnitudes, the largest 2^ceil(log2 of the largest weight); the exponent is rounded,
        so from 2^-0.5 = 0.707 of a level on; zero below half the smallest level (a student's code that cites
        Przewlocka-Rus et al., arXiv 2203.05025; not the authors').
    """

    bits: int
    rule: Rule = "nearest_value"

    def __post_init__(self) -> None:
        if self.rule not in get_args(Rule):
            raise ValueError(f"power of two: rule is {self.rule!r}; allowed: {', '.join(get_args(Rule))}")
        checked_bits(self.bits, *BITS, "power of two")

    @cached_property
    def magnitudes(self) -> Integers:
        levels = 2 ** (self.bits - 2) if self.rule == "inq" else 2 ** (self.bits - 1) - 1
        return np.concatenate([[0], 2 ** np.arange(levels, dtype=np.int64)])

    @cached_property
    def thresholds(self) -> Values:
        if self.rule != "nearest_exponent":
            return (self.magnitudes[:-1] + self.magnitudes[1:]) / 2
        return np.concatenate([[0.5], self.magnitudes[2:] * 2**-0.5])

    def scale(self, weights: ArrayLike) -> float:
        largest = super().scale(weights)
        if self.rule == "inq":
            return float(2.0 ** floor(log2(4 * largest / 3)))
        return float(2.0 ** ceil(log2(largest))) if self.rule == "nearest_exponent" else largest

    def _words(self, levels: Integers, negative: NDArray[np.bool_]) -> Words:
        return (levels + (negative.astype(np.int64) << (self.bits - 1))).astype(np.uint16)

    def integers(self, words: ArrayLike) -> Integers:
        found = self._checked(words)
        shift = found & (2 ** (self.bits - 1) - 1)
        magnitude = np.where(shift > 0, np.left_shift(1, np.maximum(shift - 1, 0)), 0)
        return np.where(found >> (self.bits - 1) == 1, -magnitude, magnitude)
