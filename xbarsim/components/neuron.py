"""Neurons that add up samples of their column's result and convert the sum themselves."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bits, Duration, Energy
from xbarsim.spec.roles import Adc, Conversion


@component("adc.neuron")
class Neuron(Adc):
    """One integrator per column: adds up samples of the column, then finds the output bits by binary search.

    A conversion takes a step to begin and a step for each output bit, the sign first: each adds or
    subtracts half the charge of the one before, and compares.
    """

    ENERGY_KEYS = ("cycle_energy", "step_energy")
    ACTION_KEYS: ClassVar = {"step": "step_energy"}
    integrates: ClassVar[bool] = True

    bits: Bits = Field(description="resolution of one conversion, the sign included")
    cycle_ps: Duration = Field(description="sampling the column and adding the sample up, once")
    step_ps: Duration = Field(description="one step of the search; a conversion takes bits + 1 of them")
    cycle_energy_pj: Energy | None = Field(None, description="sampling and adding up once, one neuron")
    step_energy_pj: Energy | None = Field(None, description="one step of the search, one neuron")

    def steps(self, conversions: tuple[Conversion, ...]) -> int:
        """Of all conversions; each gives a bit at least."""
        return sum(max(1, self.bits - conversion.spared_bits) + 1 for conversion in conversions)

    def convert(self, columns: int, converters: int) -> Service:
        return self.convert_each((Conversion(),), columns, converters)

    def convert_each(self, conversions: tuple[Conversion, ...], columns: int, converters: int) -> Service:
        """All columns at once: each has a neuron of its own."""
        cycles, steps = sum(conversion.cycles for conversion in conversions), self.steps(conversions)
        actions = (
            Action("cycle", columns * cycles, self.cycle_energy_pj or 0.0),
            Action("step", columns * steps, self.step_energy_pj or 0.0),
        )
        return Service(cycles * self.cycle_ps + steps * self.step_ps, actions)
