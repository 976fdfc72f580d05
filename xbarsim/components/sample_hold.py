"""Sample-and-hold: keeps column results so that array and converter work at the same time."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Duration, Energy
from xbarsim.spec.roles import SampleHold


@component("sample_hold")
class SampleAndHold(SampleHold):
    """One capacitor per column that holds its result for the converter."""

    ENERGY_KEYS = ("energy",)

    acquire_ps: Duration = Field(description="time to take the column result over")
    energy_pj: Energy | None = Field(None, description="one sample")

    def hold(self, columns: int) -> Service:
        return Service(self.acquire_ps, (Action("sample", columns, self.energy_pj or 0.0),))
