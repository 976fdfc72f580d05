"""The growing operation graph: unique names, matrices, parameters counted once, problems kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from torch.fx import Node

from xbarsim.workload.capture.constants import Constant, Constants
from xbarsim.workload.capture.layout import Layout, View, need_of_elements
from xbarsim.workload.capture.needs import Fit
from xbarsim.workload.graph import Matrix, Need, Op, OpGraph, OpKind


@dataclass(frozen=True)
class Read:
    """One input of an operation: whose result, and which positions of it when."""

    view: View
    fit: Fit


@dataclass(frozen=True)
class Cost:
    """What an operation costs: as the fields of the same names in `Op`."""

    macs: int = 0
    element_ops: int = 0
    inner: int = 0
    matrix: str | None = None
    free: bool = False


FREE = Cost(free=True)
NOTHING = Cost()


@dataclass
class Builder:
    """Collects operations in execution order while the exported graph is walked."""

    constants: Constants
    leaves: frozenset[str]
    fold_batch_norm: bool
    ops: dict[str, Op] = field(default_factory=dict)
    matrices: dict[str, Matrix] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    problems: dict[str, list[str]] = field(default_factory=dict)  # what is wrong -> places
    made_by: dict[Node, str] = field(default_factory=dict)  # call -> the product it became
    wholes: dict[str, View] = field(default_factory=dict)  # arguments that are state, by the view's source
    parts: dict[tuple[str, str], View] = field(default_factory=dict)  # what of them has been read
    _matrix_names: dict[Node, str] = field(default_factory=dict)
    _counted: set[str] = field(default_factory=set)

    def place(self, node: Node) -> str:
        """Where in the module tree the node was called ("" for the model's own forward)."""
        stack = node.meta.get("nn_module_stack") or {}
        return str(list(stack.values())[-1][0]).split("@")[0] if stack else ""

    def name(self, node: Node, function: str) -> str:
        """A unique operation name: the module's place, and the function where that says more."""
        place = self.place(node)
        if place in self.leaves and (place not in self.ops or self.ops[place].function == function):
            return self.unique(place)
        return self.unique(f"{place}.{function}" if place else function)

    def unique(self, name: str) -> str:
        """The name, or the first of name.2, name.3, … that is not taken."""
        if name not in self.ops:
            return name
        number = 2
        while f"{name}.{number}" in self.ops:
            number += 1
        return f"{name}.{number}"

    def emit(
        self,
        name: str,
        kind: OpKind,
        function: str,
        reads: Sequence[Read],
        layout: Layout,
        cost: Cost = NOTHING,
        held: Sequence[Constant] = (),
        state: str | None = None,
    ) -> View:
        """Add an operation whose result has this layout; returns that result.

        held: constant operands; their parameters are counted as held in memory, once a network.
        """
        reads = self._merged(reads)
        inexact = sum(not read.fit.exact for read in reads)
        self.counts["inexact"] += inexact
        self.ops[name] = Op(
            name=name,
            kind=kind,
            function=function,
            inputs=tuple(read.view.source for read in reads),
            needs=tuple(read.fit.need for read in reads),
            positions=layout.extent.positions,
            width=layout.extent.width,
            macs=cost.macs,
            element_ops=cost.element_ops,
            matrix=cost.matrix,
            table_parameters=self._held(held),
            inner=cost.inner,
            free=cost.free,
            state=state,
        )
        return View(name, layout.extent, layout.index)

    @staticmethod
    def _merged(reads: Sequence[Read]) -> list[Read]:
        """Without the second of two reads of the same data with the same need (x * x)."""
        seen: dict[tuple[str, Need, int], Read] = {}
        for read in reads:
            seen.setdefault((read.view.source, read.fit.need, id(read.view.index)), read)
        return list(seen.values())

    def _held(self, constants: Sequence[Constant]) -> int:
        names = {name for constant in constants for name in constant.parameters}
        fresh = names - self._counted
        self._counted |= fresh
        return sum(self.constants.numel(name) for name in sorted(fresh))

    def matrix(self, weight: Constant, shape: Matrix) -> str:
        """Name under which a weight is stationary; one weight used twice is one matrix."""
        if weight.node in self._matrix_names:
            return self._matrix_names[weight.node]
        base = min(weight.parameters, default=shape.name).removesuffix(".weight")
        name, number = base, 2
        while name in self.matrices:
            name, number = f"{base}.{number}", number + 1
        self._matrix_names[weight.node] = name
        self.matrices[name] = replace(shape, name=name)
        return name

    def sole_matrix(self, product: Node) -> str | None:
        """The matrix of a call that became a product, if that one alone uses it."""
        name = self.made_by.get(product)
        if name is None:
            return None
        matrix = self.ops[name].matrix
        weights = [node for node, found in self._matrix_names.items() if found == matrix]
        shared = sum(op.matrix == matrix for op in self.ops.values()) > 1
        return None if shared or any(len(node.users) > 1 for node in weights) else matrix

    def add_bias(self, matrix: str) -> None:
        """The matrix's columns get a bias each (a normalisation went into it)."""
        self.matrices[matrix] = replace(self.matrices[matrix], bias=True)

    def move(self, name: str, view: View, layout: Layout, function: str = "reorder") -> View:
        """The same elements as an operation of their own, at no cost: another reading order."""
        read = Read(view, need_of_elements(view, layout))
        return self.emit(name, OpKind.MOVE, function, [read], layout, FREE)

    def unsupported(self, node: Node, shape: Sequence[int], why: str = "") -> None:
        """Remember an operation that cannot be captured; capture goes on to find the others."""
        target = str(node.target).removesuffix(".default")
        size = "x".join(map(str, shape)) or "scalar"
        reason = why or "not supported; write it with matrix products and element-wise operations"
        places = self.problems.setdefault(f"{target} on a tensor of {size}: {reason}", [])
        places.append(self.place(node) or "the model's forward")

    def problem_lines(self) -> list[str]:
        """One line for each kind of problem, with the first places that have it."""
        lines = []
        for what, places in self.problems.items():
            different = list(dict.fromkeys(places))
            more = f" and {len(different) - 3} more" if len(different) > 3 else ""
            lines.append(f"{', '.join(different[:3])}{more}: {what}")
        return lines

    def finished(self, name: str, parameters: int, notes: Sequence[str]) -> OpGraph:
        """The graph of what reaches an output, in execution order."""
        live: set[str] = set()
        for op in reversed(self.ops.values()):
            if op.kind in (OpKind.OUTPUT, OpKind.STORE) or op.name in live:
                live |= {op.name, *op.inputs}
        ops = tuple(op for op in self.ops.values() if op.name in live)
        used = {op.matrix for op in ops}
        matrices = {key: matrix for key, matrix in self.matrices.items() if key in used}
        return OpGraph(name, ops, matrices, parameters, tuple(notes))
