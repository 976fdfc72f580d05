"""What components are to their neighbours: one contract per role.

A role says which questions the rest of xbarsim asks; each kind answers them by pure functions of its
description. Durations are whole picoseconds; a `Service` carries the time of one portion (one input slice
of a matrix-vector product, or the whole of a transfer) and the actions of the whole job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xbarsim.spec.component import Action, ComponentSpec, Service


@dataclass(frozen=True)
class Conversion:
    """One conversion of the column results.

    cycles: samples of the column results that are added up before it.
    spared_bits: its lowest bits that are not wanted, because other conversions of the same input outweigh it.
    """

    cycles: int = 1
    spared_bits: int = 0


@dataclass(frozen=True)
class Feed:
    """How drivers give one portion of an input to the array: reads one after another, then conversions."""

    reads: int = 1
    conversions: tuple[Conversion, ...] = (Conversion(),)


PARTIAL_SUMS = "partial_sums"  # what a vector unit lists among its operations if it adds them
REQUANTISE = "requantise"  # what it lists if it scales the sums of digital arrays to activations


class Composite(ComponentSpec):
    """A component that holds others."""

    role = "composite"


class Array(ComponentSpec):
    """A crossbar that multiplies an input vector with the weights it stores."""

    role = "array"
    digital: ClassVar[bool] = False  # exact, and without converters: see spec.digital
    rows: int
    columns: int

    @property
    def weight_rows(self) -> int:
        """Inputs of one array: word lines over word lines per weight."""
        raise NotImplementedError

    @property
    def weight_columns(self) -> int:
        """Weights side by side in one word line."""
        raise NotImplementedError

    @property
    def cells_per_weight(self) -> int:
        raise NotImplementedError

    @property
    def blocks_kept(self) -> int:
        """Blocks of weights that one instance keeps."""
        return 1

    @property
    def phases(self) -> int:
        """Reads per input slice (e.g. one per pair of polarities)."""
        raise NotImplementedError

    def storing(self, weight_bits: int) -> Array:
        """The same array as a layer sees it whose weights have so many bits. Raises: ValueError if it cannot be."""
        raise ValueError(f"'{self.kind}' stores weights of one width")

    def read(self, drive_ps: int, cells: int, lines: int = 0) -> Service:
        """One read with `cells` cells on `lines` word lines in use, the lines driven for drive_ps."""
        raise NotImplementedError

    def ready(self, lines: int) -> tuple[Action, ...]:
        """What it takes to ready the word lines in use for the reads before a conversion."""
        return ()

    def columns_of(self, weights: int) -> int:
        """Bit lines that `weights` neighbouring weights occupy."""
        raise NotImplementedError

    def in_one_read(self, in_use: int) -> int:
        """Of so many word lines, or cells, in use: those that one read takes."""
        return in_use


class Dac(ComponentSpec):
    """Drives the word lines with the bits of an input vector."""

    role = "dac"

    def slices(self, input_bits: int) -> int:
        """Portions into which an input of so many bits is cut on its way through array and converter."""
        raise NotImplementedError

    def feed(self, input_bits: int) -> Feed:
        """Reads and conversions of each portion; one of each, if the kind says nothing else."""
        return Feed()

    def drive(self, rows: int) -> Service:
        """Drive `rows` word lines for one read; portion_ps is the time the lines are driven."""
        raise NotImplementedError


class SampleHold(ComponentSpec):
    """Keeps column results so that the array may read on while they are converted."""

    role = "sample_hold"

    def hold(self, columns: int) -> Service:
        raise NotImplementedError


class Adc(ComponentSpec):
    """Turns column results into numbers; `count` converters serve the arrays of their scope."""

    role = "adc"
    concurrent: ClassVar[bool] = False  # converts while the array integrates
    once: ClassVar[bool] = False  # converts what all reads of a product have added up, after the last one
    integrates: ClassVar[bool] = False  # samples its own column and adds up; so each column needs its own

    def convert(self, columns: int, converters: int) -> Service:
        """Convert one slice of `columns` results on `converters` converters side by side."""
        raise NotImplementedError

    def convert_each(self, conversions: tuple[Conversion, ...], columns: int, converters: int) -> Service:
        """The conversions of one portion, one after another: equal ones, if the kind says nothing else."""
        return self.convert(columns, converters).times(len(conversions))

    @property
    def readout_ps(self) -> int:
        """Once per matrix-vector product, after its last slice."""
        return 0

    def released_ps(self, results: int) -> int:
        """The same where all arrays keep step; `results` leave them in one step of the whole network."""
        return self.readout_ps

    @property
    def tiles_joined(self) -> int:
        """Neighbouring tiles at most whose columns are added up before they are converted."""
        return 1


class ShiftAdd(ComponentSpec):
    """Combines the slices of inputs and weights into results."""

    role = "shift_add"

    def combine(self, values: int) -> Service:
        raise NotImplementedError


class Storage(ComponentSpec):
    """A buffer or register: keeps data of finite size."""

    role = "buffer"
    capacity_bits: int
    ports: int

    def read(self, bits: int) -> Service:
        raise NotImplementedError

    def write(self, bits: int) -> Service:
        raise NotImplementedError


class Channel(ComponentSpec):
    """A bus or link that carries data."""

    role = "link"

    def carry(self, bits: int) -> Service:
        """Occupancy of the channel by so many bits, latency not included."""
        raise NotImplementedError

    @property
    def latency_ps(self) -> int:
        raise NotImplementedError


class Router(ComponentSpec):
    """Passes messages from link to link."""

    role = "router"
    multicast: bool

    @property
    def latency_ps(self) -> int:
        raise NotImplementedError

    def forward(self, bits: int) -> Service:
        """Cost of passing so many bits; portion_ps is 0 (the links are the stations)."""
        raise NotImplementedError


class VectorUnit(ComponentSpec):
    """Does scalar operations on vectors: activation, addition, normalisation, pooling, softmax."""

    role = "vector_unit"

    def can(self, function: str, op_kind: str) -> bool:
        raise NotImplementedError

    def compute(self, element_ops: int) -> Service:
        raise NotImplementedError

    def add(self, values: int) -> Service:
        """Partial sums of matrices that are higher than one array, where it can add them."""
        return self.compute(values)


class MatrixUnit(ComponentSpec):
    """Multiplies activations by activations."""

    role = "matrix_unit"

    def multiply(self, macs: int) -> Service:
        raise NotImplementedError


class Accumulator(ComponentSpec):
    """Adds partial sums of matrices that are higher than one array."""

    role = "accumulator"

    def add(self, values: int) -> Service:
        raise NotImplementedError


class External(ComponentSpec):
    """Off-chip memory or the chip's own inputs and outputs."""

    role = "memory"

    def transfer(self, bits: int) -> Service:
        raise NotImplementedError


class Programmer(ComponentSpec):
    """Writes weights into cells."""

    role = "pulse_generator"

    def program(self, cells: int, pulses_per_cell: float, pulse_ps: int, verify_ps: int) -> int:
        """Picoseconds to write so many cells."""
        raise NotImplementedError


class Monitor(ComponentSpec):
    """Compares answers to a probe with what they were."""

    role = "monitor"

    def compare(self, values: int) -> Service:
        raise NotImplementedError


class CodeStore(ComponentSpec):
    """Keeps the codes from which weights are written anew."""

    role = "code_memory"
    capacity_bits: int

    def fetch(self, bits: int) -> Service:
        """Read so many bits of codes."""
        raise NotImplementedError


class Cell(ComponentSpec):
    """A memory cell technology, as far as loading the weights asks."""

    role = "cell"
