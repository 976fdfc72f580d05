"""How a weight becomes conductances of cells, and conductances a weight again.

A weight u between -1 and 1 is stored as digits d, each between 0 and 1 of a cell's range:

    differential: u = Σ s (d+ - d-)      offset: u = Σ s d - shift

s: what a digit of 1 weighs, slice by slice; shift: taken off digitally, times the sum of the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xbarsim.spec.roles import Array

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Encoding:
    """Weights of `bits` bits in `slices` cells (or pairs of cells), most significant slice first.

    rounded: weights are rounded to their bits; else they stand in the cells as they are: the last slice then holds
    what the slices before it leave over.
    """

    kind: Literal["differential", "offset"] = "differential"
    bits: int = 1
    slices: int = 1
    rounded: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("differential", "offset"):
            raise ValueError(f"Encoding.kind is {self.kind!r}; allowed: 'differential', 'offset'")
        if self.bits < 1 or not 1 <= self.slices <= self.bits:
            raise ValueError(
                f"{self.bits} bits in {self.slices} slices; allowed: from 1 bit on, a bit in each slice"
            )

    @classmethod
    def of(cls, array: Array, rounded: bool) -> Encoding:
        """As the arrays of a chip store weights."""
        weight = array.weight  # type: ignore[attr-defined]
        return cls(weight.encoding, weight.bits, weight.slices, rounded)

    @property
    def signs(self) -> int:
        """Cells for the two signs of a digit."""
        return 2 if self.kind == "differential" else 1

    @cached_property
    def _steps(self) -> int:
        """Whole numbers from 0 to the largest weight; for one bit, too, there is a step."""
        return int(2 ** max(1, self.bits - 1)) - 1

    @cached_property
    def _base(self) -> int:
        """Of the digits: as few bits a slice as hold the magnitude (differential), or the shifted weight (offset)."""
        bits = max(1, self.bits - 1) if self.kind == "differential" else max(2, self.bits)
        return int(2 ** -(-bits // self.slices))

    @cached_property
    def _full(self) -> Values:
        """Digit at the largest conductance. A last slice that holds a rest needs room below the next digit."""
        full = np.full(self.slices, self._base - 1.0)
        if self.slices > 1 and not self.rounded:
            full[-1] = self._base
        return full

    @cached_property
    def _places(self) -> Values:
        return np.power(float(self._base), np.arange(self.slices - 1, -1, -1, dtype=np.float64))

    @cached_property
    def significance(self) -> Values:
        """s: what a cell (or pair) at its largest conductance weighs, by slice."""
        return self._places * self._full / self._steps

    @property
    def shift(self) -> float:
        return (self._steps + 1) / self._steps if self.kind == "offset" else 0.0

    def digits(self, weights: ArrayLike) -> Values:
        """Digits (slices, signs, ...) of weights between -1 and 1."""
        scaled = np.asarray(weights, dtype=np.float64) * self._steps
        if self.rounded:
            scaled = np.round(scaled)
        if self.kind == "offset":
            return self._split(scaled + self._steps + 1)[:, None]
        return np.stack([self._split(np.maximum(scaled, 0)), self._split(np.maximum(-scaled, 0))], axis=1)

    def _split(self, numbers: Values) -> Values:
        found, rest = np.empty((self.slices, *numbers.shape)), numbers
        for slice_, place in enumerate(self._places[:-1]):
            digit = np.minimum(np.floor(rest / place), self._base - 1)
            found[slice_], rest = digit, rest - digit * place
        found[-1] = rest
        return found / self._full.reshape(-1, *([1] * numbers.ndim))

    def signed(self, digits: Values) -> Values:
        """What an array multiplies by, slice by slice: d+ - d- of pairs, else d."""
        return digits[:, 0] - digits[:, 1] if self.signs == 2 else digits[:, 0]

    def weights(self, digits: Values) -> Values:
        """Weights of digits, the inverse of `digits`."""
        return np.tensordot(self.significance, self.signed(digits), axes=1) - self.shift
