"""Pulse trains of the parallel update: how many slots, how likely each line fires in one, and which do.

Gokmen and Vlasov, Frontiers in Neuroscience 10, 333 (2016): the cells of an array get the outer product of two vectors
at once, as coincidences of pulses on their lines. Update management and management of the bit length: Gokmen, Onen and
Haensch, Frontiers in Neuroscience 11, 538 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from xbarsim.devices.state import Floats, Wholes
from xbarsim.training.kernels import fire

CERTAIN = 65_536  # draws have 16 bits: a chance is known to 1/65536
Kind = Literal["stochastic", "spread", "rounded"]
KINDS: tuple[Kind, ...] = ("stochastic", "spread", "rounded")
Signs = NDArray[np.int8]


@dataclass(frozen=True)
class Pulsing:
    """How an update becomes pulses.

    longest: most slots of one update (l_max).
    fit_length: only as many slots as the largest product asks for (update bit-length management);
        else always `longest`.
    balance: both sides fire equally often at their largest value (update management).
    kind: "stochastic": every line draws in every slot, once for all its cells;
        "spread": a line fires round(chance x slots) times, inputs one after another and outputs evenly spread;
        "rounded": the same with rounding up or down by chance, so that means stay as they are.
    """

    longest: int
    fit_length: bool = True
    balance: bool = True
    kind: Kind = "stochastic"

    def __post_init__(self) -> None:
        if self.longest < 1:
            raise ValueError(f"Pulsing.longest is {self.longest!r}; allowed: a whole number from 1")
        if self.kind not in KINDS:
            raise ValueError(f"Pulsing.kind is {self.kind!r}; allowed: {', '.join(map(repr, KINDS))}")


@dataclass(frozen=True)
class Plan:
    """What a batch of updates asks of the lines: slots of each sample, and how likely each line fires in one."""

    slots: Wholes  # (samples,)
    inputs: Floats  # (samples, inputs), signed: the sign is the polarity
    outputs: Floats  # (samples, outputs)


@dataclass(frozen=True)
class Trains:
    """Pulses on the lines. fired: (slots, inputs) and signs: (slots, outputs), polarity or 0; slots of each sample."""

    fired: Signs
    signs: Signs
    slots: Wholes

    def coincidences(self) -> Wholes:
        """Pulses of each sample: (samples,)."""
        both = np.count_nonzero(self.fired, axis=1) * np.count_nonzero(self.signs, axis=1)
        ends = np.cumsum(self.slots)
        return np.asarray(np.diff(np.concatenate([[0], np.cumsum(both)])[np.concatenate([[0], ends])]))

    def of(self, samples: slice) -> Trains:
        """Those of some samples that follow one another."""
        start = int(self.slots[: samples.start].sum())
        taken = slice(start, start + int(self.slots[samples].sum()))
        return Trains(self.fired[taken], self.signs[taken], self.slots[samples])

    def turned(self, inputs: Signs, outputs: Signs) -> Trains:
        """With the polarity of some lines turned: +1 or -1 for each input, and for each output."""
        return Trains(self.fired * inputs, self.signs * outputs, self.slots)


def plan(x: Floats, d: Floats, rate: Floats | float, step: float, pulsing: Pulsing) -> Plan:
    """Lines for w += rate d x^T, of each sample of x (samples, inputs) and d (samples, outputs), at this mean step.

    With k = rate max|x| max|d| / step: min(ceil(k), longest) slots; where k exceeds `longest`, d is cut down to fit, x
    never. A line fires with chance |x_j| sqrt(rate max|d| / (step slots max|x|)), so that on average
    rate |x_j d_i| / step pulses meet.
    """
    rates = np.broadcast_to(np.asarray(rate, dtype=np.float64), (len(x),))
    xm, dm = np.abs(x).max(axis=1, initial=0.0), np.abs(d).max(axis=1, initial=0.0)
    k = np.abs(rates) * xm * dm / step
    most = float(pulsing.longest)
    slots = np.minimum(np.ceil(k), most) if pulsing.fit_length else np.where(k > 0, most, 0.0)
    fitting = np.where(k > most, most / np.where(k > 0, k, 1.0), 1.0)[:, np.newaxis]
    work = np.abs(rates) / (step * np.maximum(slots, 1.0))
    ratio = np.where(k > 0, dm * fitting[:, 0] / np.where(xm > 0, xm, 1.0), 1.0) if pulsing.balance else 1.0
    side = np.sqrt(work * ratio)[:, np.newaxis]
    other = np.where(side > 0, work[:, np.newaxis] / np.where(side > 0, side, 1.0), 0.0)
    signed = d * np.sign(rates)[:, np.newaxis]
    clipped = np.clip(signed, -(dm[:, np.newaxis] * fitting), dm[:, np.newaxis] * fitting)
    return Plan(slots.astype(np.int64), np.clip(x * side, -1, 1), np.clip(clipped * other, -1, 1))


def drawn(asked: Plan, rng: np.random.Generator, kind: Kind = "stochastic") -> Trains:
    """The pulses of a plan."""
    sample = np.repeat(np.arange(len(asked.slots)), asked.slots)
    sides = [
        _stochastic(chances, sample, rng)
        if kind == "stochastic"
        else _counted(chances, asked.slots, rng if kind == "rounded" else None, spread)
        for chances, spread in ((asked.inputs, False), (asked.outputs, True))
    ]
    return Trains(sides[0], sides[1], asked.slots)


def _stochastic(chances: Floats, sample: Wholes, rng: np.random.Generator) -> Signs:
    shape = (len(sample), chances.shape[1])
    draws = np.frombuffer(rng.bytes(2 * shape[0] * shape[1]), dtype=np.uint16).reshape(shape)
    fired = np.empty(shape, dtype=np.int8)
    fire(draws, np.rint(np.abs(chances) * CERTAIN).astype(np.int32), chances < 0, sample, fired)
    return fired


def _counted(chances: Floats, slots: Wholes, rng: np.random.Generator | None, spread: bool) -> Signs:
    """Lines that fire a whole number of times: in the first slots, or spread evenly over all of them."""
    rows = []
    for chance, n in zip(chances, slots, strict=True):
        wanted = np.abs(chance) * n
        times = np.rint(wanted) if rng is None else np.floor(wanted + rng.random(wanted.shape))
        slot = np.arange(n)[:, np.newaxis]
        even = np.floor((slot + 1) * times / max(n, 1)) > np.floor(slot * times / max(n, 1))
        rows.append(np.where(even if spread else slot < times, np.sign(chance), 0))
    empty = np.zeros((0, chances.shape[1]))
    return np.concatenate(rows or [empty]).astype(np.int8)
