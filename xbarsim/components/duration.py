"""Conversion in duration format: charge becomes a pulse at the tile, landing pads far away count it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bits, Count, Duration, Energy
from xbarsim.spec.roles import Adc


@component("adc.duration")
class DurationAdc(Adc):
    """A ramp and a comparator per column turn charge into pulses; a few landing pads on the chip count them.

    Control is one fixed programme for the chip: every array keeps its charge until all results of a step of the
    network have had their time slot at a pad, and begins the next step together with the others.
    """

    ENERGY_KEYS = ("energy",)
    concurrent: ClassVar[bool] = True
    once: ClassVar[bool] = True

    bits: Bits = Field(description="resolution of a landing pad's counter")
    slot_ps: Duration = Field(description="time slot in which a landing pad takes in one vector")
    pads: Count = Field(description="landing pads on the chip, side by side")
    wires: Count = Field(description="results in the vector that a pad takes in during a slot")
    joins: Count = Field(
        1,
        description="neighbouring tiles at most whose columns share their charge, so that row blocks add up",
    )
    energy_pj: Energy | None = Field(
        None, description="one result: ramp, comparator, way to the pad, counter"
    )

    def convert(self, columns: int, converters: int) -> Service:
        """All columns at once; their time is that of the slots."""
        return Service(0, (Action("conversion", columns, self.energy_pj or 0.0),))

    def slots(self, results: int) -> int:
        """Time slots until so many results are out; vectors of neighbours that fill a pad together go as one."""
        return -(-results // (self.pads * self.wires))

    def released_ps(self, results: int) -> int:
        return self.slots(results) * self.slot_ps

    @property
    def tiles_joined(self) -> int:
        return self.joins
