"""Digital-to-analog converters on the word lines: bit-serial and pulse-width modulated."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bits, Duration, Energy
from xbarsim.spec.roles import Dac


class _Driver(Dac):
    """Common to all input drivers: resolution and cost per driven line."""

    ENERGY_KEYS = ("energy",)

    bits: Bits = Field(description="input bits turned into one level or pulse")
    energy_pj: Energy | None = Field(None, description="driving one word line with one slice")

    def slices(self, input_bits: int) -> int:
        return -(-input_bits // self.bits)

    def drive_ps(self) -> int:
        raise NotImplementedError

    def drive(self, rows: int) -> Service:
        return Service(self.drive_ps(), (Action("conversion", rows, self.energy_pj or 0.0),))


@component("dac.bit_serial")
class BitSerialDac(_Driver):
    """Applies `bits` bits of the input as one voltage level per cycle, the next bits in the next."""

    drive_time_ps: Duration = Field(description="time the level stands on the line before the column settles")

    def drive_ps(self) -> int:
        return self.drive_time_ps


@component("dac.pwm")
class PwmDac(_Driver):
    """Applies the input as a pulse whose width is its value."""

    lsb_ps: Duration = Field(description="pulse width of one input step")
    signed: bool = Field(
        description="true: one bit is the sign, told by polarity, so the width has bits-1 bits"
    )

    def drive_ps(self) -> int:
        """The longest pulse, because a slice ends for all lines together."""
        return int(self.lsb_ps * 2 ** (self.bits - 1 if self.signed else self.bits))
