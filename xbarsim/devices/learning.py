"""Cells that learn: their answer to pulses in units of weight, and what a pulse takes."""

from __future__ import annotations

from pydantic import Field

from xbarsim.devices.cell import WrittenCell
from xbarsim.devices.pulsed import PulsedDevice
from xbarsim.spec.component import component
from xbarsim.spec.quantity import Energy, MeanCount


@component("cell.pulsed")
class PulsedCell(WrittenCell):
    """A cell of an array that is trained in place."""

    device: PulsedDevice = Field(description="steps of its pulses; include one of common/pulsed/")
    pulse_energy_pj: Energy = Field(description="one pulse on one cell")
    endurance_spread: MeanCount = Field(
        description="standard deviation of ln(endurance) over the cells; 'ideal': all alike"
    )
