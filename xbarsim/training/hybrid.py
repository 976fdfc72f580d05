"""Weights of two tiers: a differential pair of multi-level cells for products, and a digital word of binary cells that
gathers small updates until they make a step of the pair.

Joshi, He, Seo and Rajendran, Hybrid In-memory Computing Architecture for the Training of Deep Neural Networks, ISCAS
2021 (arXiv:2102.05271). Read there: the two tiers and the bookkeeping of write-erase cycles. The number of bits, and
how often pairs are refreshed, are not given in what could be read, so they are asked for here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xbarsim.devices.state import Floats, Wholes
from xbarsim.training.asked import Asked
from xbarsim.training.rule import checked

MSB, LSB = "msb", "lsb"
_GRADIENT_BITS = (
    16  # an element of a batch's sum of 8 bits, read and written back, as in the cost model of Table 1
)


@dataclass(frozen=True)
class Tiers:
    """The two tiers of a weight.

    bits: of the word beside its sign; 2^bits of its units are one step of the pair, and what reaches that is carried.
        So after a carry the word stands near 0, and the next one is a whole step away.
    step: weight of one step of the pair (one pulse on one of its cells).
    levels: pulses after which a cell of the pair is full.
    refresh_every: batches after which pairs are erased and written anew that have a full cell, or whose cells have a
        quarter of the range in common.
    noise: standard deviation of one pulse, in steps.
    drift, drift_spread: exponent nu of G(t) = G (t / drift_from_s)^-nu, its mean and standard deviation over cells.
    drift_from_s: age at which a cell holds what it was written to; each pulse lets drift begin anew.
    """

    bits: int
    step: float
    levels: int
    refresh_every: int
    noise: float = 0.0
    drift: float = 0.0
    drift_spread: float = 0.0
    drift_from_s: float = 1.0

    def __post_init__(self) -> None:
        for name, least in (("bits", 2), ("levels", 1), ("refresh_every", 1)):
            if getattr(self, name) < least:
                raise ValueError(
                    f"Tiers.{name} is {getattr(self, name)!r}; allowed: a whole number from {least}"
                )
        if not (self.step > 0 and self.drift_from_s > 0):
            raise ValueError("Tiers.step and drift_from_s: allowed: above 0")

    @property
    def unit(self) -> float:
        """Weight of the word's last bit."""
        return float(self.step / 2**self.bits)


class HybridTraining:
    """Weights (outputs, inputs) on pairs and words.

    pair: levels of the two cells of each pair, (2, outputs, inputs); products see their difference only.
    word: whole units that wait.
    erased, pulsed: resets and pulses of each cell of the pairs; set_bits, cleared_bits: (outputs, inputs, bits + 1), of
        each cell of the words, the lowest bit first, the sign last.
    lost: steps that a full pair could not take.
    """

    def __init__(self, tiers: Tiers, shape: tuple[int, int], rng: np.random.Generator):
        self.tiers, self.shape, self._rng = tiers, shape, rng
        self.pair: Floats = np.zeros((2, *shape))
        self.word: Wholes = np.zeros(shape, dtype=np.int64)
        self.pulsed: Wholes = np.zeros((2, *shape), dtype=np.int64)
        self.erased: Wholes = np.zeros((2, *shape), dtype=np.int64)
        self._set: Wholes = np.zeros((tiers.bits + 1, *shape), dtype=np.int64)
        self._cleared: Wholes = np.zeros((tiers.bits + 1, *shape), dtype=np.int64)
        self.lost = 0
        self._exponent = np.maximum(tiers.drift + tiers.drift_spread * rng.standard_normal((2, *shape)), 0.0)
        self._batches = 0
        self._now_s, self._written_s = 0.0, np.zeros((2, *shape))

    @property
    def set_bits(self) -> Wholes:
        return np.moveaxis(self._set, 0, -1)

    @property
    def cleared_bits(self) -> Wholes:
        return np.moveaxis(self._cleared, 0, -1)

    @property
    def wear(self) -> Mapping[str, Wholes]:
        """Write-erase cycles: of a cell of a pair its erasures (and one that is under way), of a bit its settings."""
        return {MSB: self.erased + (self.pair > 0), LSB: self.set_bits}

    def weights(self, age_s: float | None = None) -> Floats:
        """What products see: the pairs, so long after they were written (None: each cell at the age it has)."""
        first, second = self._seen(self._now_s - self._written_s if age_s is None else age_s)
        return np.asarray(self.tiers.step * (first - second))

    def _seen(self, age_s: Floats | float) -> Floats:
        """Levels of the pairs as a read finds them at this age."""
        grown = np.maximum(np.asarray(age_s) / self.tiers.drift_from_s, 1.0)
        return np.asarray(self.pair if (grown == 1).all() else self.pair * grown**-self._exponent)

    def relax(self, seconds: float) -> None:
        self._now_s += seconds

    @property
    def value(self) -> Floats:
        """Pairs and words together."""
        return self.weights() + self.tiers.unit * self.word

    def put(self, values: Floats) -> None:
        """Pairs written to the nearest step; the rest goes into the words."""
        steps = np.rint(np.asarray(values) / self.tiers.step)
        steps = np.clip(steps, -self.tiers.levels, self.tiers.levels)
        self.pair[...] = 0
        self._raise(steps.astype(np.int64))
        rest = np.rint((values - self.weights()) / self.tiers.unit).astype(np.int64)
        most = 2**self.tiers.bits - 1
        self._store(np.clip(rest, -most, most))

    def update(self, x: Floats, d: Floats, rate: float) -> Asked:
        checked(self, x, d)
        asked = Asked.nothing(len(x), [MSB, LSB], batch_end=True)
        pulses, bits = self.pulsed.sum() + self.erased.sum(), self._bit_writes()
        lines = self.add(np.rint(rate * d.T @ x / self.tiers.unit).astype(np.int64))
        self._batches += 1
        if self._batches % self.tiers.refresh_every == 0:
            lines += self.refresh()
        outputs, inputs = self.shape
        asked.digital_ops[:] = 2 * outputs * inputs
        asked.memory_bits[-1:] = _GRADIENT_BITS * outputs * inputs
        asked.reads[LSB][-1:] = asked.line_slots[LSB][-1:] = inputs
        asked.line_slots[MSB][-1:] = lines
        asked.pulses[MSB][-1:] = self.pulsed.sum() + self.erased.sum() - pulses
        asked.pulses[LSB][-1:] = self._bit_writes() - bits
        return asked

    def _bit_writes(self) -> int:
        return int(self._set.sum() + self._cleared.sum())

    def add(self, units: Wholes) -> int:
        """Add whole units to the words; what leaves their range is carried into the pairs: pulse times of lines."""
        whole, total = 2**self.tiers.bits, self.word + units
        carry = np.sign(total) * (np.abs(total) // whole)
        self._store(total - whole * carry)
        return self._raise(carry)

    def _store(self, word: Wholes) -> None:
        """Words as size and sign, bit by bit."""
        old, new = self._code(self.word), self._code(word)
        for counted, changed in ((self._set, new & ~old), (self._cleared, old & ~new)):
            for place in range(self.tiers.bits + 1):
                counted[place] += (changed >> place) & 1
        self.word[...] = word

    def _code(self, word: Wholes) -> Wholes:
        return np.asarray(np.abs(word) | ((word < 0).astype(np.int64) << self.tiers.bits))

    def _raise(self, steps: Wholes) -> int:
        """Pulses on one cell of each pair; a pulse only ever raises a cell. Returns the pulse times of lines: a line
        takes as many as the cell on it that gets most."""
        if not steps.any():
            return 0
        most = np.zeros(self.shape, dtype=np.int64)
        for cell, wanted in enumerate((np.maximum(steps, 0), np.maximum(-steps, 0))):
            room = np.floor(self.tiers.levels - self.pair[cell] + 1e-9).astype(np.int64)
            given = np.minimum(wanted, np.maximum(room, 0))
            self.lost += int((wanted - given).sum())
            scatter: Floats | float = 0.0
            if self.tiers.noise:
                scatter = self.tiers.noise * np.sqrt(given) * self._rng.standard_normal(self.shape)
            self.pair[cell] = np.clip(self.pair[cell] + given + scatter, 0, self.tiers.levels)
            self.pulsed[cell] += given
            self._written_s[cell][given > 0] = self._now_s
            most = np.maximum(most, given)
        return int(most.max(axis=0).sum())

    def refresh(self) -> int:
        """Erase pairs whose cells have much in common or no room left, and write the difference into one cell.

        Returns the pulse times of lines: one for the erasures on a line, and those of what is written.
        """
        seen = self._seen(self._now_s - self._written_s)
        common, most = seen.min(axis=0), seen.max(axis=0)
        tired = (common >= self.tiers.levels / 4) | ((most > self.tiers.levels - 1) & (common > 0))
        if not tired.any():
            return 0
        difference = np.rint(seen[0] - seen[1]).astype(np.int64)
        self.erased += tired & (self.pair > 0)
        self.pair[:, tired] = 0
        return int(tired.any(axis=0).sum()) + self._raise(np.where(tired, difference, 0))
