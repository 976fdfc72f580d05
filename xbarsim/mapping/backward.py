"""A network backwards: which products need errors of which, and the scalar work between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xbarsim.errors import MappingError
from xbarsim.workload.graph import Op, OpGraph, OpKind

LOSS = "loss"
_SOFTMAX_AND_DIFFERENCE = 4  # of each output: exponential, addition, division, subtraction of the label
_ENDS = (OpKind.INPUT, OpKind.OUTPUT)


@dataclass(frozen=True)
class BackwardLayer:
    """One product, seen from behind.

    after: names of layers (or LOSS) whose errors must be there before it can learn.
    sends: whether an error goes on from it to a layer before.
    element_ops: scalar operations that its error goes through behind the product, on its way back.
    """

    op: Op
    after: frozenset[str]
    sends: bool
    element_ops: int = 0


@dataclass(frozen=True)
class Backward:
    """layers: in the order in which errors come to them. loss_ops: from the outputs to the first errors."""

    layers: tuple[BackwardLayer, ...]
    loss_ops: int
    by_name: Mapping[str, BackwardLayer] = field(default_factory=dict)


def backward(graph: OpGraph) -> Backward:
    """What training asks of a network beyond its products forwards.

    Raises: MappingError for what training in place cannot do: attention, memory, weights that several layers share.
    """
    _demand_trainable(graph)
    behind, work = _readers(graph), _scalar_work(graph)
    learning = [op for op in reversed(graph.ops) if op.matrix is not None]
    before = _fed_by_layers(graph)
    layers = tuple(
        BackwardLayer(op, behind[op.name], True, work.get(op.name, 0) + _overlaps(graph, op))
        if before[op.name]
        else BackwardLayer(op, behind[op.name], False)
        for op in learning
    )
    outputs = next((op.elements for op in reversed(graph.ops) if op.kind not in _ENDS), 0)
    loss = _SOFTMAX_AND_DIFFERENCE * outputs + work.get(LOSS, 0)
    return Backward(layers, loss, {layer.op.name: layer for layer in layers})


def _demand_trainable(graph: OpGraph) -> None:
    wrong = [op for op in graph.ops if op.kind in (OpKind.PRODUCT, OpKind.STATE, OpKind.STORE, OpKind.GATHER)]
    if wrong:
        op = wrong[0]
        raise MappingError(
            f"{graph.name}: {op.name} ({op.function}) cannot be trained in place; allowed: linear and convolution "
            f"layers with element-wise, normalising and pooling operations between them. Take such a network"
        )
    names = [op.matrix for op in graph.ops if op.matrix is not None]
    shared = sorted({name for name in names if names.count(name) > 1})
    if shared:
        raise MappingError(
            f"{graph.name}: several operations share the weights of {shared[0]}; training in place needs a matrix for "
            f"each. Take a network without shared weights"
        )


def _overlaps(graph: OpGraph, op: Op) -> int:
    """Additions where the windows of a convolution overlap, so that an input element has several errors."""
    assert op.matrix is not None
    matrix = graph.matrices[op.matrix]
    inputs = sum(other.elements for other in graph.ops if other.name in op.inputs)
    return max(0, op.positions * matrix.rows * matrix.groups - inputs)


def _readers(graph: OpGraph) -> dict[str, frozenset[str]]:
    """By operation: the layers that read its results, directly or through others, and LOSS where they are outputs."""
    found: dict[str, set[str]] = {op.name: set() for op in graph.ops}
    for op in reversed(graph.ops):
        if op.kind is OpKind.OUTPUT or not _read(graph, op):
            found[op.name].add(LOSS)
        for name in op.inputs:
            found[name] |= {op.name} if op.matrix is not None else found[op.name]
    return {name: frozenset(layers) for name, layers in found.items()}


def _read(graph: OpGraph, op: Op) -> bool:
    return any(op.name in other.inputs for other in graph.ops)


def _fed_by_layers(graph: OpGraph) -> dict[str, bool]:
    """By operation: whether a layer stands somewhere before it."""
    found: dict[str, bool] = {}
    for op in graph.ops:
        learning = {other.name for other in graph.ops if other.matrix is not None}
        found[op.name] = any(name in learning or found[name] for name in op.inputs)
    return found


def _scalar_work(graph: OpGraph) -> dict[str, int]:
    """Scalar operations of an error on its way back, by the layer behind which they are done.

    A derivative takes as many operations as what it is of; where several read one result, their errors are added.
    """
    readers = _readers(graph)
    learning = [op.name for op in graph.ops if op.matrix is not None]
    work: dict[str, int] = {}
    for op in graph.ops:
        times_read = sum(op.name in other.inputs for other in graph.ops)
        ops = max(0, times_read - 1) * op.elements
        if op.matrix is None and op.kind not in _ENDS:
            ops += op.element_ops
        if ops:
            last = next((name for name in reversed(learning) if name in readers[op.name]), LOSS)
            work[last] = work.get(last, 0) + ops
    return work
