"""An array of pulsed devices: what it holds, what pulses do to it, what a read sees, how often each cell was pulsed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xbarsim.devices.pulsed import PulsedDevice
from xbarsim.devices.state import Floats, Wholes
from xbarsim.training.kernels import ADDED, AT_ONCE, MULTIPLIED, PLAIN, pulse_lines
from xbarsim.training.trains import Trains

TABLE = (
    1 << 18
)  # normal numbers from which noise is taken, at a random place for each line (the kernel's, too)


class PulsedArray:
    """Cells of shape (outputs, inputs), each read against its reference.

    shape: outputs, inputs.
    rng: draws devices; a second generator, spawned from it, draws what pulses and reads bring, so that one does not
        disturb the other.
    dtype: float32 is twice as fast; float64 for exact comparisons.
    reference: (outputs, inputs), in place of the devices' own.
    pulses: so far, of each cell.
    """

    def __init__(
        self,
        device: PulsedDevice,
        shape: tuple[int, int],
        rng: np.random.Generator,
        dtype: Any = np.float32,
        reference: Floats | None = None,
    ):
        self.device, self.shape = device, shape
        self.born = device.make(shape, rng)
        if reference is not None:
            self.born["reference"] = np.broadcast_to(np.asarray(reference, dtype=np.float64), shape).copy()
        self.reference: NDArray[Any] = self.born["reference"].astype(dtype)
        self.pulses: Wholes = np.zeros(shape, dtype=np.int64)
        self._steps = self._prepared(dtype)
        self._high, self._low = self._steps[4], self._steps[5]
        self._rng = rng.spawn(1)[0]
        self._noise = self._table(dtype)
        self.held: NDArray[Any] = np.zeros(shape, dtype=dtype)
        self._unseen: NDArray[Any] | None = np.zeros(shape, dtype=dtype) if device.seen_noise else None
        self.put(0.0)

    def _prepared(self, dtype: Any) -> tuple[NDArray[Any], ...]:
        """Steps as the kernel wants them: up, its slope, down, its slope, top, bottom."""
        shrink_up, shrink_down = self.device.shrinking(self.born)
        up, down = self.born["up"], self.born["down"]
        parts = (up, -up * shrink_up, -down, -down * shrink_down, self.born["top"], self.born["bottom"])
        return tuple(np.ascontiguousarray(part, dtype=dtype) for part in parts)

    def _table(self, dtype: Any) -> NDArray[Any]:
        """Noise in steps, its mean and spread exactly as they should be over the table."""
        if not self.device.noise:
            return np.zeros(1, dtype=dtype)
        drawn = self._rng.standard_normal(TABLE)
        drawn = (drawn - drawn.mean()) / drawn.std()
        return np.asarray(np.resize(self.device.noise * drawn, TABLE + AT_ONCE * self.shape[1]), dtype=dtype)

    # --- values ----------------------------------------------------------------------------------

    def put(self, values: Floats | float) -> None:
        """Let the cells read these values, as far as their bounds allow; no pulse is counted."""
        wanted = np.asarray(values, dtype=self.held.dtype) + self.reference
        self.held[...] = np.clip(wanted, self._low, self._high)
        if self._unseen is not None:
            self._unseen[...] = 0

    @property
    def values(self) -> NDArray[Any]:
        """What a read without noise of its own sees: (outputs, inputs)."""
        seen = self.held - self.reference
        return np.asarray(seen if self._unseen is None else seen + self._unseen)

    def line(self, at: tuple[Any, ...], referred: bool = True) -> Floats:
        """The values of one line (one-hot read); `referred`: against the reference, or of the devices alone."""
        seen = self.held[at].astype(np.float64)
        if self._unseen is not None:
            seen += self._unseen[at]
        return np.asarray(seen - self.reference[at] if referred else seen)

    def leak(self, updates: float) -> None:
        """What time takes, in updates: w falls towards 0. Nothing where the device's lifetime is in seconds."""
        if self.device.lifetime_updates is not None and self.device.lifetime_s is None:
            self.held *= np.exp(-updates / self.device.lifetime_updates).astype(self.held.dtype)

    def relax(self, seconds: float) -> None:
        """What so many seconds take: w falls towards 0, where the device has a lifetime in seconds."""
        if self.device.lifetime_s:
            self.held *= np.exp(-seconds / self.device.lifetime_s).astype(self.held.dtype)

    # --- pulses ----------------------------------------------------------------------------------

    def apply(self, trains: Trains) -> None:
        """One pulse to each cell whose two lines fire in a slot; slots one after another."""
        if not len(trains.fired):
            return
        before = self.pulses.copy() if self._unseen is not None else None
        if self.device.exponential is None:
            self._in_lines(trains)
        else:
            self._one_by_one(trains)
        if before is not None:
            self._see(self.pulses != before)

    def pulse(self, signs: NDArray[Any]) -> None:
        """At most one pulse to each cell: signs (outputs, inputs) of -1, 0, +1; one input after another."""
        used = np.flatnonzero(signs.any(axis=0))
        fired = np.zeros((len(used), self.shape[1]), dtype=np.int8)
        fired[np.arange(len(used)), used] = 1
        lines = np.ascontiguousarray(signs[:, used].T, dtype=np.int8)
        self.apply(Trains(fired, lines, np.ones(len(used), dtype=np.int64)))

    def pulse_line(self, at: tuple[Any, ...], signs: NDArray[Any]) -> None:
        """At most one pulse to each cell of one line."""
        whole = np.zeros(self.shape, dtype=np.int8)
        whole[at] = signs
        if isinstance(at[0], slice):
            self.pulse(whole)
        else:
            row = np.zeros((1, self.shape[0]), dtype=np.int8)
            row[0, at[0]] = 1
            self.apply(Trains(signs.astype(np.int8)[np.newaxis], row, np.ones(1, dtype=np.int64)))

    def _in_lines(self, trains: Trains) -> None:
        fired, slots, width = trains.fired, len(trains.fired), self.shape[1]
        twice = np.concatenate([fired, -fired, np.zeros((1, width), dtype=np.int8)])
        signs = np.ascontiguousarray(trains.signs.T)
        kind = PLAIN
        entries = np.zeros(self.shape[0], dtype=np.int64)
        if self.device.noise:
            kind = ADDED if self.device.noise_is == "added" else MULTIPLIED
            entries = self._rng.integers(0, 1 << 32, self.shape[0])
        row, chosen = np.empty(width, dtype=np.uint8), np.empty(slots + AT_ONCE, dtype=np.int64)
        pulse_lines(
            self.held, *self._steps, self.pulses, twice, signs, kind, self._noise, entries, row, chosen
        )

    def _one_by_one(self, trains: Trains) -> None:
        """Slot by slot, for steps that the kernel does not know."""
        for fired, signs in zip(trains.fired, trains.signs, strict=True):
            polarity = np.multiply.outer(signs, fired).astype(np.int64)
            counts = np.abs(polarity)
            after = self.device.after(self.held.astype(np.float64), counts, polarity, self.born, self._rng)
            self.held[...] = after
            self.pulses += counts

    def _see(self, pulsed: NDArray[np.bool_]) -> None:
        assert self._unseen is not None
        n = int(np.count_nonzero(pulsed))
        self._unseen[pulsed] = self.device.seen_noise * self.device.step * self._rng.standard_normal(n)
