"""The operation graph: what a network asks of a chip, free of torch and of any chip.

A tensor is seen as *positions* times *width*: the pixels of a feature map in raster order (or the
tokens of a sequence, or a single vector), each a vector of `width` elements (channels, features).
An operation delivers its positions in order, and says which positions of each input it needs for
them, so that layers can pipeline as line-buffered hardware does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xbarsim.errors import WorkloadError
from xbarsim.workload.growth import Context, Growth, grown

Positions = NDArray[np.int64]


class OpKind(StrEnum):
    INPUT = "input"  # data from outside the chip
    STATE = "state"  # data kept in memory since earlier tokens: keys, values
    MVM = "mvm"  # weight-stationary matrix product: linear, convolution
    PRODUCT = "product"  # activation-by-activation matrix product: attention
    ELEMENTWISE = "elementwise"  # one result element per element: activation, add, multiply, scale
    NORMALISATION = "normalisation"
    SOFTMAX = "softmax"
    POOLING = "pooling"
    GATHER = "gather"  # table look-up: embedding
    MOVE = "move"  # changes where elements lie: concatenation, transposition, slicing
    STORE = "store"  # data put into memory for later tokens
    OUTPUT = "output"  # data leaving the chip


@dataclass(frozen=True)
class Same:
    """Output position i needs input position i, and no other."""

    def last_needed(self, positions: int) -> Positions:
        return np.arange(positions, dtype=np.int64)

    def first_needed(self, positions: int) -> Positions:
        return np.arange(positions, dtype=np.int64)


@dataclass(frozen=True)
class Whole:
    """Every output position needs the whole input (of `inputs` positions)."""

    inputs: int

    def last_needed(self, positions: int) -> Positions:
        return np.full(positions, self.inputs - 1, dtype=np.int64)

    def first_needed(self, positions: int) -> Positions:
        return np.zeros(positions, dtype=np.int64)


@dataclass(frozen=True)
class Causal:
    """Output position i needs input positions 0 … i + offset (masked attention)."""

    offset: int = 0

    def last_needed(self, positions: int) -> Positions:
        return np.arange(positions, dtype=np.int64) + self.offset

    def first_needed(self, positions: int) -> Positions:
        return np.zeros(positions, dtype=np.int64)


@dataclass(frozen=True)
class Slice:
    """Output position i needs input position start + i * step."""

    start: int
    step: int = 1

    def last_needed(self, positions: int) -> Positions:
        return self.start + self.step * np.arange(positions, dtype=np.int64)

    def first_needed(self, positions: int) -> Positions:
        return self.last_needed(positions)


@dataclass(frozen=True)
class Window:
    """A sliding window over a raster-ordered map: convolution and pooling.

    All pairs are (rows, columns); one-dimensional windows have one row.
    """

    input_size: tuple[int, int]
    output_size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)

    def _edge(self, last: bool) -> Positions:
        """Raster index of the last (or first) input position inside each output's window."""
        index = []
        for axis in (0, 1):
            reach = (self.kernel[axis] - 1) * self.dilation[axis] if last else 0
            at = np.arange(self.output_size[axis], dtype=np.int64) * self.stride[axis]
            index.append(np.clip(at - self.padding[axis] + reach, 0, self.input_size[axis] - 1))
        raster = index[0][:, None] * self.input_size[1] + index[1][None, :]
        return raster.reshape(-1)

    def last_needed(self, positions: int) -> Positions:
        return np.maximum.accumulate(self._edge(last=True))

    def first_needed(self, positions: int) -> Positions:
        # What a later output still needs must stay: a running minimum from the end.
        return np.minimum.accumulate(self._edge(last=False)[::-1])[::-1]


@dataclass(frozen=True)
class Part:
    """The input is one part of a concatenation: output position start + i is its position i.

    Output positions before the part need none of it: their last needed position is -1.
    """

    start: int
    inputs: int

    def last_needed(self, positions: int) -> Positions:
        return np.clip(np.arange(positions, dtype=np.int64) - self.start, -1, self.inputs - 1)

    def first_needed(self, positions: int) -> Positions:
        return np.maximum(self.last_needed(positions), 0)


@dataclass(frozen=True)
class Resample:
    """A map read at another resolution: output row r needs input row floor(r * H_in / H_out).

    reach: neighbours needed on either side (0 nearest, 1 bilinear). All pairs are (rows, columns).
    """

    input_size: tuple[int, int]
    output_size: tuple[int, int]
    reach: tuple[int, int] = (0, 0)

    def _raster(self, sign: int) -> Positions:
        index = []
        for axis in (0, 1):
            size, out = self.input_size[axis], self.output_size[axis]
            at = np.arange(out, dtype=np.int64) * size // out
            index.append(np.clip(at + sign * self.reach[axis], 0, size - 1))
        raster = index[0][:, None] * self.input_size[1] + index[1][None, :]
        return raster.reshape(-1)

    def last_needed(self, positions: int) -> Positions:
        return np.maximum.accumulate(self._raster(1))

    def first_needed(self, positions: int) -> Positions:
        return np.minimum.accumulate(self._raster(-1)[::-1])[::-1]


Need = Same | Whole | Causal | Slice | Window | Part | Resample


@dataclass(frozen=True)
class Matrix:
    """A stationary weight matrix as the arrays see it: `groups` matrices of rows x columns each.

    rows: inputs of one product (for a convolution: channels per group x kernel area);
    columns: outputs of one group. Depthwise convolution: groups = channels, columns = 1.
    """

    name: str
    rows: int
    columns: int
    groups: int = 1
    bias: bool = False

    @property
    def weights(self) -> int:
        return self.rows * self.columns * self.groups

    @property
    def parameters(self) -> int:
        return self.weights + (self.columns * self.groups if self.bias else 0)


@dataclass(frozen=True)
class Op:
    """One operation of the network.

    name: unique; the place in the module tree ("layer1.0.conv1"), with a suffix where one module
        does several operations.
    function: what is computed ("conv2d", "linear", "relu", "add", "layer_norm", "max_pool", ...).
    inputs: names of the operations whose results are read; needs: one Need per input.
    positions, width: shape of the result.
    macs: multiply-accumulates of the whole operation (matrix products only, else 0).
    element_ops: scalar operations of a vector unit for the whole operation (e.g. window size per
        output element for pooling), 0 for matrix products, input, output and free moves.
    matrix: for MVM the name of its matrix in OpGraph.matrices (several operations may share one).
    table_parameters: parameters held in memory, not in arrays (embedding tables, norm scales).
    inner: for PRODUCT the number of multiply-accumulates behind one result element.
    free: a MOVE or reshape that costs nothing because only the reading order changes.
    state: for STATE and STORE the memory that is read or added to ("keys.3"), the same name in every
        network of a model.
    growth: what one more token of context adds to the counts, None where nothing.
    """

    name: str
    kind: OpKind
    function: str
    inputs: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    positions: int = 1
    width: int = 1
    macs: int = 0
    element_ops: int = 0
    matrix: str | None = None
    table_parameters: int = 0
    inner: int = 0
    free: bool = False
    state: str | None = None
    growth: Growth | None = None

    @property
    def elements(self) -> int:
        """Elements of the result."""
        return self.positions * self.width


@dataclass(frozen=True)
class OpGraph:
    """A captured network: operations in execution order, and its stationary matrices.

    notes: what capture did to the model that its user should know (folded normalisations, ...).
    parameters: parameters of the model as its modules count them, before folding.
    context: the length that its state grows by, None where all counts are fixed.
    """

    name: str
    ops: tuple[Op, ...]
    matrices: dict[str, Matrix] = field(default_factory=dict)
    parameters: int = 0
    notes: tuple[str, ...] = ()
    source: str = ""
    context: Context | None = None

    @cached_property
    def by_name(self) -> dict[str, Op]:
        return {op.name: op for op in self.ops}

    @cached_property
    def consumers(self) -> dict[str, tuple[str, ...]]:
        """Names of the operations that read each operation's result, in execution order."""
        readers: dict[str, list[str]] = {op.name: [] for op in self.ops}
        for op in self.ops:
            for name in dict.fromkeys(op.inputs):
                readers[name].append(op.name)
        return {name: tuple(found) for name, found in readers.items()}

    @property
    def macs(self) -> int:
        return sum(op.macs for op in self.ops)

    @property
    def weights(self) -> int:
        return sum(matrix.weights for matrix in self.matrices.values())

    @cached_property
    def grows(self) -> tuple[str, ...]:
        """Names of the operations whose counts vary with the context."""
        return tuple(op.name for op in self.ops if op.growth is not None)

    def at_context(self, length: int) -> OpGraph:
        """The graph of a step with so many tokens of context: what a capture at that length would give.

        Raises: WorkloadError where nothing grows, or the model does not reach so far.
        """
        if self.context is None:
            raise WorkloadError(
                f"{self.name} has no context to grow by; name a dimension in the shape of its state,"
                " like 'state: {keys: \"12x1x12x{context}x64\"}'"
            )
        context, more = self.context.moved(length), length - self.context.at
        return replace(self, ops=tuple(grown(op, more) for op in self.ops), context=context)
