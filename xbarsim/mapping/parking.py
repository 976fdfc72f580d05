"""Where results wait for a later phase: in the buffers of the tiles where they are made, or in a memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from xbarsim.mapping.outside import Homes, ports
from xbarsim.mapping.phases import PARK
from xbarsim.spec.chip import Chip, Part
from xbarsim.workload.graph import Op, Positions

Place = tuple[str, Homes, Positions]  # component, homes, and the home of each position


class Parking:
    """The places of all phases: a result is fetched from where it was parked.

    memory: None where results stay in the tiles.
    """

    def __init__(self, chip: Chip, memory: Part | None):
        self.chip, self.memory = chip, memory
        self.places: dict[str, Place] = {}  # by parked result

    def place(self, op: Op, made: Callable[[], tuple[Homes, Positions]]) -> Place:
        """Where an operation parks its result, or fetches one; made: where that result is made."""
        assert op.state is not None
        if op.function == PARK:
            self.places[op.state] = self._beside(op.positions) or ("", *made())
        return self.places[op.state]

    def _beside(self, positions: int) -> Place | None:
        """In the memory, whose instances take turns."""
        if self.memory is None:
            return None
        homes = ports(self.chip, self.memory)
        return self.memory.path, homes, np.arange(positions, dtype=np.int64) % len(homes)
