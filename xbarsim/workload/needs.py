"""Which positions of its input an operation needs for each position of its result.

Every need is a rule, so that a trace stays short: `last_needed` and `first_needed` give it as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Same:
    """Output position i needs input position i, and no other."""

    def last_needed(self, positions: int) -> Positions:
        return np.arange(positions, dtype=np.int64)

    def first_needed(self, positions: int) -> Positions:
        return np.arange(positions, dtype=np.int64)


@dataclass(frozen=True)
class Whole:
    """Every output position needs the whole input (of `inputs` positions)."""

    inputs: int

    def last_needed(self, positions: int) -> Positions:
        return np.full(positions, self.inputs - 1, dtype=np.int64)

    def first_needed(self, positions: int) -> Positions:
        return np.zeros(positions, dtype=np.int64)


@dataclass(frozen=True)
class Causal:
    """Output position i needs input positions 0 … i + offset (masked attention)."""

    offset: int = 0

    def last_needed(self, positions: int) -> Positions:
        return np.arange(positions, dtype=np.int64) + self.offset

    def first_needed(self, positions: int) -> Positions:
        return np.zeros(positions, dtype=np.int64)


@dataclass(frozen=True)
class Slice:
    """Output position i needs input position start + i * step."""

    start: int
    step: int = 1

    def last_needed(self, positions: int) -> Positions:
        return self.start + self.step * np.arange(positions, dtype=np.int64)

    def first_needed(self, positions: int) -> Positions:
        return self.last_needed(positions)


@dataclass(frozen=True)
class Window:
    """A sliding window over a raster-ordered map: convolution and pooling.

    All pairs are (rows, columns); one-dimensional windows have one row.
    """

    input_size: tuple[int, int]
    output_size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)

    def _edge(self, last: bool) -> Positions:
        """Raster index of the last (or first) input position inside each output's window."""
        index = []
        for axis in (0, 1):
            reach = (self.kernel[axis] - 1) * self.dilation[axis] if last else 0
            at = np.arange(self.output_size[axis], dtype=np.int64) * self.stride[axis]
            index.append(np.clip(at - self.padding[axis] + reach, 0, self.input_size[axis] - 1))
        raster = index[0][:, None] * self.input_size[1] + index[1][None, :]
        return raster.reshape(-1)

    def last_needed(self, positions: int) -> Positions:
        return np.maximum.accumulate(self._edge(last=True))

    def first_needed(self, positions: int) -> Positions:
        # What a later output still needs must stay: a running minimum from the end.
        return np.minimum.accumulate(self._edge(last=False)[::-1])[::-1]


@dataclass(frozen=True)
class Part:
    """The input is one part of a concatenation: output position start + i is its position i.

    Output positions before the part need none of it: their last needed position is -1.
    """

    start: int
    inputs: int

    def last_needed(self, positions: int) -> Positions:
        return np.clip(np.arange(positions, dtype=np.int64) - self.start, -1, self.inputs - 1)

    def first_needed(self, positions: int) -> Positions:
        return np.maximum(self.last_needed(positions), 0)


@dataclass(frozen=True)
class Resample:
    """A map read at another resolution: output row r needs input row floor(r * H_in / H_out).

    reach: neighbours needed on either side (0 nearest, 1 bilinear). All pairs are (rows, columns).
    """

    input_size: tuple[int, int]
    output_size: tuple[int, int]
    reach: tuple[int, int] = (0, 0)

    def _raster(self, sign: int) -> Positions:
        index = []
        for axis in (0, 1):
            size, out = self.input_size[axis], self.output_size[axis]
            at = np.arange(out, dtype=np.int64) * size // out
            index.append(np.clip(at + sign * self.reach[axis], 0, size - 1))
        raster = index[0][:, None] * self.input_size[1] + index[1][None, :]
        return raster.reshape(-1)

    def last_needed(self, positions: int) -> Positions:
        return np.maximum.accumulate(self._raster(1))

    def first_needed(self, positions: int) -> Positions:
        return np.minimum.accumulate(self._raster(-1)[::-1])[::-1]


Need = Same | Whole | Causal | Slice | Window | Part | Resample
