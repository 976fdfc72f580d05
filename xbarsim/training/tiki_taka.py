"""Gradients gathered on a fast array and moved to the weights line by line: TTv2, chopped TTv2, AGAD.

Rasch, Carta, Fagbohungbe and Gokmen, Nature Communications 15, 7133 (2024), Eqs. 10 to 15; what the equations leave
open is as in aihwkit (rpu_chopped_transfer_device, rpu_dynamic_transfer_device).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Literal

import numpy as np

from xbarsim.devices.state import Floats, Wholes
from xbarsim.training.array import PulsedArray
from xbarsim.training.asked import Asked
from xbarsim.training.rule import checked, outer_products
from xbarsim.training.trains import Pulsing, Trains

FAST, SLOW = "fast", "slow"
_HIDDEN_BITS = 16  # an element of 8 bits, read and written back: aihwkit's cost model, Table 1


@dataclass(frozen=True)
class Transfer:
    """How the fast array is trained, read, and moved on.

    every: samples between two transfers of one line (n_s).
    pulsing: of the update of the fast array.
    fast_rate: eta_0. With `scaled` the rate of the fast array is fast_rate longest step / (mu_x mu_d), where mu are
        running means of the largest |x| and |d|, each new value with weight 1 - `momentum` (per batch); else fast_rate
        itself, or the learning rate where it is None.
    gain: gamma_0. The hidden matrix gets rate n every / (gain step) times what is read (n lines); None: rate / step.
    chop: probability rho that a line's chopper turns after a read; "regular": all of them every ceil(1 / rho) rounds.
    dynamic: the read is taken against its own mean of the chopper period before (AGAD), whose running mean takes
        `share` (beta) of each read. The first ceil(1 / rho) + 1 rounds then write nothing.
    keep: of an element that wrote, what is left in the hidden matrix; `emptied`: of all of it, else of what was
        written.
    written: most pulses of one write.
    lines: whether a line is one input or one output.
    referred: whether reads of the fast array are against its reference.
    read_noise: standard deviation of each value read.
    """

    every: int
    pulsing: Pulsing
    fast_rate: float | None = 1.0
    scaled: bool = True
    momentum: float = 0.99
    gain: float | None = None
    transfer_rate: float = 1.0
    chop: float = 0.0
    chopping: Literal["regular", "random"] = "regular"
    dynamic: bool = False
    share: float = 1.0
    keep: float = 0.0
    emptied: bool = True
    written: int = 1
    lines: Literal["inputs", "outputs"] = "inputs"
    referred: bool = True
    read_noise: float = 0.0

    def __post_init__(self) -> None:
        wrong = [
            ("every", self.every, "a whole number from 1", self.every >= 1),
            ("chop", self.chop, "a probability from 0 to 1", 0 <= self.chop <= 1),
            ("chop", self.chop, "above 0, which a dynamic reference needs", self.chop > 0 or not self.dynamic),
            ("share", self.share, "above 0, up to 1", 0 < self.share <= 1),
            ("momentum", self.momentum, "from 0, below 1", 0 <= self.momentum < 1),
            ("gain", self.gain, "above 0, or None", self.gain is None or self.gain > 0),
            ("written", self.written, "a whole number from 1", self.written >= 1),
            ("fast_rate", self.fast_rate, "given, where it is scaled", self.fast_rate is not None or not self.scaled),
        ]  # fmt: skip
        for name, found, allowed, right in wrong:
            if not right:
                raise ValueError(f"Transfer.{name} is {found!r}; allowed: {allowed}")

    @property
    def period(self) -> int:
        """Rounds after which all choppers turn, where they turn regularly."""
        return max(ceil(1 / self.chop), 2) if self.chop else 0


def ttv2(every: int, pulsing: Pulsing, gain: float, **over: Any) -> Transfer:
    """Tiki-Taka, second version: no choppers. Over it goes what is given by name."""
    return replace(Transfer(every, pulsing, gain=gain), **over)


def chopped_ttv2(every: int, pulsing: Pulsing, gain: float, chop: float, **over: Any) -> Transfer:
    """The same with choppers."""
    return replace(Transfer(every, pulsing, gain=gain, chop=chop), **over)


def agad(every: int, pulsing: Pulsing, gain: float, chop: float, share: float, **over: Any) -> Transfer:
    """Analog gradient accumulation with dynamic reference."""
    plain = Transfer(every, pulsing, gain=gain, chop=chop, dynamic=True, share=share, referred=False)
    return replace(plain, **over)


class TikiTaka:
    """A fast array that gathers gradients, a hidden digital matrix, and the slow array with the weights.

    rng: draws pulse trains; generators for choppers and read noise are spawned from it.
    hidden: what waits to be written, in pulses of the slow array.
    """

    def __init__(
        self, transfer: Transfer, fast: PulsedArray, slow: PulsedArray, rng: np.random.Generator
    ) -> None:
        if fast.shape != slow.shape:
            raise ValueError(f"TikiTaka: arrays of shapes {fast.shape} and {slow.shape}; allowed: the same")
        self.transfer, self.fast, self.slow = transfer, fast, slow
        self._trains, self._chops, self._reads = rng, *rng.spawn(2)
        self.by_inputs = transfer.lines == "inputs"
        self.count = fast.shape[1] if self.by_inputs else fast.shape[0]
        self.hidden: Floats = np.zeros(fast.shape)
        self.mean: Floats = np.zeros(fast.shape)
        self.past: Floats = np.zeros(fast.shape)
        self.chopper: Floats = np.ones(self.count)
        self._turned = np.zeros(self.count, dtype=bool)
        self._largest = [0.0, 0.0]
        self._line = self._round = self._since = 0

    @property
    def shape(self) -> tuple[int, int]:
        return self.slow.shape

    @property
    def wear(self) -> Mapping[str, Wholes]:
        return {FAST: self.fast.pulses, SLOW: self.slow.pulses}

    def weights(self) -> Floats:
        return np.asarray(self.slow.values, dtype=np.float64)

    def put(self, values: Floats) -> None:
        self.slow.put(values)

    def update(self, x: Floats, d: Floats, rate: float) -> Asked:
        """Learn from a batch; the rule and its arrays go on from where they stood."""
        checked(self, x, d)
        asked = Asked.nothing(len(x), [FAST, SLOW])
        rates, pulsing = self._rates(x, d, rate), self.transfer.pulsing
        trains = outer_products(self.fast, FAST, x, d, rates, pulsing, self._trains, asked)
        done = 0
        while done < len(x):
            part = slice(done, min(done + self.transfer.every - self._since, len(x)))
            self.fast.apply(self._chopped(trains.of(part)))
            self._since += part.stop - done
            done = part.stop
            if self._since == self.transfer.every:
                self._since = 0
                self._move(rate, asked, done - 1)
        self.fast.leak(1)
        self.slow.leak(1)
        return asked

    def relax(self, seconds: float) -> None:
        self.fast.relax(seconds)
        self.slow.relax(seconds)

    def _rates(self, x: Floats, d: Floats, rate: float) -> Floats:
        """Of the fast array, for each sample."""
        t = self.transfer
        if not t.scaled:
            return np.full(len(x), rate if t.fast_rate is None else t.fast_rate)
        assert t.fast_rate is not None
        means = [
            self._followed(side, np.abs(values).max(axis=1, initial=0.0)) for side, values in ((0, x), (1, d))
        ]
        full = t.fast_rate * t.pulsing.longest * self.fast.device.step
        product = means[0] * means[1]
        return np.asarray(np.divide(full, product, out=np.full(len(x), full), where=product > 0))

    def _followed(self, side: int, largest: Floats) -> Floats:
        """Running mean of the largest |values|, after each sample; the first one is taken whole."""
        new, found = (1 - self.transfer.momentum) / len(largest), np.empty(len(largest))
        mean = self._largest[side]
        for k, value in enumerate(largest):
            if mean <= 0:
                mean = value
            elif value > 0:
                mean += new * (value - mean)
            found[k] = mean
        self._largest[side] = float(mean)
        return found

    def _chopped(self, trains: Trains) -> Trains:
        if not self.transfer.chop:
            return trains
        turned, one = self.chopper.astype(np.int8), np.ones(1, dtype=np.int8)
        return trains.turned(turned, one) if self.by_inputs else trains.turned(one, turned)

    # --- moving a line on ------------------------------------------------------------------------

    def _at(self, line: int) -> tuple[Any, ...]:
        return (slice(None), line) if self.by_inputs else (line, slice(None))

    def _move(self, rate: float, asked: Asked, sample: int) -> None:
        """Read the next line of the fast array into the hidden matrix, and write what is due to the slow array."""
        t, line = self.transfer, self._line
        at = self._at(line)
        read = self.fast.line(at, t.referred)
        if t.read_noise:
            read = read + t.read_noise * self._reads.standard_normal(len(read))
        self.hidden[at] += self._scale(rate) * self.chopper[line] * (read - self._base(line, read))
        due = np.clip(np.trunc(self.hidden[at]), -t.written, t.written)
        left = t.keep * self.hidden[at] if t.emptied else self.hidden[at] - (1 - t.keep) * due
        self.hidden[at] = np.where(due != 0, left, self.hidden[at])
        if due.any() and not (t.dynamic and self._round <= t.period):
            self._write(line, due, asked, sample)
        self._count(asked, sample, len(read))
        self._chop(line)
        self._line = (line + 1) % self.count
        self._round += self._line == 0

    def _scale(self, rate: float) -> float:
        """Pulses of the slow array for each unit read."""
        t, step = self.transfer, self.slow.device.step
        speed = 1.0 if t.gain is None else self.count * t.every / t.gain
        return t.transfer_rate * rate * speed / step

    def _base(self, line: int, read: Floats) -> Floats | float:
        """What the read is taken against."""
        if not self.transfer.dynamic:
            return 0.0
        at, share = self._at(line), self.transfer.share
        if self._turned[line]:
            self.past[at] = self.mean[at]
            self._turned[line] = False
        self.mean[at] = (1 - share) * self.mean[at] + share * read
        return np.array(self.past[at])

    def _write(self, line: int, due: Floats, asked: Asked, sample: int) -> None:
        for turn in range(int(np.abs(due).max())):
            signs = np.where(np.abs(due) > turn, np.sign(due), 0)
            self.slow.pulse_line(self._at(line), signs)
            asked.line_slots[SLOW][sample] += 1
            asked.pulses[SLOW][sample] += np.count_nonzero(signs)

    def _count(self, asked: Asked, sample: int, width: int) -> None:
        """Per element: scaling and adding; with a running reference also its subtraction and the mean's three."""
        t = self.transfer
        ops = 2 if not t.dynamic else 3 if t.share == 1 else 6
        matrices = 3 if t.dynamic else 1
        asked.reads[FAST][sample] += 1
        asked.transfers[sample] += 1
        asked.digital_ops[sample] += ops * width
        asked.memory_bits[sample] += (_HIDDEN_BITS * matrices + (2 if t.chop else 0)) * width

    def _chop(self, line: int) -> None:
        t = self.transfer
        if not t.chop:
            return
        regular = t.chopping == "regular"
        turn = (self._round + 1) % t.period == 0 if regular else self._chops.random() < t.chop
        if turn:
            self.chopper[line] *= -1
            self._turned[line] = True
