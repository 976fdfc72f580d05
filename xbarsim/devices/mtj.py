"""Magnetic tunnel junctions: two states, and a pulse switches with a chance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from xbarsim.devices.state import Flags, Floats, Landing, State, Wholes
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.errors import DeviceError
from xbarsim.spec.component import component
from xbarsim.spec.quantity import Age, Coefficient

_BARRIER = 700.0  # exp() of more is no number any more; nothing is left within the age of the world by then


@component("mtj")
class Mtj(Technology):
    """Spin-torque magnetic tunnel junction: antiparallel (`lowest`) or parallel (`highest`), switched by chance.

    A pulse of length t far above the critical current switches with

        P(t) = 1 - erf(pi / (2 sqrt(2) theta) exp(-b t)),   b = damping gyromagnetic_ratio magnetisation (I/Ic - 1) / 2

    with the initial angle's spread theta = 1 / sqrt(2 stability). Without current a state is left after
    attempt_time exp(stability) on average (Neel and Brown). `stability`, the energy barrier in units of kT, falls as
    1/T. Targets are rounded to the nearer state; a new cell stands at `lowest`. Equal critical currents both ways.
    """

    stability: Coefficient = Field(description="energy barrier over kT at `temperature`")
    overdrive: Coefficient = Field(description="write current over the critical current")
    damping: Coefficient = Field(description="Gilbert damping")
    magnetisation_tesla: Coefficient = Field(description="mu0 Ms of the free layer, T")
    gyromagnetic_ratio: Coefficient = Field(description="rad per second and tesla")
    attempt_time_s: Age = Field(description="time between thermal attempts to switch")

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = super().inconsistencies()
        if self.knows("overdrive") and self.overdrive <= 1:
            wrong.append(("overdrive", f"{self.overdrive:g}", "allowed: above 1 (the law of switching)"))
        if self.knows("stability") and self.stability <= 0:
            wrong.append(("stability", f"{self.stability:g}", "allowed: above 0"))
        return wrong

    def at_temperature(self, kelvin: float) -> Mtj:
        self.need("another temperature", "temperature", "stability")
        scaled = {
            "stability": self.stability * self.temperature_kelvin / kelvin,
            "temperature_kelvin": kelvin,
        }
        return self.model_copy(update=scaled)

    @property
    def rate_hz(self) -> float:
        """b of the law of switching."""
        return self.damping * self.gyromagnetic_ratio * self.magnetisation_tesla * (self.overdrive - 1) / 2

    def switching_probability(self, pulse_s: ArrayLike) -> Floats:
        """Chance that one pulse of this length switches a cell that stands against it."""
        from scipy.special import erfc  # here, as a chip that is only read needs none of it

        self.need(
            "switching", "stability", "overdrive", "damping", "magnetisation_tesla", "gyromagnetic_ratio"
        )
        times = np.asarray(pulse_s, dtype=np.float64)
        return np.asarray(erfc(math.pi / 2 * math.sqrt(self.stability) * np.exp(-self.rate_hz * times)))

    def leaving_probability(self, seconds: float) -> float:
        """Chance that heat alone takes a cell out of its state within this time."""
        return -math.expm1(-seconds / self._mean_stay_s())

    def _mean_stay_s(self) -> float:
        self.need("ageing", "stability", "attempt_time")
        return self.attempt_time_s * math.exp(min(self.stability, _BARRIER))

    def switch(
        self, state: State, pulse_s: ArrayLike, polarity: ArrayLike, rng: np.random.Generator
    ) -> State:
        """One pulse a cell, of a length of its own; cells whose length or polarity is 0 get none."""
        lengths = np.broadcast_to(np.asarray(pulse_s, dtype=np.float64), state.shape)
        signs = np.broadcast_to(np.sign(np.asarray(polarity)).astype(np.int64), state.shape)
        counts = ((lengths > 0) & (signs != 0)).astype(np.int64)
        moved = self._switched(state, signs, self.switching_probability(lengths), rng)
        return self.pulsed(state, counts, moved)

    def step(self, state: State, counts: Wholes, signs: Wholes, rng: np.random.Generator) -> Floats:
        chance = 1 - np.float64(1 - self._write_chance()) ** counts
        return self._switched(state, signs, np.asarray(chance, dtype=np.float64), rng)

    def _switched(self, state: State, signs: Wholes, chance: Floats, rng: np.random.Generator) -> Floats:
        """Cells that stand against the sign go over to it with their chance."""
        meets = rng.random(state.shape) < chance
        return self._conductance(np.where(meets, signs > 0, self._high(state)))

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        wanted = target > (self.lowest_usiemens + self.highest_usiemens) / 2
        stood = np.zeros(target.shape, dtype=bool) if before is None else self._high(before)
        wrong, chance = wanted != stood, self._write_chance()
        if scheme == "single_shot":
            pulses, verifies = wrong.astype(np.float64), np.zeros(target.shape)
            reached = np.where(wrong & (rng.random(target.shape) >= chance), stood, wanted)
        else:
            pulses = np.where(wrong, rng.geometric(chance, target.shape), 0).astype(np.float64)
            verifies, reached = pulses + 1, wanted
        return Landing(self._conductance(reached), rng.standard_exponential(target.shape), pulses, verifies)

    def written_again(self, state: State) -> Flags | None:
        """Those that are stuck in the wrong state; as long as others stand wrong, too, a pulse may reach them."""
        middle = (self.lowest_usiemens + self.highest_usiemens) / 2
        wrong = self._high(state) != (state.target_usiemens > middle)
        return wrong if (state.stuck | ~wrong).all() else None

    def aged(self, state: State, age_s: Floats) -> Floats:
        """A cell has left its state once its age reaches its own share of the mean time; it is not seen to return."""
        return self._conductance(self._high(state) ^ (age_s > self._mean_stay_s() * state.drift))

    def _write_chance(self) -> float:
        self.need("writing", "write_pulse")
        chance = float(self.switching_probability(self.write_pulse_ps * 1e-12))
        if chance < 1e-6:
            raise DeviceError(
                f"{self.kind}.write_pulse: {self.write_pulse_ps} ps switches a cell with a chance of {chance:.2g}; "
                "allowed: 1e-06 or more, by a longer pulse or more 'overdrive'"
            )
        return chance

    def _high(self, state: State) -> Flags:
        return state.programmed_usiemens > (self.lowest_usiemens + self.highest_usiemens) / 2

    def _conductance(self, high: Flags) -> Floats:
        return np.where(high, self.highest_usiemens, self.lowest_usiemens)
