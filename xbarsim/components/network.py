"""What carries data: buses, links, routers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Count, Cycles, Data, EnergyPerBit, Frequency
from xbarsim.spec.roles import Channel, Router
from xbarsim.units import beats, cycles_ps


class _Wires(Channel):
    """Common to buses and links: width and clock."""

    ENERGY_KEYS = ("energy",)

    width_bits: Data = Field(description="bits side by side in one channel")
    channels: Count = Field(1, description="channels side by side, used together")
    clock_hz: Frequency = Field(description="transfers per second of one channel")
    latency_cycles: Cycles = Field(0, description="clock cycles from the first bit in to the first bit out")
    energy_pj_per_bit: EnergyPerBit | None = Field(None, description="carrying a bit from end to end")

    def carry(self, bits: int) -> Service:
        cycles = beats(bits, self.width_bits * self.channels)
        return Service(
            cycles_ps(cycles, self.clock_hz), (Action("bit", bits, self.energy_pj_per_bit or 0.0),)
        )

    @property
    def latency_ps(self) -> int:
        return cycles_ps(self.latency_cycles, self.clock_hz)


@component("bus")
class Bus(_Wires):
    """A shared bus: one transfer at a time for all who hang on it."""

    role: ClassVar[str] = "bus"


@component("link")
class Link(_Wires):
    """A point-to-point link, one per direction."""


@component("router")
class NetworkRouter(Router):
    """A router of the on-chip network: passes messages from link to link, in order."""

    ENERGY_KEYS = ("energy",)

    clock_hz: Frequency = Field(description="clock of the router")
    latency_cycles: Cycles = Field(description="clock cycles from input to output, without waiting")
    multicast: bool = Field(description="true: a message for several places is copied where ways part")
    energy_pj_per_bit: EnergyPerBit | None = Field(None, description="passing a bit")

    @property
    def latency_ps(self) -> int:
        return cycles_ps(self.latency_cycles, self.clock_hz)

    def forward(self, bits: int) -> Service:
        return Service(0, (Action("bit", bits, self.energy_pj_per_bit or 0.0),))
