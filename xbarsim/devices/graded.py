"""What cells with a row of levels have in common: where they land, how long they hold, how they step."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from xbarsim.devices.state import Floats, Landing, State, Wholes
from xbarsim.devices.steps import PulseSteps, stepped
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.spec.quantity import Age, Conductance, Count


class GradedCell(Technology):
    """Programming scatters around the nearest level; what was written decays towards `lowest`."""

    levels: Count | None = Field(None, description="equally spaced levels it stands on; not given: any value")
    programming_usiemens: Conductance = Field(description="standard deviation after write-verify")
    landing_usiemens: Conductance = Field(description="standard deviation after a single pulse, unverified")
    retention_s: Age = Field(description="time after which 1/e of what was written is left")
    read_noise_usiemens: Conductance = Field(description="standard deviation of one read")
    pulse_response: PulseSteps | None = Field(None, description="what one pulse does")

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        verified = scheme == "write_verify"
        self.need("write-verify" if verified else "a single shot", "programming" if verified else "landing")
        spread = self.programming_usiemens if verified else self.landing_usiemens
        landed = self._nearest(target) + spread * rng.standard_normal(target.shape)
        pulses, verifies = self.counted(target.shape, scheme)
        return Landing(np.maximum(landed, 0.0), np.zeros(target.shape), pulses, verifies)

    def _nearest(self, target: Floats) -> Floats:
        if self.levels is None or self.levels < 2:
            return target
        gap = (self.highest_usiemens - self.lowest_usiemens) / (self.levels - 1)
        return self.lowest_usiemens + gap * np.rint((target - self.lowest_usiemens) / gap)

    def aged(self, state: State, age_s: Floats) -> Floats:
        self.need("ageing", "retention")
        if not self.retention_s:
            return state.programmed_usiemens
        left = np.exp(-age_s / self.retention_s)
        return self.lowest_usiemens + (state.programmed_usiemens - self.lowest_usiemens) * left

    def read_spread(self, state: State, mean_usiemens: Floats, age_s: Floats) -> float | None:
        self.need("read noise", "read_noise")
        return self.read_noise_usiemens or None

    def make(self, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Floats]:
        response = self.pulse_response if self.knows("pulse_response") else None
        return response.make(shape, rng) if response is not None else {}

    def step(self, state: State, counts: Wholes, signs: Wholes, rng: np.random.Generator) -> Floats:
        if self.pulse_response is None:
            return super().step(state, counts, signs, rng)
        self.need("pulses", "pulse_response")
        return stepped(self.pulse_response, self, state, counts, signs, rng)
