"""Weights as small integer multiples of two base steps, one for each polarity, so that they can be written again.

A pulse generator that knows two quantities and two integers of a weight can restore it: w = m+ d+ - m- d-.

    levels = {k d+} ∪ {-k d-} ∪ {i d+ - j d-}        i, j, k from 1 to N

Source: Ivanov, arXiv 2310.00337 (2023).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp
from typing import Any

import numpy as np
import yaml
from numpy.typing import ArrayLike, NDArray

from xbarsim.shipped import shipped

Values = NDArray[np.float64]
Codes = NDArray[np.int8]
_AT_ONCE = 1 << 16  # weights that are compared with all levels in one go


@dataclass(frozen=True)
class Codebook:
    """The levels of two base steps. There is no level at zero, and no code (0, 0).

    step_plus, step_minus: d+ and d-, in units of the weights; multiples: N.
    """

    step_plus: float
    step_minus: float
    multiples: int

    def __post_init__(self) -> None:
        for name in ("step_plus", "step_minus"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Codebook.{name} is {getattr(self, name)!r}; allowed: a number above 0")
        if not 1 <= self.multiples <= np.iinfo(np.int8).max:
            raise ValueError(
                f"Codebook.multiples is {self.multiples!r}; allowed: a whole number from 1 to 127"
            )

    @cached_property
    def codes(self) -> Codes:
        """(m+, m-) of every level: shape (N (N + 2), 2)."""
        n = range(1, self.multiples + 1)
        single = [(k, 0) for k in n] + [(0, k) for k in n]
        return np.array(single + [(i, j) for i in n for j in n], dtype=np.int8)

    @cached_property
    def levels(self) -> Values:
        """The weights that can be stored, in the order of `codes`."""
        return self.decode(self.codes)

    @cached_property
    def _sorted(self) -> tuple[Values, NDArray[np.intp]]:
        """Different levels in rising order, and the first code of each."""
        return np.unique(self.levels, return_index=True)

    def decode(self, codes: ArrayLike) -> Values:
        """Weights of codes (..., 2)."""
        pairs = np.asarray(codes)
        return pairs[..., 0] * self.step_plus - pairs[..., 1] * self.step_minus

    def encode(self, weights: ArrayLike, tolerance: float = 0.0) -> Codes:
        """The nearest level of each weight (of two equally near ones the first): shape (..., 2).

        tolerance: of all levels that are at most this far from a weight (the nearest, if none is), the one that
            needs least conductance m+ d+ + m- d- is taken. Small weights are then no differences of large
            conductances, which drift and scatter.
        """
        wanted = np.asarray(weights, dtype=np.float64)
        flat = wanted.reshape(-1)
        chosen = self._nearest(flat) if tolerance == 0 else self._smallest(flat, tolerance)
        return self.codes[chosen].reshape(*wanted.shape, 2)

    def quantise(self, weights: ArrayLike, tolerance: float = 0.0) -> Values:
        """The weights as they are stored."""
        return self.decode(self.encode(weights, tolerance))

    def _nearest(self, weights: Values) -> NDArray[np.intp]:
        levels, code = self._sorted
        high = np.clip(np.searchsorted(levels, weights), 1, len(levels) - 1)
        below, above = weights - levels[high - 1], levels[high] - weights
        first = (below == above) & (code[high - 1] < code[high])
        return code[np.where((below < above) | first, high - 1, high)]

    def _smallest(self, weights: Values, tolerance: float) -> NDArray[np.intp]:
        conductance = self.codes @ np.array([self.step_plus, self.step_minus])
        by_conductance = np.argsort(conductance, kind="stable")
        chosen = np.empty(len(weights), dtype=np.intp)
        for first in range(0, len(weights), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            distance = np.abs(weights[part, None] - self.levels[by_conductance])
            near = distance <= np.maximum(distance.min(axis=1, keepdims=True), tolerance)
            chosen[part] = by_conductance[near.argmax(axis=1)]
        return chosen

    def error(self, weights: Values) -> float:
        """Sum of the distances to the nearest levels: what the fit makes small."""
        return float(np.abs(weights - self.levels[self._nearest(weights)]).sum())


@dataclass(frozen=True)
class Fit:
    """A codebook for a network, with its error, and the error of the one that the search began with."""

    codebook: Codebook
    error: float
    first_error: float


def preset() -> Codebook:
    """The published pair of steps."""
    known = published_values()
    return Codebook(known["step_plus"], known["step_minus"], known["multiples"])


def fit(parameters: Iterable[ArrayLike], rng: np.random.Generator, multiples: int | None = None) -> Fit:
    """One pair of steps for all parameters of a network together, by simulated annealing.

    parameters: weights and biases of all layers. multiples: N; as published if None.
    """
    pooled = np.concatenate([np.asarray(values, dtype=np.float64).reshape(-1) for values in parameters])
    if not (pooled.size and pooled.max() > 0 > pooled.min()):
        raise ValueError("a codebook of two polarities needs weights of both signs")
    count: int = multiples or published_values()["multiples"]
    plus, minus = _largest(pooled) / count
    here = Codebook(float(plus), float(minus), count)
    first_error = error = here.error(pooled)
    best = Fit(here, error, first_error)
    for temperature in _temperatures():
        tried = _moved(here, _largest(pooled), temperature, rng)
        tried_error = tried.error(pooled)
        if tried_error < error or rng.random() < exp(-(tried_error - error) / temperature):
            here, error = tried, tried_error
        if error < best.error:
            best = Fit(here, error, first_error)
    return best


def _largest(weights: Values) -> Values:
    """Of each polarity."""
    return np.array([weights.max(), -weights.min()])


def _temperatures() -> Iterator[float]:
    annealing, temperature = published_values()["annealing"], 1.0
    for _ in range(annealing["steps"]):
        temperature *= annealing["cooling"]
        yield temperature


def _moved(book: Codebook, largest: Values, temperature: float, rng: np.random.Generator) -> Codebook:
    """Each step up or down by a random part of the largest move, which cools down, too."""
    move = temperature * published_values()["annealing"]["largest_move"] * largest
    plus, minus = rng.choice([-1.0, 1.0], 2) * rng.random(2) * move
    return Codebook(book.step_plus + plus, book.step_minus + minus, book.multiples)


@lru_cache(maxsize=1)
def published_values() -> Any:
    """What the shipped file says of the published system."""
    path = shipped("architectures") / "common" / "two_polarity_codebook.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))
