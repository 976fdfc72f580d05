"""What training in place adds to a tile: pulse trains, learning arrays, arithmetic and memory of updates."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bits, Count, Data, Duration, Energy, EnergyPerBit, Frequency
from xbarsim.spec.training_roles import LearningArray, Trainer, UpdateMemory, UpdateUnit
from xbarsim.units import beats, cycles_ps


@component("trainer.pulse_trains")
class PulseTrains(Trainer):
    """Pulses on word and bit lines that meet in the cells; a line may be written alone as well."""

    ENERGY_KEYS = ("line_energy",)
    ACTION_KEYS: ClassVar = {"random bit": "bit_energy"}

    pulse_ps: Duration = Field(description="one pulse")
    phases: Count = Field(
        1, description="pulse times a slot: 2 where positive and negative pulses follow one another"
    )
    error_precision: Bits = Field(description="bits of an error that goes through the weights backwards")
    line_energy_pj: Energy | None = Field(
        None, description="driving one line in one slot, cells not included"
    )
    bit_energy_pj: Energy = Field(description="drawing one random bit")

    def parallel(self, slots: int, lines: int) -> Service:
        return self._driven(slots, lines)

    def line_by_line(self, slots: int, cells: int) -> Service:
        """One line is selected, and all that cross it carry the signs."""
        return self._driven(slots, cells + 1)

    def _driven(self, slots: int, lines: int) -> Service:
        action = Action("line driven", slots * lines, self.line_energy_pj or 0.0)
        return Service(slots * self.phases * self.pulse_ps, (action,))

    def drawn(self, bits: int) -> Service:
        return Service(0, (Action("random bit", bits, self.bit_energy_pj),))


@component("crossbar.learning")
class LearningCrossbar(LearningArray):
    """An array that stands beside each array of weights and learns with it."""

    ENERGY_KEYS = ("read_energy",)

    holds: Literal["fast", "lsb"] = Field(
        description="fast: gradients that gather; lsb: words of small updates"
    )
    rows: Count = Field(description="word lines, as of the weights")
    columns: Count = Field(description="bit lines, as of the weights")
    cell: str = Field(description="name of the cell technology under `cells`")
    read_ps: Duration = Field(description="reading one line, converters included")
    read_energy_pj: Energy | None = Field(None, description="reading one line, converters included")

    def read_line(self) -> Service:
        return Service(self.read_ps, (Action("line read", 1, self.read_energy_pj or 0.0),))


@component("update_unit")
class ArithmeticUnit(UpdateUnit):
    """Floating-point arithmetic at a rate; each of the `count` units works for one array at a time."""

    ENERGY_KEYS = ("energy",)

    rate_hz: Frequency = Field(description="operations a second of one unit")
    energy_pj: Energy | None = Field(None, description="one operation")

    def compute(self, operations: int) -> Service:
        return Service(
            cycles_ps(operations, self.rate_hz), (Action("operation", operations, self.energy_pj or 0.0),)
        )


@component("update_memory")
class HiddenMemory(UpdateMemory):
    """Keeps hidden matrices, running means, sums of gradients: what updates read and write back."""

    ENERGY_KEYS = ("energy",)

    capacity_bits: Data = Field(description="what one instance can keep")
    width_bits: Data = Field(description="bits of one access")
    access_ps: Duration = Field(description="time of one access; the next may follow at once")
    energy_pj_per_bit: EnergyPerBit | None = Field(None, description="reading or writing a bit")

    def move(self, bits: int) -> Service:
        action = Action("bit moved", bits, self.energy_pj_per_bit or 0.0)
        return Service(beats(bits, self.width_bits) * self.access_ps, (action,))
