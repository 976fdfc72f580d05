"""What all quantisers share: levels, thresholds, code words, and what quantised weights are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint16]
_LOOKED_AT = (
    10_000  # weights of a trained layer that have more sizes than there are levels stand on no levels
)


@dataclass(frozen=True)
class Quantised:
    """Weights on the levels of a quantiser, in the shape that they came in.

    words: what a memory holds, `bits` bits each. integers: what the words stand for, in units.
    unit: the weight that integer 1 stands for. bits: of a word.
    """

    words: Words
    integers: Integers
    unit: float
    bits: int

    @property
    def values(self) -> Values:
        """The weights that the words stand for."""
        return np.asarray(self.integers * self.unit, dtype=np.float64)

    @property
    def zero_share(self) -> float:
        """Share of the weights that are zero."""
        return float((self.integers == 0).mean()) if self.integers.size else 0.0


class Quantiser(ABC):
    """Levels symmetric around zero, and how a weight finds its own.

    A level is an integer times a unit. `scale` is the weight that the largest level stands for; without one it
    follows from the largest weight, as each quantiser says.
    """

    bits: int

    @property
    @abstractmethod
    def magnitudes(self) -> Integers:
        """Magnitudes of the levels in units, ascending."""

    @cached_property
    def largest(self) -> int:
        """The largest magnitude, in units."""
        return int(self.magnitudes[-1])

    @property
    def thresholds(self) -> Values:
        """Magnitudes, in units, from which on a weight goes to the next level: the midpoints."""
        return (self.magnitudes[:-1] + self.magnitudes[1:]) / 2

    def scale(self, weights: ArrayLike) -> float:
        """The scale that these weights ask for: their largest magnitude."""
        return _largest(weights)

    @abstractmethod
    def _words(self, levels: Integers, negative: NDArray[np.bool_]) -> Words:
        """Words of the n-th magnitudes with a sign."""

    @abstractmethod
    def integers(self, words: ArrayLike) -> Integers:
        """What words stand for, in units. Raises: ValueError for words of more than `bits` bits."""

    def quantise(self, weights: ArrayLike, scale: float | None = None) -> Quantised:
        """Weights of any shape, each to its level. Beyond the largest level they are clipped.

        Raises: ValueError if a weight is not finite, or the scale not above 0.
        """
        given = np.asarray(weights, dtype=np.float64)
        if not np.isfinite(given).all():
            raise ValueError(f"{int((~np.isfinite(given)).sum())} of {given.size} weights are not finite")
        scale = self.scale(given) if scale is None else scale
        if not scale > 0:
            raise ValueError(f"scale is {scale!r}; allowed: a weight above 0")
        unit = scale / self.largest
        levels = np.searchsorted(self.thresholds * unit, np.abs(given), side="right")
        words = self._words(levels, (given < 0) & (self.magnitudes[levels] > 0))
        return Quantised(words, self.integers(words), unit, self.bits)

    def _checked(self, words: ArrayLike) -> Integers:
        found = np.asarray(words, dtype=np.int64)
        if found.size and not 0 <= found.min() <= found.max() < 2**self.bits:
            raise ValueError(
                f"words from {found.min()} to {found.max()}; allowed: 0 to {2**self.bits - 1}, {self.bits} bits"
            )
        return found


def stored_scale(quantiser: Quantiser, weights: ArrayLike) -> float:
    """The scale with which weights are stored: one at which they stand on levels exactly, as those of a quantised
    network do, else the quantiser's own.

    Such weights need not use the largest level; so every level is tried as that of the largest weight.
    """
    given = np.asarray(weights, dtype=np.float64)
    if len(np.unique(np.abs(given.flat[:_LOOKED_AT]))) > len(quantiser.magnitudes):
        return quantiser.scale(given)
    for magnitude in [int(level) for level in quantiser.magnitudes[::-1] if level]:
        scale = _largest(given) * quantiser.largest / magnitude
        if np.allclose(quantiser.quantise(given, scale).values, given, rtol=1e-5, atol=1e-6 * scale):
            return scale
    return quantiser.scale(given)


def checked_bits(bits: int, low: int, high: int, what: str) -> int:
    if isinstance(bits, bool) or not isinstance(bits, int) or not low <= bits <= high:
        raise ValueError(f"{what}: bits is {bits!r}; allowed: {low} to {high}")
    return bits


def _largest(weights: ArrayLike) -> float:
    given = np.abs(np.asarray(weights, dtype=np.float64))
    return float(given.max(initial=0.0)) or 1.0


def sqnr_db(weights: ArrayLike, quantised: Quantised) -> float:
    """10 log10 of the weights' power over that of their errors, in dB."""
    given = np.asarray(weights, dtype=np.float64)
    error = float(((given - quantised.values) ** 2).sum())
    return float(10 * np.log10((given**2).sum() / error)) if error else float("inf")


def best_scale(
    quantiser: Quantiser, weights: ArrayLike, least: float = 0.05, most: float = 1.2, steps: int = 231
) -> float:
    """The scale with the smallest mean squared error, of `steps` from `least` to `most` times the largest weight."""
    given = np.asarray(weights, dtype=np.float64)
    scales = np.linspace(least, most, steps) * _largest(given)
    errors = [((given - quantiser.quantise(given, scale).values) ** 2).mean() for scale in scales.tolist()]
    return float(scales[int(np.argmin(errors))])
