"""What all update rules have in common, and the two that need no second array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from xbarsim.devices.state import Floats, Wholes
from xbarsim.training.array import PulsedArray
from xbarsim.training.asked import Asked
from xbarsim.training.trains import Pulsing, Trains, drawn, plan


class UpdateRule(Protocol):
    """How a matrix of weights (outputs, inputs) learns in place."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def wear(self) -> Mapping[str, Wholes]:
        """Pulses so far, of each cell of each array."""
        ...

    def weights(self) -> Floats:
        """What products are computed with: (outputs, inputs)."""
        ...

    def put(self, values: Floats) -> None:
        """Start from these weights, as far as the devices' range allows."""
        ...

    def update(self, x: Floats, d: Floats, rate: float) -> Asked:
        """Learn from a batch, sample by sample: wanted is weights += rate d x^T, summed over the batch.

        x: (samples, inputs); d: (samples, outputs), minus the gradient of the loss by the outputs.
        """
        ...

    def relax(self, seconds: float) -> None:
        """Let so much time pass: cells leak and drift as far as their devices do by the second."""
        ...


def checked(rule: UpdateRule, x: Floats, d: Floats) -> None:
    """Raises: ValueError where a batch does not fit the weights, or is not finite."""
    outputs, inputs = rule.shape
    if x.ndim != 2 or d.ndim != 2 or x.shape[1] != inputs or d.shape[1] != outputs or len(x) != len(d):
        raise ValueError(
            f"update: x of shape {x.shape}, d of {d.shape}; allowed: (samples, {inputs}) and (samples, {outputs})"
        )
    if not (np.isfinite(x).all() and np.isfinite(d).all()):
        raise ValueError("update: x or d is not finite; lower the learning rate")


class _OnOneArray:
    """Weights on one array, which learns by itself."""

    array: PulsedArray

    @property
    def shape(self) -> tuple[int, int]:
        return self.array.shape

    @property
    def wear(self) -> Mapping[str, Wholes]:
        return {"weights": self.array.pulses}

    def weights(self) -> Floats:
        return np.asarray(self.array.values, dtype=np.float64)

    def put(self, values: Floats) -> None:
        self.array.put(values)

    def relax(self, seconds: float) -> None:
        self.array.relax(seconds)


class InMemorySgd(_OnOneArray):
    """Every sample's outer product goes onto the weights' own array as pulses.

    Source: Gokmen and Vlasov, Frontiers in Neuroscience 10, 333 (2016).
    """

    def __init__(self, array: PulsedArray, pulsing: Pulsing, rng: np.random.Generator):
        self.array, self.pulsing, self._rng = array, pulsing, rng

    def update(self, x: Floats, d: Floats, rate: float) -> Asked:
        checked(self, x, d)
        asked = Asked.nothing(len(x), ["weights"])
        rates = np.full(len(x), rate)
        self.array.apply(outer_products(self.array, "weights", x, d, rates, self.pulsing, self._rng, asked))
        self.array.leak(1)
        return asked


def outer_products(
    array: PulsedArray, name: str, x: Floats, d: Floats, rates: Floats, pulsing: Pulsing,
    rng: np.random.Generator, asked: Asked,
) -> Trains:  # fmt: skip
    """Trains of a batch for an array, counted as asked for."""
    trains = drawn(plan(x, d, rates, array.device.step, pulsing), rng, pulsing.kind)
    lines = array.shape[0] + array.shape[1]
    asked.parallel_slots[name][:] += trains.slots
    asked.pulses[name][:] += trains.coincidences()
    asked.digital_ops[:] += lines  # the largest of x and of d
    asked.random_bits[:] += trains.slots * lines if pulsing.kind != "spread" else 0
    return trains


class MixedPrecision(_OnOneArray):
    """Gradients are summed digitally; whole steps of the sum are written line by line after each batch.

    longest: most pulses that a cell gets in one batch.
    Source: Nandakumar et al., Frontiers in Neuroscience 14, 406 (2020).
    """

    def __init__(self, array: PulsedArray, longest: int = 1):
        self.array, self.longest = array, longest
        self.waiting: Floats = np.zeros(array.shape)

    def put(self, values: Floats) -> None:
        super().put(values)
        self.waiting[...] = 0

    def update(self, x: Floats, d: Floats, rate: float) -> Asked:
        checked(self, x, d)
        (outputs, inputs), step = self.shape, self.array.device.step
        asked = Asked.nothing(len(x), ["weights"], batch_end=True)
        self.waiting += rate * d.T @ x
        steps = np.clip(np.trunc(self.waiting / step), -self.longest, self.longest)
        self.waiting -= steps * step
        for turn in range(self.longest):
            self.array.pulse(np.where(np.abs(steps) > turn, np.sign(steps), 0))
        asked.digital_ops[:] = 2 * outputs * inputs + outputs  # products and sums; scaling by the rate
        asked.line_slots["weights"][-1:] = self.longest * inputs
        asked.pulses["weights"][-1:] = int(np.abs(steps).sum())
        asked.memory_bits[-1:] = 16 * outputs * inputs  # the sum of 8 bits, read and written back
        self.array.leak(1)
        return asked
