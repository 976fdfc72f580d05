"""A cell without flaws, to compare with."""

from __future__ import annotations

import numpy as np

from xbarsim.devices.state import Floats, Landing, State, Wholes
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.spec.component import component


@component("ideal_cell")
class IdealCell(Technology):
    """A cell that takes any conductance exactly and keeps it; a pulse moves it by one of 2^bits levels."""

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        return Landing(target.copy(), np.zeros(target.shape), *self.counted(target.shape, "single_shot"))

    def step(self, state: State, counts: Wholes, signs: Wholes, rng: np.random.Generator) -> Floats:
        level = (self.highest_usiemens - self.lowest_usiemens) / (2**self.bits - 1)
        moved = state.programmed_usiemens + level * counts * signs
        return np.asarray(np.clip(moved, self.lowest_usiemens, self.highest_usiemens))
