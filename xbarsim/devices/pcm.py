"""Phase-change memory: the statistical model of programming, drift and 1/f read noise."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from xbarsim.devices.curve import Curve, polynomial
from xbarsim.devices.state import Floats, Landing, State, Wholes
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.spec.component import Spec, component
from xbarsim.spec.quantity import Age, Coefficient, Conductance


class SetPulse(Spec):
    """What one partial-SET pulse does: w rises by step (1 + gain exp(-decay w)), w from 0 to range."""

    source: str | None = Field(None, description="where its numbers come from")
    range: Coefficient = Field(description="w at the highest conductance")
    step: Coefficient = Field(description="of one pulse at a high w")
    gain: Coefficient = Field(description="how much larger the first pulse is")
    decay: Coefficient = Field(description="how soon pulses become smaller, per w")
    spread: Coefficient = Field(description="relative standard deviation of the step over devices")
    noise: Coefficient = Field(
        description="factor of the three terms below; their sum is the noise of a pulse"
    )
    noise_floor: Coefficient = Field(description="term that does not depend on w")
    noise_per_step: Coefficient = Field(description="term per size of the step")
    noise_per_level: Coefficient = Field(description="term per w")


@component("pcm")
class Pcm(Technology):
    """Phase-change memory: programming noise, drift and 1/f read noise by conductance.

    With x = target / highest and t = age + drift_from, drawn once for each cell and programming:
        g0 = max(0, target + N(0, sigma(x)))      nu = |N(drift_mean(x), drift_spread(x))|
    and at each read:
        g = g0 (t / drift_from)^-nu
        g + N(0, g q sqrt(ln((t + read_time) / (2 read_time)))), not below 0, with q = read_noise(g0 / highest)
    """

    programming_usiemens_by_level: tuple[Coefficient, ...] = Field(
        description="standard deviation after write-verify, uS: coefficients of 1, x, x^2, ..."
    )
    programming_fitted_at_usiemens: Conductance = Field(
        description="highest conductance of that fit; with another `highest` the noise scales along"
    )
    landing_usiemens: Conductance = Field(description="standard deviation after a single pulse, unverified")
    drift_from_s: Age = Field(description="time after programming at which drift is first seen")
    drift_mean: Curve = Field(description="mean of the drift exponent over the cells")
    drift_spread: Curve = Field(description="standard deviation of the drift exponent over the cells")
    read_noise: Curve = Field(description="1/f noise relative to the conductance")
    read_time_s: Age = Field(description="length of one read, from which 1/f noise counts")
    pulse_response: SetPulse | None = Field(None, description="what one partial-SET pulse does")

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        above_zero = {"drift_from": self.drift_from_s, "read_time": self.read_time_s}
        above_zero["programming_fitted_at"] = self.programming_fitted_at_usiemens
        zero = [key for key, value in above_zero.items() if not value and self.knows(key)]
        return super().inconsistencies() + [
            (key, "zero", "allowed: above zero, or 'unknown'") for key in zero
        ]

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        self.need("programming", "drift_mean", "drift_spread")
        x = target / self.highest_usiemens
        landed = rng.standard_normal(target.shape)
        landed *= self._programming_spread(x, scheme)
        landed += target
        np.maximum(landed, 0.0, out=landed)
        return Landing(landed, self.drift_exponents(x, rng), *self.counted(target.shape, scheme))

    def _programming_spread(self, x: Floats, scheme: Scheme) -> Floats | float:
        if scheme == "single_shot":
            self.need("a single shot", "landing")
            return self.landing_usiemens
        self.need("write-verify", "programming_usiemens_by_level", "programming_fitted_at")
        scale = self.highest_usiemens / self.programming_fitted_at_usiemens
        return polynomial(self.programming_usiemens_by_level, x) * scale

    def drift_exponents(self, x: Floats, rng: np.random.Generator) -> Floats:
        """One for each cell, by its target x = target / highest."""
        nu = rng.standard_normal(x.shape)
        nu *= self.drift_spread.at(x)
        nu += self.drift_mean.at(x)
        return np.abs(nu, out=nu)

    def aged(self, state: State, age_s: Floats) -> Floats:
        self.need("ageing", "drift_from")
        decades = np.log((age_s + self.drift_from_s) / self.drift_from_s)
        return state.programmed_usiemens * np.exp(-state.drift * decades)

    def read_spread(self, state: State, mean_usiemens: Floats, age_s: Floats) -> Floats:
        self.need("read noise", "read_noise", "read_time", "drift_from")
        ages = (age_s + self.drift_from_s + self.read_time_s) / (2 * self.read_time_s)
        q = self.read_noise.at(state.programmed_usiemens / self.highest_usiemens)
        q *= mean_usiemens
        return q * np.sqrt(np.log(ages))

    def make(self, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Floats]:
        response = self.pulse_response
        if response is None or not self.knows("pulse_response"):
            return {}
        return {"step": 1 + response.spread * rng.standard_normal(shape)}

    def step(self, state: State, counts: Wholes, signs: Wholes, rng: np.random.Generator) -> Floats:
        """Upwards partial SET, pulse by pulse; downwards RESET, which one pulse does wholly."""
        if self.pulse_response is None:
            return super().step(state, counts, signs, rng)
        self.need("pulses", "pulse_response")
        r = self.pulse_response
        scale = (self.highest_usiemens - self.lowest_usiemens) / r.range
        w = np.clip((state.programmed_usiemens - self.lowest_usiemens) / scale, 0.0, r.range)
        for done in range(int(counts.max(initial=0))):
            step = r.step * state.born["step"] * (1 + r.gain * np.exp(-r.decay * w))
            noise = r.noise * (r.noise_floor + r.noise_per_step * np.abs(step) + r.noise_per_level * w)
            moved = np.clip(w + step + noise * rng.standard_normal(w.shape), 0.0, r.range)
            w = np.where((counts > done) & (signs > 0), moved, w)
        return np.where(signs < 0, self.lowest_usiemens, self.lowest_usiemens + scale * w)
