"""Quantiles of many whole numbers: exact while they are few, from a histogram of bounded error beyond.

The q-quantile of n numbers is the smallest of them that at least q n of them do not exceed (the inverse of
the empirical distribution), so it is always one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

Values = np.ndarray  # of int64, none below 0
_NONE = np.zeros(0, np.int64)
_BITS = 10  # of a number that the histogram keeps
SKETCH_ERROR = 2.0**-_BITS  # relative; numbers below 2^_BITS are exact


def cell_of(values: Values) -> Values:
    """Cell of each number in a histogram as in HdrHistogram (Tene 2012), in integers throughout.

    Numbers below 2^_BITS have a cell each; above, each octave has 2^(_BITS-1) cells of equal width, so a cell
    at v is at most v / 2^(_BITS-1) wide, and its middle is off by at most v / 2^_BITS.
    """
    shift = np.maximum(_bit_length(values) - _BITS, 0)
    return (values >> shift) + (shift << (_BITS - 1))


def middle_of(cell: int) -> int:
    """The number that stands for all of a cell; it lies in the cell."""
    shift = max(0, (cell >> (_BITS - 1)) - 1)
    least = (cell - (shift << (_BITS - 1))) << shift
    return least + (((1 << shift) - 1) >> 1)


def _bit_length(values: Values) -> Values:
    """Of integers up to 2^63 - 1; by halves, as a float holds 53 bits only."""
    high = values >> 32
    length = np.where(high > 0, np.frexp(high)[1] + 32, np.frexp(values & 0xFFFFFFFF)[1])
    return length.astype(np.int64)


def exact_sum(values: Values) -> int:
    """Sum as a Python integer; the halves apart, as 64 bits may not hold it."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


class Digest:
    """Whole numbers from 0, for their count, sum, largest and quantiles.

    Holds the numbers themselves until `coarsen` is called; then a histogram, at most 2^15 cells however many
    numbers there are: counts[i] numbers in cell first + i.
    """

    __slots__ = ("count", "counts", "first", "largest", "parts", "total")

    def __init__(self, values: Values):
        self.count = len(values)
        self.total = exact_sum(values)
        self.largest = int(values.max()) if len(values) else 0
        self.parts: list[Values] = [values]
        self.counts: Values | None = None
        self.first = 0

    @property
    def exact(self) -> bool:
        return self.counts is None

    def coarsen(self) -> None:
        """Forget the numbers, keep their histogram."""
        if self.counts is None:
            cells = cell_of(self._values())
            self.first = int(cells.min()) if len(cells) else 0
            self.counts = np.bincount(cells - self.first)
            self.parts = []

    def merge(self, other: Digest) -> Digest:
        """Both together, as a new digest: exact if both are."""
        return merged([self, other])

    def quantile(self, q: Fraction | float) -> int:
        """The q-quantile; from a histogram, off by SKETCH_ERROR of itself at most.

        Raises: ValueError if there are no numbers.
        """
        if not self.count:
            raise ValueError("no numbers, so no quantile")
        rank = min(max(1, math.ceil(q * self.count)), self.count)
        if self.counts is None:
            return int(np.partition(self._values(), rank - 1)[rank - 1])
        cell = self.first + int(np.searchsorted(np.cumsum(self.counts), rank))
        return min(self.largest, middle_of(cell))

    def above(self, value: int) -> int:
        """How many numbers are larger; in a histogram, those in the value's own cell are not."""
        if self.counts is None:
            return int(np.count_nonzero(self._values() > value))
        cell = int(cell_of(np.array([value]))[0])
        return int(self.counts[max(0, cell + 1 - self.first) :].sum())

    def _values(self) -> Values:
        if len(self.parts) != 1:
            self.parts = [np.concatenate(self.parts)]
        return self.parts[0]


def merged(digests: Sequence[Digest]) -> Digest:
    """All together, as a new digest: exact if all are; else the exact ones forget their numbers."""
    whole = Digest(_NONE)
    whole.count = sum(digest.count for digest in digests)
    whole.total = sum(digest.total for digest in digests)
    whole.largest = max((digest.largest for digest in digests), default=0)
    if all(digest.exact for digest in digests):
        whole.parts = [part for digest in digests for part in digest.parts]
        return whole
    for digest in digests:
        digest.coarsen()
    filled = [
        (digest.first, digest.counts) for digest in digests if digest.counts is not None and digest.count
    ]
    whole.first = min((first for first, _ in filled), default=0)
    whole.counts = np.zeros(
        max((first + len(counts) for first, counts in filled), default=0) - whole.first, np.int64
    )
    for first, counts in filled:
        whole.counts[first - whole.first :][: len(counts)] += counts
    whole.parts = []
    return whole
