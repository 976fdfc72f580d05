"""The outside: off-chip memory and the chip's inputs and outputs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bandwidth, Data, Duration, EnergyPerBit
from xbarsim.spec.roles import External


class _Port(External):
    """Common to memory and I/O: bandwidth, latency, cost per bit."""

    ENERGY_KEYS = ("energy",)

    bandwidth_bits_per_s: Bandwidth = Field(description="data per second of one instance")
    latency_ps: Duration = Field(description="from the request to the first bit")
    energy_pj_per_bit: EnergyPerBit | None = Field(None, description="moving a bit")

    def transfer(self, bits: int) -> Service:
        """One transfer through one instance."""
        per_s = self.bandwidth_bits_per_s
        time_ps = self.latency_ps + (round(bits * 1e12 / per_s) if per_s else 0) if bits else 0
        return Service(time_ps, (Action("bit", bits, self.energy_pj_per_bit or 0.0),))


@component("memory.dram")
class Dram(_Port):
    """Off-chip memory."""

    role: ClassVar[str] = "memory"

    capacity_bits: Data = Field(description="what one instance can keep")


@component("memory.core")
class MemoryCore(_Port):
    """A memory on the chip, a stop of the network of its own: keeps results between phases, tables, keys and values."""

    role: ClassVar[str] = "memory"

    capacity_bits: Data = Field(description="what one instance can keep")


@component("io")
class Io(_Port):
    """Where inputs enter and results leave the chip."""

    role: ClassVar[str] = "io"
