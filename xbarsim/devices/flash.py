"""Charge-trapping flash: spread and shift by level and age, as measured."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from xbarsim.devices.state import Floats, Landing, State
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.errors import DeviceError
from xbarsim.spec.component import Spec, component
from xbarsim.spec.quantity import Age, Coefficient, Conductance


class Saturating(Spec):
    """A standard deviation by conductance g: amplitude (1 - exp(-g / scale))."""

    source: str | None = Field(None, description="where its numbers come from")
    amplitude_usiemens: Conductance = Field(description="towards which it saturates")
    scale_usiemens: Conductance = Field(description="conductance at which 63 % of it is reached")

    def at(self, usiemens: Floats) -> Floats:
        return self.amplitude_usiemens * -np.expm1(-usiemens / self.scale_usiemens)


class Measured(Saturating):
    """The spread over the cells at one age, and how far their mean has moved."""

    age_s: Age = Field(description="time since programming")
    shift_usiemens_by_level: tuple[Coefficient, ...] = Field(
        (), description="mean shift, uS, at equally spaced levels from 0 to the highest; not given: none"
    )

    def shift(self, usiemens: Floats, highest_usiemens: float) -> Floats | float:
        if not self.shift_usiemens_by_level:
            return 0.0
        levels = np.linspace(0.0, highest_usiemens, len(self.shift_usiemens_by_level))
        return np.interp(usiemens, levels, self.shift_usiemens_by_level)


@component("flash")
class Flash(Technology):
    """Charge-trapping transistor: each cell keeps its place in a spread that grows with age around a moving mean.

    g = target + shift(target, age) + spread(target + shift, age) z, with z ~ N(0, 1) drawn at programming. Between
    the ages that were measured both are linear in time; beyond the last one an age is an error. That a cell keeps
    its place is our assumption: only the spread at each age was measured.
    """

    measured: tuple[Measured, ...] = Field(
        description="spread and shift by age, from age 'ideal' (0) upwards"
    )
    landing_usiemens: Conductance = Field(description="standard deviation after a single pulse, unverified")
    read_noise: Saturating = Field(description="standard deviation of one read, by conductance")

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong, ages = super().inconsistencies(), [point.age_s for point in self.measured]
        if len(ages) < 2 or ages[0] != 0 or sorted(set(ages)) != ages:
            found = ", ".join(f"{age:g} s" for age in ages) or "none"
            wrong.append(("measured", found, "give two ages or more, rising from 'ideal'"))
        return wrong

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        self.need("programming", "measured")
        place = rng.standard_normal(target.shape)
        if scheme == "single_shot":
            self.need("a single shot", "landing")
            landed = target + self.landing_usiemens * place
        else:
            landed = self._standing(target, place, np.zeros(()))
        return Landing(np.maximum(landed, 0.0), place, *self.counted(target.shape, scheme))

    def _standing(self, target: Floats, place: Floats, age_s: Floats) -> Floats:
        ages = np.array([point.age_s for point in self.measured])
        if np.any(age_s > ages[-1]):
            raise DeviceError(
                f"{self.kind}.measured: age {np.max(age_s):g} s; allowed: up to {ages[-1]:g} s, the last age measured"
            )
        after = np.clip(np.searchsorted(ages, age_s, side="right"), 1, len(ages) - 1)
        share = (age_s - ages[after - 1]) / (ages[after] - ages[after - 1])
        standing = np.zeros(target.shape)
        for i, point in enumerate(self.measured):
            weight = np.where(after == i, share, np.where(after - 1 == i, 1 - share, 0.0))
            if np.any(weight):
                mean = target + point.shift(target, self.highest_usiemens)
                standing = standing + weight * (mean + point.at(np.maximum(mean, 0.0)) * place)
        return standing

    def aged(self, state: State, age_s: Floats) -> Floats:
        return np.maximum(self._standing(state.target_usiemens, state.drift, age_s), 0.0)

    def read_spread(self, state: State, mean_usiemens: Floats, age_s: Floats) -> Floats:
        self.need("read noise", "read_noise")
        return self.read_noise.at(mean_usiemens)
