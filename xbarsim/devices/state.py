"""What a block of cells is: arrays of one shape, one entry a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class State:
    """A block of cells, right after it was last written. Nothing in it changes with time; reading takes the age.

    programmed_usiemens: at age 0, without read noise.
    target_usiemens: what was asked for.
    drift: what the technology draws for each cell at programming, and ages it by (PCM: the exponent nu).
    writes: so far in its life; what endurance is counted in.
    pulses, verifies: of the last operation; NaN where the technology's mean number of pulses is unknown.
    endurance: writes each cell survives, drawn once in its life; None where the description does not say.
    stuck: worn out; such a cell keeps its conductance whatever is done to it.
    born: what devices differ in from the day they are made, by name (steps and bounds of their pulse response).
    """

    programmed_usiemens: Floats
    target_usiemens: Floats
    drift: Floats
    writes: Wholes
    pulses: Floats
    verifies: Floats
    stuck: Flags
    endurance: Floats | None = None
    born: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.programmed_usiemens.shape

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of its arrays by name, those that cells are born with as 'born.NAME'."""
        own = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return own | {f"born.{name}": value for name, value in self.born.items()}


@dataclass(frozen=True)
class Landing:
    """Where the cells stand after a programming, before wear has its say."""

    usiemens: Floats
    drift: Floats
    pulses: Floats
    verifies: Floats
