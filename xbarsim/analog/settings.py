"""What analog products are made of: arrays, their cells, what stands around them, what is corrected digitally."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from xbarsim.analog.codebook import Codebook
from xbarsim.analog.encoding import Encoding
from xbarsim.analog.of_chip import cells_of, periphery_of
from xbarsim.analog.periphery import IDEAL, Periphery
from xbarsim.devices.technology import Scheme, Technology
from xbarsim.mapping.blocks import Cut, cut
from xbarsim.mapping.floor import Floor
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import Matrix


WeightRange = Literal["given", "array", "column"]
Compensation = Literal["none", "global", "column"]


@dataclass(frozen=True)
class ArraySize:
    """A plain array instead of a chip: so many inputs and outputs of weights, each one pair of cells."""

    inputs: int
    outputs: int
    name: str = "array"

    def __post_init__(self) -> None:
        for name in ("inputs", "outputs"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"ArraySize.{name} is {getattr(self, name)!r}; allowed: a whole number from 1"
                )

    @property
    def rows(self) -> int:
        return self.inputs

    @property
    def weight_rows(self) -> int:
        return self.inputs

    @property
    def weight_columns(self) -> int:
        return self.outputs

    @property
    def cells_per_weight(self) -> int:
        return 2


@dataclass(frozen=True)
class Numerics:
    """All settings of the analog products of a network.

    hardware: a chip, whose blocks and weight encoding are taken, or a plain array size.
    cells: the technology, whose lowest and highest conductance bound the digits of a weight; None: cells keep any
        weight exactly, for ever. scheme: how they are written.
    rounded: weights are rounded to the bits that the chip says; else they stand in the cells as they are.
    codebook: weights are rounded to its levels. tolerance: how far a level may be from the weight, if it takes less
        conductance.
    pairs: what a pair of cells is. "apart": two cells that are read as they stand; with a codebook they hold m+ d+ and
        m- d-. "net": as aihwkit has it, one number: the pair holds the net weight in one of its cells, and what was
        programmed is split anew before it ages, so that the other is empty and the largest at its highest.
    weight_range: in which units products are done, and so what converter bounds and noise are parts of. "given": as
        they are; "array": the largest weight of an array is 1; "column": that of each output of an array.
    compensation: of drift. "global": each array's outputs are scaled so that its mean answer to a probe is what it
        was right after it was written; "column": each output for itself; "none".
    read_noise: that of the cells. "each product": drawn anew for each; "held": whenever the network is set to an age.
        1/f noise lies between: its slow part stands still over many products.
    approximations: what these settings, taken from elsewhere, do not say exactly.
    """

    hardware: Chip | ArraySize
    cells: Technology | None = None
    scheme: Scheme = "write_verify"
    periphery: Periphery = IDEAL
    rounded: bool = False
    codebook: Codebook | None = None
    tolerance: float = 0.0
    pairs: Literal["apart", "net"] = "apart"
    weight_range: WeightRange = "given"
    compensation: Compensation = "none"
    read_noise: Literal["each product", "held"] = "each product"
    approximations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, asked in (("codebook", self.codebook is not None), ("pairs = 'net'", self.pairs == "net")):
            if asked and not self.in_pairs:
                raise ValueError(
                    f"Numerics.{name} needs a pair of cells for each weight; {self.hardware.name} stores weights as "
                    f"{self.encoding.kind}, in {self.encoding.slices} slices"
                )
        if self.codebook is not None and self.weight_range != "given":
            raise ValueError(
                f"Numerics.weight_range is '{self.weight_range}'; with a codebook allowed: 'given'"
            )

    @classmethod
    def of(cls, chip: Chip, **settings: Any) -> Numerics:
        """As a chip describes itself: the technology of its cells, the bits of its converters, compensated globally.

        settings: what to take instead. What had to be assumed stands in `approximations`.
        Raises: ValueError if the chip does not say what is needed.
        """
        told: tuple[str, ...] = settings.pop("approximations", ())
        if "cells" not in settings:
            settings["cells"] = cells_of(chip)
        if "periphery" not in settings:
            settings["periphery"], assumed = periphery_of(chip)
            told += assumed
        default = {} if settings.get("codebook") else {"weight_range": "array"}
        return cls(chip, **{"compensation": "global", **default, **settings}, approximations=told)

    @cached_property
    def encoding(self) -> Encoding:
        if isinstance(self.hardware, ArraySize):
            return Encoding()
        return Encoding.of(self._floor.array, self.rounded)

    @property
    def in_pairs(self) -> bool:
        """Whether each weight is one pair of cells."""
        return self.encoding.kind == "differential" and self.encoding.slices == 1

    def cut(self, matrix: Matrix) -> Cut:
        """The blocks of a matrix."""
        if isinstance(self.hardware, ArraySize):
            return cut(matrix, self.hardware)
        return self._floor.cut(matrix)

    @cached_property
    def _floor(self) -> Floor:
        assert isinstance(self.hardware, Chip)
        return Floor(self.hardware)
