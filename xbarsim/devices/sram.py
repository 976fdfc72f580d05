"""Static memory: two exact states that cost leakage."""

from __future__ import annotations

import numpy as np

from xbarsim.devices.state import Floats, Landing, State, Wholes
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.spec.component import component


@component("sram")
class Sram(Technology):
    """Static memory: on (`highest`) or off (`lowest`), exact as long as it has power; it leaks `idle_power`."""

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        on = target > (self.lowest_usiemens + self.highest_usiemens) / 2
        landed = np.where(on, self.highest_usiemens, self.lowest_usiemens)
        return Landing(landed, np.zeros(target.shape), *self.counted(target.shape, "single_shot"))

    def step(self, state: State, counts: Wholes, signs: Wholes, rng: np.random.Generator) -> Floats:
        """A pulse is a write of 1 or 0."""
        return np.where(signs > 0, self.highest_usiemens, self.lowest_usiemens)
