"""What the words of real weights do in hardware: how many are zero, how many bits change from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xbarsim.quantise.grid import Integers, Quantised

_BITS = np.array([word.bit_count() for word in range(1 << 16)], dtype=np.int64)


@dataclass(frozen=True)
class Activity:
    """What is known of the weights of one matrix on its way through processing elements.

    zero_share: of the weights, 0 to 1.
    toggles: bits of a weight register that change from one word to the next, on average of all words; None: not known.
    toggles_gated: the same, if a zero word does not enter the register.
    busy_share: cycles that are left if zeros are left out and each output's weights pack together, over those without;
        None: not known.
    """

    zero_share: float
    toggles: float | None = None
    toggles_gated: float | None = None
    busy_share: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.zero_share <= 1:
            raise ValueError(f"zero_share is {self.zero_share!r}; allowed: 0 to 1")


def activity(quantised: Quantised, inputs_at_once: int, outputs_at_once: int) -> Activity:
    """Of a matrix (groups, outputs, inputs), worked off on `inputs_at_once` x `outputs_at_once` elements.

    An element holds one output and takes every `inputs_at_once`-th of its inputs, one after another, product by
    product; what is missing at the end of a row is a word 0.
    """
    shape = (-1, *quantised.words.shape[-2:])
    words, integers = quantised.words.reshape(shape), quantised.integers.reshape(shape)
    streams = _streams(words.astype(np.int64), inputs_at_once)
    held = _held(streams, _streams(integers, inputs_at_once) == 0)
    return Activity(
        quantised.zero_share,
        _changed(streams) / max(1, words.size),
        _changed(held) / max(1, words.size),
        _busy(integers != 0, inputs_at_once, outputs_at_once),
    )


def _streams(matrix: Integers, inputs_at_once: int) -> Integers:
    """Numbers (groups, outputs, inputs) as each element sees them: (elements, cycles)."""
    groups, outputs, inputs = matrix.shape
    cycles = -(-inputs // inputs_at_once)
    padded = np.zeros((groups, outputs, cycles * inputs_at_once), dtype=np.int64)
    padded[..., :inputs] = matrix
    return padded.reshape(groups * outputs, cycles, inputs_at_once).swapaxes(1, 2).reshape(-1, cycles)


def _changed(streams: Integers) -> int:
    """Bits that change in all elements during one product, the one before having ended alike."""
    return int(_BITS[streams ^ np.roll(streams, 1, axis=1)].sum())


def _held(streams: Integers, zero: NDArray[np.bool_]) -> Integers:
    """What stands in the registers if zeros do not enter: the last word that was none, of this product or before."""
    cycles = streams.shape[1]
    entered = np.where(zero, -1, np.arange(cycles))
    twice = np.concatenate([entered, np.where(zero, -1, entered + cycles)], axis=1)
    last = np.maximum.accumulate(twice, axis=1)[:, cycles:]
    return np.where(last >= 0, np.take_along_axis(streams, last % cycles, axis=1), 0)


def _busy(used: NDArray[np.bool_], inputs_at_once: int, outputs_at_once: int) -> float:
    """Of each group of outputs side by side the fullest one decides."""
    groups, outputs, inputs = used.shape
    counts = -(-used.sum(axis=2) // inputs_at_once)
    firsts = range(0, outputs, outputs_at_once)
    cycles = sum(int(counts[:, first : first + outputs_at_once].max(axis=1).sum()) for first in firsts)
    whole = groups * len(firsts) * -(-inputs // inputs_at_once)
    return float(cycles / max(1, whole))
