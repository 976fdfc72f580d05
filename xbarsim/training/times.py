"""Time, memory and operations of one sample by formula, for one layer of n inputs and n outputs.

Rasch, Carta, Fagbohungbe and Gokmen, Nature Communications 15, 7133 (2024), Table 1. Left out there, and here: memory
access, random numbers, comparisons, resets, changes of sign.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Algorithm = Literal["ttv2", "c-ttv2", "agad", "mixed_precision", "in_memory_sgd"]


@dataclass(frozen=True)
class Layer:
    """A square layer on one array, and what surrounds it.

    n: inputs, and outputs. every: samples between two transfers. mean_slots, most_slots: of one update. batch: samples
    between two writes of mixed precision. pulse_ns, read_ns: one pulse, one product. flops: operations a second of the
    digital unit that this array has for itself. phases: pulse times that a slot takes: 1, or 2 where positive and
    negative pulses follow one another (the text of the paper; its Table 1 has 1). single_mean: the reference is the
    previous read (beta = 1).
    """

    n: int
    every: int
    mean_slots: float
    most_slots: int
    batch: int
    pulse_ns: float
    read_ns: float
    flops: float
    phases: Literal[1, 2] = 1
    single_mean: bool = False


@dataclass(frozen=True)
class Share:
    """Of one sample: storage in bytes, input and memory traffic in bits, operations, time on arrays."""

    storage_bytes: float
    input_bits: float
    memory_bits: float
    operations: float
    analog_ns: float
    flops: float

    @property
    def digital_ns(self) -> float:
        return self.operations / self.flops * 1e9

    @property
    def time_ns(self) -> float:
        return self.digital_ns + self.analog_ns


def share(algorithm: Algorithm, layer: Layer) -> Share:
    """Raises: ValueError for another algorithm."""
    if algorithm not in _SHARES:
        raise ValueError(f"algorithm {algorithm!r}; allowed: {', '.join(map(repr, _SHARES))}")
    return _SHARES[algorithm](layer)


def _gathered(layer: Layer, matrices: int, memory_bits: float, operations: float) -> Share:
    """matrices: digital ones of a byte an element; memory_bits and operations: of one element of a line moved on."""
    n, every = layer.n, layer.every
    analog = (layer.mean_slots + 1 / every) * layer.phases * layer.pulse_ns + layer.read_ns / every
    return Share(
        matrices * n**2 + 2 * n,
        16 * n + 2 * n * layer.most_slots,
        memory_bits * n / every,
        2 * n + operations * n / every,
        analog,
        layer.flops,
    )


def _mixed(layer: Layer) -> Share:
    n, batch = layer.n, layer.batch
    analog = n / batch * layer.phases * layer.pulse_ns
    return Share(n**2 + 2 * n * batch, 16 * n, 16 * n**2 / batch, 2 * n**2 + n, analog, layer.flops)


def _direct(layer: Layer) -> Share:
    n = layer.n
    analog = layer.mean_slots * layer.phases * layer.pulse_ns
    return Share(2 * n, 16 * n + 2 * n * layer.most_slots, 0, 2 * n, analog, layer.flops)


_SHARES: dict[Algorithm, Callable[[Layer], Share]] = {
    "ttv2": lambda layer: _gathered(layer, 1, 16, 2),
    "c-ttv2": lambda layer: _gathered(layer, 1, 18, 2),
    "agad": lambda layer: _gathered(layer, 3, 50, 3 if layer.single_mean else 6),
    "mixed_precision": _mixed,
    "in_memory_sgd": _direct,
}
