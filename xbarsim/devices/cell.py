"""Memory cells, as far as storing and loading weights asks: levels, write pulses, endurance."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import component
from xbarsim.spec.quantity import Area, Bits, Duration, Energy, MeanCount, Power
from xbarsim.spec.roles import Cell


class WrittenCell(Cell):
    """What every cell says of how it is written, whether its conductance is simulated or not."""

    area_um2: Area = Field(0.0, description="area of one cell, where the array does not already include it")
    idle_power_uw: Power = Field(0.0, description="leakage of one cell")
    technology: str = Field(description="what it is, e.g. 'doped-GST mushroom PCM'")
    bits: Bits = Field(description="bits it can hold at most")
    write_pulses: MeanCount = Field(description="mean number of pulses until a cell stands in its window")
    write_pulse_ps: Duration = Field(description="one programming pulse")
    verify_ps: Duration = Field(description="one verifying read")
    write_energy_pj: Energy = Field(description="one programming pulse with its verifying read, one cell")
    endurance: MeanCount = Field(description="writes a cell survives")


@component("cell")
class MemoryCell(WrittenCell):
    """A memory cell technology: how it is written, and how often it may be."""
