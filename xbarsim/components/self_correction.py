"""What on-chip self-correction adds to a tile: a comparator of probe answers, and a memory for the codes of weights."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Count, Data, Duration, Energy, EnergyPerBit, Frequency
from xbarsim.spec.roles import CodeStore, Monitor
from xbarsim.units import beats, cycles_ps


@component("comparator")
class DistanceComparator(Monitor):
    """Adds up how far the answers to a probe are from those right after writing, and compares with a threshold."""

    ENERGY_KEYS = ("energy",)

    lanes: Count = Field(description="answers compared per clock cycle")
    clock_hz: Frequency = Field(description="clock of the unit")
    energy_pj: Energy | None = Field(None, description="one answer, with the reading of what it was at first")

    def compare(self, values: int) -> Service:
        cycles = -(-values // (self.lanes * self.count))
        return Service(cycles_ps(cycles, self.clock_hz), (Action("answer", values, self.energy_pj or 0.0),))


@component("code_memory")
class CodeMemory(CodeStore):
    """Keeps the integers (m+, m-) of every weight, from which it is written anew."""

    ENERGY_KEYS = ("energy",)

    capacity_bits: Data = Field(description="what one instance can keep")
    width_bits: Data = Field(description="bits of one access")
    access_ps: Duration = Field(description="time of one access; the next may follow at once")
    energy_pj_per_bit: EnergyPerBit | None = Field(None, description="reading a bit")

    def fetch(self, bits: int) -> Service:
        action = Action("code bit read", bits, self.energy_pj_per_bit or 0.0)
        return Service(beats(bits, self.width_bits) * self.access_ps, (action,))
