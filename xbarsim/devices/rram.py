"""Resistive memory: write-verify with its pulses, relaxation after it, read noise."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from xbarsim.devices.state import Floats, Landing, State, Wholes
from xbarsim.devices.steps import PulseSteps, stepped
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.spec.component import component
from xbarsim.spec.quantity import Age, Conductance, Count


@component("rram")
class Rram(Technology):
    """Filamentary oxide memory: verified into a window, relaxing out of it, written again in rounds.

    A round writes the cells that stand outside `window` around their target: by pulses, each verified, until one
    lands inside (each with the same chance, so geometrically distributed with mean `write_pulses`), anywhere in
    it. Within `relaxation_time` a written cell then moves by N(0, relaxation), and stays. All rounds but the
    first begin by measuring every cell. What the last round wrote relaxes after programming, in proportion to its
    age until it has moved. Not modelled: cells that never reach their window; relaxation by level.
    """

    window_usiemens: Conductance = Field(description="accepted distance from the target, either side")
    rounds: Count = Field(description="times that all cells are measured and written where they are off")
    relaxation_usiemens: Conductance = Field(
        description="standard deviation by which a written cell moves soon after"
    )
    relaxation_time_s: Age = Field(description="time until it has moved")
    landing_usiemens: Conductance = Field(description="standard deviation after a single pulse, unverified")
    read_noise_usiemens: Conductance = Field(description="standard deviation of one read")
    pulse_response: PulseSteps | None = Field(None, description="what one pulse does")

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        self.need("programming", "window", "relaxation")
        if scheme == "single_shot":
            return self._single_shot(target, rng)
        standing, moving = target.copy(), np.zeros(target.shape)
        pulses, verifies = np.zeros(target.shape), np.zeros(target.shape)
        off = np.ones(target.shape, dtype=bool)
        for done in range(self.rounds):
            if done:
                standing += moving  # what the round before wrote has relaxed by now
                moving[...] = 0.0
                verifies += 1
                off = np.abs(standing - target) > self.window_usiemens
            n = int(off.sum())
            standing[off] = target[off] + rng.uniform(-self.window_usiemens, self.window_usiemens, n)
            moving[off] = self.relaxation_usiemens * rng.standard_normal(n)
            given = self._pulses(n, rng)
            pulses[off] += given
            verifies[off] += given
        return Landing(np.maximum(standing, 0.0), moving, pulses, verifies)

    def _single_shot(self, target: Floats, rng: np.random.Generator) -> Landing:
        self.need("a single shot", "landing")
        landed = target + self.landing_usiemens * rng.standard_normal(target.shape)
        moving = self.relaxation_usiemens * rng.standard_normal(target.shape)
        return Landing(np.maximum(landed, 0.0), moving, *self.counted(target.shape, "single_shot"))

    def _pulses(self, cells: int, rng: np.random.Generator) -> Floats:
        drawn = rng.standard_exponential(cells)  # cut into steps of one pulse, it is a geometric number
        if not self.knows("write_pulses"):
            return np.full(cells, np.nan)
        if self.write_pulses <= 1:
            return np.ones(cells)
        return np.asarray(1 + np.floor(drawn / -np.log1p(-1 / self.write_pulses)))

    def aged(self, state: State, age_s: Floats) -> Floats:
        self.need("ageing", "relaxation_time")
        done = np.minimum(1.0, age_s / self.relaxation_time_s) if self.relaxation_time_s else 1.0
        return np.maximum(state.programmed_usiemens + done * state.drift, 0.0)

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
