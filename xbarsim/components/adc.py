"""Analog-to-digital converters: successive approximation, counter, ramp, flash."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bits, Duration, Energy, Frequency
from xbarsim.spec.roles import Adc
from xbarsim.units import cycles_ps


class _Converter(Adc):
    """Common to all converters: resolution and cost of one conversion."""

    ENERGY_KEYS = ("energy",)

    bits: Bits = Field(description="resolution of one conversion")
    energy_pj: Energy | None = Field(None, description="one conversion")

    def turns_ps(self, turns: int) -> int:
        """Time of so many conversions one after another on one converter."""
        raise NotImplementedError

    def convert(self, columns: int, converters: int) -> Service:
        turns = -(-columns // converters)
        return Service(self.turns_ps(turns), (Action("conversion", columns, self.energy_pj or 0.0),))


@component("adc.sar")
class SarAdc(_Converter):
    """Successive approximation: one comparison per bit; shared by columns through a multiplexer."""

    rate_hz: Frequency | None = Field(None, description="conversions per second of one converter")
    cycle_ps: Duration | None = Field(None, description="one comparison; a conversion takes bits + 1 of them")

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = super().inconsistencies()
        if (self.rate_hz is None) == (self.cycle_ps is None):
            found = "neither 'rate' nor 'cycle'" if self.rate_hz is None else "both 'rate' and 'cycle'"
            wrong.append(("rate", found, "give exactly one of 'rate' and 'cycle'"))
        return wrong

    def turns_ps(self, turns: int) -> int:
        """Rounded once for all turns, so that a rate that is no whole picosecond stays exact on the whole."""
        if self.rate_hz:
            return cycles_ps(turns, self.rate_hz)
        return int(turns * (self.bits + 1) * (self.cycle_ps or 0))


@component("adc.counter")
class CounterAdc(_Converter):
    """A current-controlled oscillator and counter per column: counts while the array integrates."""

    concurrent: ClassVar[bool] = True

    latch_ps: Duration = Field(
        description="after the last read, until the counts stand in the output latches"
    )

    def turns_ps(self, turns: int) -> int:
        """One column a counter counts during the read itself; further ones would need further reads."""
        return 0

    @property
    def readout_ps(self) -> int:
        return self.latch_ps


@component("adc.ramp")
class RampAdc(_Converter):
    """A shared ramp and one comparator per column: 2^bits steps convert all columns at once."""

    step_ps: Duration = Field(description="one step of the ramp")

    def turns_ps(self, turns: int) -> int:
        return int(turns * 2**self.bits * self.step_ps)


@component("adc.flash")
class FlashAdc(_Converter):
    """One comparator per level: a conversion in one clock cycle."""

    clock_hz: Frequency = Field(description="clock; one conversion a cycle")

    def turns_ps(self, turns: int) -> int:
        return cycles_ps(turns, self.clock_hz)
