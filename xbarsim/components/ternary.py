"""Input drivers that give a number bit by bit, as pulses of three levels."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bits, Duration, Energy
from xbarsim.spec.roles import Conversion, Dac, Feed


@component("dac.ternary")
class TernaryDac(Dac):
    """One pulse for each magnitude bit, its polarity the sign; an integrating converter weighs the bits.

    The column result of bit k is sampled and added up 2^k times, so a segment of m magnitude bits takes
    m reads and 2^m - 1 cycles. Longer inputs are cut into segments as equal as can be, the first one not
    the shorter, and each is converted on its own. A sample in the first segment weighs 2^b times as much as
    one b bits further down, so a conversion there needs b bits fewer for a last bit of the same weight.
    """

    ENERGY_KEYS = ("energy",)

    bits_per_segment: Bits = Field(description="most input bits before a conversion; longer inputs are cut")
    signed: bool = Field(
        description="true: the first bit is the sign, told by polarity, and needs no pulse of its own"
    )
    pulse_ps: Duration = Field(description="one pulse on the lines")
    energy_pj: Energy | None = Field(None, description="one pulse on one line")

    def slices(self, input_bits: int) -> int:
        """The segments stay together: one portion, because the converter is taken from the first pulse on."""
        return 1

    def segments(self, input_bits: int) -> tuple[int, ...]:
        """Bits of each segment, the sign among those of the first."""
        number = -(-input_bits // self.bits_per_segment)
        each, rest = divmod(input_bits, number)
        return tuple(each + (i < rest) for i in range(number))

    def magnitudes(self, input_bits: int) -> tuple[int, ...]:
        """Pulses of each segment; an input of a single bit is a pulse too."""
        first, *others = self.segments(input_bits)
        return (max(1, first - self.signed), *others)

    def feed(self, input_bits: int) -> Feed:
        segments, pulses = self.segments(input_bits), self.magnitudes(input_bits)
        conversions = tuple(
            Conversion(2**magnitude - 1, sum(segments[1 : i + 1])) for i, magnitude in enumerate(pulses)
        )
        return Feed(sum(pulses), conversions)

    def drive(self, rows: int) -> Service:
        """One pulse on all lines in use."""
        return Service(self.pulse_ps, (Action("pulse", rows, self.energy_pj or 0.0),))


@component("dac.signed_serial")
class SignedSerialDac(Dac):
    """One pulse for each magnitude bit, its polarity the sign; the results of each are converted on their own."""

    ENERGY_KEYS = ("energy",)

    pulse_ps: Duration = Field(description="one pulse on the lines")
    energy_pj: Energy | None = Field(None, description="one pulse on one line")

    def slices(self, input_bits: int) -> int:
        """Without the sign; an input of a single bit is a pulse too."""
        return max(1, input_bits - 1)

    def drive(self, rows: int) -> Service:
        """One pulse on all lines in use."""
        return Service(self.pulse_ps, (Action("pulse", rows, self.energy_pj or 0.0),))
