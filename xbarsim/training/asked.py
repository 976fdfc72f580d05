"""What an update rule asks of the hardware, sample by sample, so that a timeline can price it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from xbarsim.devices.state import Wholes

Counts = Mapping[str, Wholes]


@dataclass(frozen=True)
class Asked:
    """Counts of a batch: each array has one entry a sample; where there are several arrays, by the array's name.

    parallel_slots: pulse times in which all lines of an array are driven at once.
    line_slots: pulse times in which one line of an array is written.
    reads: one-hot reads of an array (one line's values through the converters).
    pulses: on cells, over the whole array.
    transfers: lines that were moved on from one array towards the next.
    digital_ops: floating-point operations. Comparisons, resets and changes of sign are not among them.
    memory_bits: to and from what is kept in digital matrices.
    random_bits: drawn for pulse trains.
    """

    parallel_slots: Counts
    line_slots: Counts
    reads: Counts
    pulses: Counts
    transfers: Wholes
    digital_ops: Wholes
    memory_bits: Wholes
    random_bits: Wholes

    @classmethod
    def nothing(cls, samples: int, arrays: Iterable[str]) -> Asked:
        """All counts at 0, to be filled in."""
        names = tuple(arrays)

        def by_array() -> Counts:
            return {name: np.zeros(samples, dtype=np.int64) for name in names}

        single = [np.zeros(samples, dtype=np.int64) for _ in range(4)]
        return cls(by_array(), by_array(), by_array(), by_array(), *single)

    @classmethod
    def joined(cls, parts: Iterable[Asked]) -> Asked:
        """One batch after another. Raises: ValueError without any."""
        several = list(parts)
        if not several:
            raise ValueError("Asked.joined: no batch; give one or more")
        mappings: list[Counts] = [
            {
                name: np.concatenate([getattr(part, key)[name] for part in several])
                for name in several[0].reads
            }
            for key in ("parallel_slots", "line_slots", "reads", "pulses")
        ]
        single = [
            np.concatenate([getattr(part, key) for part in several])
            for key in ("transfers", "digital_ops", "memory_bits", "random_bits")
        ]
        parallel, lines, reads, pulses = mappings
        return cls(parallel, lines, reads, pulses, *single)

    @property
    def samples(self) -> int:
        return len(self.transfers)

    def per_sample(self) -> dict[str, float]:
        """Means over the batch, by 'count' or 'count.array'; those that are 0 are left out."""
        return {name: float(values.mean()) for name, values in self._named() if values.any()}

    def _named(self) -> Iterator[tuple[str, Wholes]]:
        for key, value in vars(self).items():
            if isinstance(value, np.ndarray):
                yield key, value
            else:
                yield from ((f"{key}.{name}", counts) for name, counts in value.items())
