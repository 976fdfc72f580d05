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

from xbarsim.errors import WorkloadError
from xbarsim.quantise.activity import Activity
from xbarsim.workload.growth import Context, Growth, grown
from xbarsim.workload.needs import Causal as Causal
from xbarsim.workload.needs import Need as Need
from xbarsim.workload.needs import Part as Part
from xbarsim.workload.needs import Positions as Positions
from xbarsim.workload.needs import Resample as Resample
from xbarsim.workload.needs import Same as Same
from xbarsim.workload.needs import Slice as Slice
from xbarsim.workload.needs import Whole as Whole
from xbarsim.workload.needs import Window as Window


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
class Matrix:
    """A stationary weight matrix as the arrays see it: `groups` matrices of rows x columns each.

    rows: inputs of one product (for a convolution: channels per group x kernel area);
    columns: outputs of one group. Depthwise convolution: groups = channels, columns = 1.
    activity: what is known of its weights as words of the chip at hand; None: nothing.
    weight_bits, activation_bits: of its weights as they are stored, and of its inputs as an array takes them; None: as
        everywhere on the chip.
    """

    name: str
    rows: int
    columns: int
    groups: int = 1
    bias: bool = False
    activity: Activity | None = field(default=None, repr=False)
    weight_bits: int | None = field(default=None, repr=False)
    activation_bits: int | None = field(default=None, repr=False)

    @property
    def bits(self) -> tuple[int | None, int | None]:
        """Of weights and inputs, where they are its own."""
        return self.weight_bits, self.activation_bits

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
    expert: group and number of the expert that it is part of: done only for the tokens that go there.
        What reads several experts of a group ("combine") gets results from as many as are chosen.
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
    expert: tuple[str, int] | None = None

    @property
    def elements(self) -> int:
        """Elements of the result."""
        return self.positions * self.width


@dataclass(frozen=True)
class ExpertGroup:
    """Experts (parts of the network that do the same work), of which each token goes to `top_k`."""

    name: str
    count: int
    top_k: int


@dataclass(frozen=True)
class OpGraph:
    """A captured network: operations in execution order, and its stationary matrices.

    notes: what capture did to the model that its user should know (folded normalisations, ...).
    parameters: parameters of the model as its modules count them, before folding.
    context: the length that its state grows by, None where all counts are fixed.
    experts: groups of experts by name, of mixtures of experts.
    """

    name: str
    ops: tuple[Op, ...]
    matrices: dict[str, Matrix] = field(default_factory=dict)
    parameters: int = 0
    notes: tuple[str, ...] = ()
    source: str = ""
    context: Context | None = None
    experts: dict[str, ExpertGroup] = field(default_factory=dict)

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
        """Multiply-accumulates with every expert at work on every token."""
        return sum(op.macs for op in self.ops)

    @property
    def active_macs(self) -> int:
        """Multiply-accumulates with each token at the experts that are chosen for it, whichever they are."""
        idle = 0
        for group in self.experts.values():
            macs = sum(op.macs for op in self.ops if op.expert and op.expert[0] == group.name)
            idle += macs // group.count * (group.count - group.top_k)
        return self.macs - idle

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
