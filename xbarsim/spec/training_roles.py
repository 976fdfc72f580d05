"""What components for training in place are to their neighbours; the rest is in `spec.roles`."""

from __future__ import annotations

from xbarsim.spec.component import ComponentSpec, Service


class Trainer(ComponentSpec):
    """Drives lines of arrays with pulses, and lets errors go through the weights backwards."""

    role = "trainer"
    error_precision: int

    def parallel(self, slots: int, lines: int) -> Service:
        """So many pulse times in which all `lines` (word and bit lines) of an array are driven at once."""
        raise NotImplementedError

    def line_by_line(self, slots: int, cells: int) -> Service:
        """So many pulse times in each of which one line, `cells` long, is written."""
        raise NotImplementedError

    def drawn(self, bits: int) -> Service:
        """Random bits for pulse trains; they are drawn ahead, so it takes no time."""
        raise NotImplementedError


class LearningArray(ComponentSpec):
    """An array beside the weights that learns with them: gathers gradients, or keeps references."""

    role = "learning_array"
    holds: str
    cell: str
    rows: int
    columns: int

    def read_line(self) -> Service:
        """The values of one line, converted."""
        raise NotImplementedError


class UpdateUnit(ComponentSpec):
    """Does the arithmetic of weight updates."""

    role = "update_unit"

    def compute(self, operations: int) -> Service:
        raise NotImplementedError


class UpdateMemory(ComponentSpec):
    """Keeps the digital matrices of an update rule."""

    role = "update_memory"
    capacity_bits: int

    def move(self, bits: int) -> Service:
        """Read or write so many bits."""
        raise NotImplementedError
