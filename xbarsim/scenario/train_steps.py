"""What the update of a layer by one sample asks for: counts of an update rule, in the order of the hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xbarsim.devices.state import Wholes
from xbarsim.training.asked import Asked


@dataclass(frozen=True)
class Step:
    """So many of one kind; array: of which learning array, where it is one's. Of "pulses": picoseconds."""

    kind: Literal["operands", "operations", "slots", "reads", "memory", "lines", "pulses"]
    times: int
    array: str = ""


@dataclass(frozen=True)
class SampleCounts:
    """Of one sample in one layer. positions: outer products. slots, lines, reads: by array; line_ps: of lines whose
    pulses have lengths of their own, these lengths."""

    positions: int
    slots: tuple[tuple[str, int], ...]
    lines: tuple[tuple[str, int], ...]
    reads: tuple[tuple[str, int], ...]
    before: int  # operations before pulses
    after: int  # operations on what is read
    memory_bits: int
    line_ps: tuple[tuple[str, int], ...] = ()

    def phases(self) -> tuple[tuple[Step, ...], ...]:
        """Operands and first operations; pulses; reads; arithmetic beside memory traffic; lines that are written."""
        phases = (
            (Step("operands", self.positions), Step("operations", self.before)),
            tuple(Step("slots", times, array) for array, times in self.slots),
            tuple(Step("reads", times, array) for array, times in self.reads),
            (Step("operations", self.after), Step("memory", self.memory_bits)),
            (
                *(Step("lines", times, array) for array, times in self.lines),
                *(Step("pulses", times, array) for array, times in self.line_ps),
            ),
        )
        found = (tuple(step for step in phase if step.times) for phase in phases)
        return tuple(phase for phase in found if phase)


def by_sample(asked: Asked, samples: int, at_every_position: int) -> tuple[SampleCounts, ...]:
    """The counts of a batch, sample by sample; positions of a convolution count together.

    at_every_position: operations that come before the pulses, the rest is done on what is read.
    """

    def summed(values: Wholes) -> list[int]:
        return np.asarray(values).reshape(samples, -1).sum(axis=1).tolist()  # type: ignore[no-any-return]

    def arrays(counts: Mapping[str, Wholes]) -> list[tuple[tuple[str, int], ...]]:
        columns = {name: summed(values) for name, values in counts.items()}
        return [
            tuple((name, column[s]) for name, column in columns.items() if column[s]) for s in range(samples)
        ]

    positions = asked.samples // samples
    slots, lines, reads = arrays(asked.parallel_slots), arrays(asked.line_slots), arrays(asked.reads)
    lengths = arrays({name: np.rint(ns * 1e3).astype(np.int64) for name, ns in asked.line_ns.items()})
    ops, memory = summed(asked.digital_ops), summed(asked.memory_bits)
    first = [min(each, at_every_position * positions) for each in ops]
    return tuple(
        SampleCounts(
            positions, slots[s], lines[s], reads[s], first[s], ops[s] - first[s], memory[s], lengths[s]
        )
        for s in range(samples)
    )
