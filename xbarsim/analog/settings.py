"""What analog products are made of: arrays, their cells, what stands around them, what is corrected digitally."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from xbarsim.analog.encoding import Encoding
from xbarsim.analog.periphery import IDEAL, Periphery
from xbarsim.mapping.blocks import Cut, cut
from xbarsim.mapping.floor import Floor
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import Matrix

Values = NDArray[np.float64]


class Technology(Protocol):
    """What is asked of a cell technology: how it is written, and what it is read as at an age."""

    def program(self, target_usiemens: Values, rng: np.random.Generator, scheme: Any) -> Any: ...

    def conductance_usiemens(self, state: Any, age_s: float, rng: np.random.Generator | None) -> Values: ...

    def mean_conductance_usiemens(self, state: Any, age_s: float) -> Values: ...


@dataclass(frozen=True)
class Cells:
    """Cells and the range of conductance in which weights are written.

    scheme: how they are written, as the technology knows it.
    """

    technology: Technology
    largest_usiemens: float
    smallest_usiemens: float = 0.0
    scheme: Any = None

    def __post_init__(self) -> None:
        if not 0 <= self.smallest_usiemens < self.largest_usiemens:
            raise ValueError(
                f"Cells: {self.smallest_usiemens} to {self.largest_usiemens} uS; allowed: the largest above the "
                f"smallest, none below 0"
            )

    @property
    def range_usiemens(self) -> float:
        return self.largest_usiemens - self.smallest_usiemens


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
    cells: None: they keep any conductance exactly, for ever.
    rounded: weights are rounded to the bits that the chip says; else they stand in the cells as they are.
    weight_range: in which units products are done, and so what converter bounds and noise are parts of. "given": as
        they are; "array": the largest weight of an array is 1; "column": that of each output of an array.
    compensation: of drift. "global": each array's outputs are scaled so that its mean answer to a probe is what it
        was right after it was written; "column": each output for itself; "none".
    read_noise: that of the cells. "held": drawn anew whenever the network is set to an age; "each call": at each
        call of a layer.
    approximations: what these settings, taken from elsewhere, do not say exactly.
    """

    hardware: Chip | ArraySize
    cells: Cells | None = None
    periphery: Periphery = IDEAL
    rounded: bool = False
    weight_range: Literal["given", "array", "column"] = "given"
    compensation: Literal["none", "global", "column"] = "none"
    read_noise: Literal["held", "each call"] = "held"
    approximations: tuple[str, ...] = ()

    @cached_property
    def encoding(self) -> Encoding:
        if isinstance(self.hardware, ArraySize):
            return Encoding()
        return Encoding.of(self._floor.array, self.rounded)

    def cut(self, matrix: Matrix) -> Cut:
        """The blocks of a matrix."""
        if isinstance(self.hardware, ArraySize):
            return cut(matrix, self.hardware)
        return self._floor.cut(matrix)

    @cached_property
    def _floor(self) -> Floor:
        assert isinstance(self.hardware, Chip)
        return Floor(self.hardware)
