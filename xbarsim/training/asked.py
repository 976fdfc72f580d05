"""What an update rule asks of the hardware, sample by sample or once a batch, so that a timeline can price it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xbarsim.devices.state import Floats, Wholes

Counts = Mapping[str, Wholes]
Lengths = Mapping[str, Floats]


@dataclass(frozen=True)
class Asked:
    """Counts of a batch: each array has one entry a sample; where there are several arrays, by the array's name.

    A sample is one vector that the layer was given: of a convolution, one position of its kernel.

    batch_end: what arrays are written is known when the whole batch is, and stands in the last entry; otherwise each
        sample is written on its own, before the next one.
    parallel_slots: pulse times in which all lines of an array are driven at once.
    line_slots: pulse times in which one line of an array is written.
    reads: one-hot reads of an array (one line's values through the converters).
    pulses: on cells, over the whole array.
    transfers: lines that were moved on from one array towards the next.
    digital_ops: floating-point operations. Comparisons, resets and changes of sign are not among them.
    memory_bits: to and from what is kept in digital matrices.
    random_bits: drawn for pulse trains.
    line_ns, pulse_ns, usiemens_ns: where pulses have lengths of their own, and only there. line_ns: of the line writes,
        each as long as its longest pulse. pulse_ns: of all pulses, added up. usiemens_ns: lengths times the
        conductances that they meet; times V^2 it is their energy in fJ.
    """

    parallel_slots: Counts
    line_slots: Counts
    reads: Counts
    pulses: Counts
    transfers: Wholes
    digital_ops: Wholes
    memory_bits: Wholes
    random_bits: Wholes
    line_ns: Lengths = field(default_factory=dict)
    pulse_ns: Lengths = field(default_factory=dict)
    usiemens_ns: Lengths = field(default_factory=dict)
    batch_end: bool = False

    @classmethod
    def nothing(
        cls, samples: int, arrays: Iterable[str], timed: Iterable[str] = (), batch_end: bool = False
    ) -> Asked:
        """All counts at 0, to be filled in. timed: arrays whose pulses have lengths of their own."""
        names, lengths = tuple(arrays), tuple(timed)

        def counts() -> Wholes:
            return np.zeros(samples, dtype=np.int64)

        def by_array() -> Counts:
            return {name: counts() for name in names}

        def by_timed() -> Lengths:
            return {name: np.zeros(samples) for name in lengths}

        return cls(
            by_array(), by_array(), by_array(), by_array(), counts(), counts(), counts(), counts(),
            by_timed(), by_timed(), by_timed(), batch_end,
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Iterable[Asked]) -> Asked:
        """One batch after another, of one rule. Raises: ValueError without any."""
        several = list(parts)
        if not several:
            raise ValueError("Asked.joined: no batch; give one or more")
        first = several[0]
        values: dict[str, Any] = {"batch_end": first.batch_end}
        for key, value in vars(first).items():
            found = [getattr(part, key) for part in several]
            if isinstance(value, np.ndarray):
                values[key] = np.concatenate(found)
            elif isinstance(value, Mapping):
                values[key] = {name: np.concatenate([one[name] for one in found]) for name in value}
        return cls(**values)

    @property
    def samples(self) -> int:
        return len(self.transfers)

    def totals(self) -> dict[str, float]:
        """Sums over the batch, by 'count' or 'count.array'."""
        return {name: float(values.sum()) for name, values in self._named()}

    def per_sample(self) -> dict[str, float]:
        """Means over the batch, by 'count' or 'count.array'; those that are 0 are left out."""
        return {name: float(values.mean()) for name, values in self._named() if values.any()}

    def _named(self) -> Iterator[tuple[str, NDArray[Any]]]:
        for key, value in vars(self).items():
            if isinstance(value, np.ndarray):
                yield key, value
            elif isinstance(value, Mapping):
                yield from ((f"{key}.{name}", counts) for name, counts in value.items())
