"""What a run in phases adds to a result."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhaseRow:
    """One phase of a pass.

    staying, turning: array blocks that it uses, of those that stay and of those that take turns.
    written: blocks that are written for it in every pass, and their cells; parked_bits: waiting in or after it, of
        one batch; duration_ps: of the last batch; waited_ps: for its blocks to be written, before it.
    """

    matrices: tuple[str, ...]
    staying: int
    turning: int
    blocks_written: int
    cells_written: int
    parked_bits: int
    duration_ps: int
    waited_ps: int


@dataclass(frozen=True)
class MatrixRow:
    """One matrix: how many of its blocks stay, and how many are written in every pass."""

    matrix: str
    blocks: int
    staying: int
    blocks_written: int


@dataclass(frozen=True)
class Multiplex:
    """How a network that is larger than the chip was run: phase by phase, arrays being written in between.

    batch: requests that go through each phase together; passes: batches of the run.
    arrays: of the chip; blocks: of the network; turning: arrays in which blocks take turns.
    cells_per_pass: cells (devices) written in a pass; the run wrote `passes` times as many.
    writes_per_pass: how often the array that is written most is written in a pass; arrays_by_writes: (writes in a
        pass, arrays written so often), over all arrays of the chip.
    computing_ps, waiting_ps: a phase was at work, or the chip stood still until cells were written; together the run.
    writing_ps: cells were being written somewhere, at the same time as a phase or not.
    energy_pj: of the writes of the run.
    lifetime_s: until the cells of the array that is written most have seen `endurance` writes, at this run's pace.
    time_known, energy_known: False where the chip's description leaves pulses or their price unknown: they count as
        nothing in the run, so that its times (or energies) are lower bounds.
    """

    batch: int
    passes: int
    arrays: int
    blocks: int
    turning: int
    phases: tuple[PhaseRow, ...]
    matrices: tuple[MatrixRow, ...]
    parked_in: str
    cells_per_pass: int
    writes_per_pass: int
    arrays_by_writes: tuple[tuple[int, int], ...]
    computing_ps: int
    waiting_ps: int
    writing_ps: int
    energy_pj: float
    endurance: float | None
    lifetime_s: float | None
    time_known: bool
    energy_known: bool

    @property
    def waiting_share(self) -> float | None:
        """Share of the time in which nothing was computed, because cells were written; None if unknown."""
        total_ps = self.computing_ps + self.waiting_ps
        return self.waiting_ps / total_ps if self.time_known and total_ps else None
