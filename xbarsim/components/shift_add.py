"""Shift-and-add: combines input slices and weight slices into one result."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Count, Duration, Energy, Frequency
from xbarsim.spec.roles import ShiftAdd
from xbarsim.units import cycles_ps


@component("shift_add")
class ShiftAndAdd(ShiftAdd):
    """Adders that shift every conversion to its weight and add it to the running result.

    Its units keep step with the converters they follow: give `latency` for the time of one slice, or
    `lanes` and `clock` where the adders are the narrower place.
    """

    ENERGY_KEYS = ("energy",)

    latency_ps: Duration | None = Field(None, description="one slice, all its columns")
    lanes: Count | None = Field(None, description="additions per clock cycle of one unit")
    clock_hz: Frequency | None = Field(None, description="clock of the adders")
    energy_pj: Energy | None = Field(None, description="one shift and addition")

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = super().inconsistencies()
        by_clock = self.lanes is not None and self.clock_hz is not None
        if by_clock == (self.latency_ps is not None):
            wrong.append(
                ("latency", "one slice needs exactly one timing", "give 'latency', or 'lanes' and 'clock'")
            )
        return wrong

    def combine(self, values: int) -> Service:
        if self.latency_ps is not None:
            time_ps = self.latency_ps
        else:
            time_ps = cycles_ps(-(-values // ((self.lanes or 1) * self.count)), self.clock_hz or 1.0)
        return Service(time_ps, (Action("addition", values, self.energy_pj or 0.0),))
