"""Buffers and registers: SRAM, embedded DRAM, input and output registers."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Count, Data, Duration, EnergyPerBit
from xbarsim.spec.roles import Storage
from xbarsim.units import beats


class _Memory(Storage):
    """Common to all memories: size, ports, and cost of an access."""

    ENERGY_KEYS = ("read_energy", "write_energy")
    ACTION_KEYS: ClassVar = {"bit written": "write_energy"}

    capacity_bits: Data = Field(description="what one instance can keep")
    ports: Count = Field(1, description="accesses at the same time")
    width_bits: Data = Field(description="bits of one access")
    access_ps: Duration = Field(description="time of one access; the next may follow at once")
    read_energy_pj_per_bit: EnergyPerBit | None = Field(None, description="reading a bit")
    write_energy_pj_per_bit: EnergyPerBit | None = Field(None, description="writing a bit")

    def read(self, bits: int) -> Service:
        action = Action("bit read", bits, self.read_energy_pj_per_bit or 0.0)
        return Service(beats(bits, self.width_bits) * self.access_ps, (action,))

    def write(self, bits: int) -> Service:
        action = Action("bit written", bits, self.write_energy_pj_per_bit or 0.0)
        return Service(beats(bits, self.width_bits) * self.access_ps, (action,))


@component("buffer.sram")
class Sram(_Memory):
    """Static RAM."""


@component("buffer.edram")
class Edram(_Memory):
    """Embedded DRAM."""


@component("buffer.weights")
class WeightMemory(_Memory):
    """Holds the weights of a processing-element array beside it, and gives them word by word."""

    role: ClassVar[str] = "weight_memory"


@component("register.input")
class InputRegister(_Memory):
    """Holds the input vector of the arrays beside it."""

    role: ClassVar[str] = "input_register"


@component("register.output")
class OutputRegister(_Memory):
    """Collects results on their way out of the arrays beside it."""

    role: ClassVar[str] = "output_register"
