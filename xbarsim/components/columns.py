"""Writing by pulses of lengths of their own, one line after another."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from xbarsim.errors import MappingError
from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Bits, Duration, Energy, Voltage
from xbarsim.spec.training_roles import Trainer


@component("trainer.columns")
class ColumnPulses(Trainer):
    """One line at a time; each cell on it gets a pulse as long as it needs, and the line waits for the longest.

    What is learned is any matrix, not an outer product. Energy of pulses is V^2 G t, summed over the cells.
    """

    ENERGY_KEYS = ("line_energy",)
    ACTION_KEYS: ClassVar = {"timer started": "timer_energy"}

    setup_ps: Duration = Field(
        description="from the end of a line's pulses to the beginning of the next one's"
    )
    write_voltage_v: Voltage = Field(description="over a cell while it is pulsed")
    error_precision: Bits = Field(description="bits of an error that goes through the weights backwards")
    line_energy_pj: Energy | None = Field(None, description="selecting one line, cells not included")
    timer_energy_pj: Energy = Field(description="timing the pulse of one cell")

    def parallel(self, slots: int, lines: int) -> Service:
        raise MappingError(
            f"{self.kind}: cannot drive all {lines} lines at once, as outer products want; take an algorithm that "
            f"writes line by line after a batch (gxnor, mixed_precision, hybrid), "
            f"or a trainer of kind 'trainer.pulse_trains'"
        )

    def line_by_line(self, slots: int, cells: int) -> Service:
        actions = (
            Action("line selected", slots, self.line_energy_pj or 0.0),
            Action("timer started", slots * cells, self.timer_energy_pj),
        )
        return Service(slots * self.setup_ps, actions)

    def pulse_energy_pj(self, usiemens_ns: float) -> float:
        """Of pulses: their lengths times the conductances that they meet, added up."""
        return self.write_voltage_v**2 * usiemens_ns * 1e-3

    def drawn(self, bits: int) -> Service:
        """Chance is in the cells."""
        return Service(0, (Action("random bit", bits, 0.0),))
