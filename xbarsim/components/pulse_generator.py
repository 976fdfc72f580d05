"""Pulse generator: writes weights into cells, single shot or with verification."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import component
from xbarsim.spec.quantity import Count
from xbarsim.spec.roles import Programmer


@component("pulse_generator.iterative")
class IterativePulseGenerator(Programmer):
    """Program-and-verify: pulses and verifying reads until each cell stands in its window."""

    parallel_cells: Count = Field(description="cells that are programmed at the same time")

    def program(self, cells: int, pulses_per_cell: float, pulse_ps: int, verify_ps: int) -> int:
        """Groups of `parallel_cells` one after another; each takes its mean number of pulse-verify rounds."""
        groups = -(-cells // self.parallel_cells)
        return round(groups * pulses_per_cell * (pulse_ps + verify_ps))


@component("pulse_generator.single")
class SinglePulseGenerator(Programmer):
    """One pulse per cell, without verification."""

    parallel_cells: Count = Field(description="cells that are programmed at the same time")

    def program(self, cells: int, pulses_per_cell: float, pulse_ps: int, verify_ps: int) -> int:
        return -(-cells // self.parallel_cells) * pulse_ps
