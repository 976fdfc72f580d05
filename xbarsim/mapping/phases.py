"""A network in phases: one graph for each, with what phases hand over to one another parked in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.floor import Floor
from xbarsim.workload.graph import Matrix, Op, OpGraph, OpKind, Same

PARK, FETCH = "park", "fetch"  # functions of the operations that put results aside and bring them back
AGAIN = (OpKind.INPUT, OpKind.STATE)  # comes from outside the arrays, and is read anew by each phase


@dataclass(frozen=True)
class Parked:
    """A result that later phases read: made in one phase, needed until another."""

    name: str
    elements: int
    made: int
    until: int


@dataclass(frozen=True)
class Division:
    """A graph for each phase, and what is parked between them."""

    graphs: tuple[OpGraph, ...]
    parked: tuple[Parked, ...]


def products_of(graph: OpGraph) -> list[Op]:
    """Operations that need a matrix on arrays, in execution order."""
    return [op for op in graph.ops if op.kind is OpKind.MVM and op.matrix is not None]


def divide(graph: OpGraph, spans: Sequence[tuple[int, int]]) -> Division:
    """Cut a graph into phases.

    spans: first and end, among the products, of each phase. Everything else is done as soon as what it reads is
    there.
    """
    return _Divider(graph, spans).divide()


class _Divider:
    def __init__(self, graph: OpGraph, spans: Sequence[tuple[int, int]]):
        self.graph, self.count = graph, len(spans)
        self.sources: dict[str, tuple[str, ...]] = {}  # what is really read, free moves looked through
        self.phase: dict[str, int] = {}
        products = products_of(graph)
        by_product = {
            op.name: number for number, (first, end) in enumerate(spans) for op in products[first:end]
        }
        for op in graph.ops:
            found = [real for name in op.inputs for real in self._real(name)]
            self.sources[op.name] = tuple(dict.fromkeys(found))
            earliest = max((self.phase.get(name, 0) for name in found), default=0)
            if op.kind not in AGAIN:
                self.phase[op.name] = by_product.get(op.name, earliest)

    def _real(self, name: str) -> tuple[str, ...]:
        op = self.graph.by_name[name]
        return self.sources[name] if op.free and op.inputs else (name,)

    def divide(self) -> Division:
        until: dict[str, int] = {}
        for op in self.graph.ops:
            if op.kind not in AGAIN and not (op.free and op.inputs):
                for name in self.sources[op.name]:
                    if name in self.phase and self.phase[name] < self.phase[op.name]:
                        until[name] = max(until.get(name, 0), self.phase[op.name])
        parked = tuple(
            Parked(name, self.graph.by_name[name].elements, self.phase[name], last)
            for name, last in until.items()
        )
        return Division(tuple(self._graph(number, until) for number in range(self.count)), parked)

    def _graph(self, number: int, until: dict[str, int]) -> OpGraph:
        """The operations of a phase, behind what they fetch, before what they park."""
        inside: dict[str, None] = {}
        fetched: dict[str, Op] = {}
        for op in self.graph.ops:
            if self.phase.get(op.name) == number and not (op.free and op.inputs):
                self._collect(op, number, inside, fetched)
        names = {name: op.name for name, op in fetched.items()}
        own = [
            replace(op, inputs=tuple(names.get(name, name) for name in op.inputs))
            for op in self.graph.ops
            if op.name in inside
        ]
        parks = [_park(self.graph.by_name[name]) for name in until if self.phase[name] == number]
        used = {op.matrix for op in own}
        matrices = {name: matrix for name, matrix in self.graph.matrices.items() if name in used}
        return replace(
            self.graph,
            name=f"{self.graph.name}, phase {number}",
            ops=(*fetched.values(), *own, *parks),
            matrices=matrices,
            notes=(),
        )

    def _collect(self, op: Op, number: int, inside: dict[str, None], fetched: dict[str, Op]) -> None:
        inside[op.name] = None
        for name in op.inputs:
            before = self.graph.by_name[name]
            if before.free and before.inputs:
                self._collect(before, number, inside, fetched)
            elif before.kind in AGAIN:
                inside[name] = None
            elif self.phase[name] < number:
                fetched[name] = _fetch(before, number)


def _park(op: Op) -> Op:
    return Op(
        f"park {op.name}", OpKind.OUTPUT, PARK, (op.name,), (Same(),), op.positions, op.width, state=op.name
    )


def _fetch(op: Op, number: int) -> Op:
    name = f"fetch {op.name} in phase {number}"
    return Op(name, OpKind.INPUT, FETCH, (), (), op.positions, op.width, state=op.name)


# --- layers larger than the chip -------------------------------------------------------------------


def pieces(graph: OpGraph, floor: Floor) -> dict[str, int]:
    """Matrices that are larger than the whole chip, and the column blocks of each: it is done column by column.

    Raises: MappingError where one column of blocks alone is larger than the chip.
    """
    found = {}
    for name, matrix in graph.matrices.items():
        whole = floor.cut(matrix)
        if whole.blocks > floor.slots:
            if whole.row_blocks > floor.slots or matrix.groups > 1:
                raise MappingError(_too_large(graph, floor, whole))
            found[name] = whole.column_blocks
    return found


def _too_large(graph: OpGraph, floor: Floor, whole: Cut) -> str:
    groups = whole.matrix.groups > 1
    needed = whole.blocks if groups else whole.row_blocks
    what = f"its {whole.matrix.groups:,} groups" if groups else "one column of its blocks"
    return (
        f"{graph.name} on {floor.chip.name}: {whole.matrix.name} needs {needed:,} arrays for {what}, the chip has "
        f"{floor.slots:,}: {needed - floor.slots:,} missing. mapping.time_multiplex cuts a layer that is larger than "
        f"the chip by its columns only. Raise {floor.tile_part.path}.count, or take a smaller network"
    )


def parted(graph: OpGraph, floor: Floor, parts: Mapping[str, Sequence[int]]) -> OpGraph:
    """The graph with matrices cut by their columns, and the products with them.

    parts: matrix -> column blocks of each of its parts.
    """
    cut_up = {name: _parts(graph.matrices[name], floor, each) for name, each in parts.items()}
    ops: list[Op] = []
    for op in graph.ops:
        found = cut_up.get(op.matrix or "")
        ops += _op_parts(op, found, graph.matrices[str(op.matrix)]) if found else [op]
    matrices = {
        part.name: part for name, matrix in graph.matrices.items() for part in cut_up.get(name, [matrix])
    }
    notes = tuple(
        f"{name} is larger than the chip: it is cut by its columns into {len(found)} parts"
        for name, found in cut_up.items()
    )
    return replace(graph, ops=tuple(ops), matrices=matrices, notes=(*graph.notes, *notes))


def _parts(matrix: Matrix, floor: Floor, column_blocks: Sequence[int]) -> list[Matrix]:
    width = floor.cut(matrix).block_columns
    ends = [min(end * width, matrix.columns) for end in accumulate(column_blocks)]
    return [
        replace(matrix, name=f"{matrix.name}[{i}]", columns=end - first)
        for i, (first, end) in enumerate(pairwise([0, *ends]))
    ]


def _op_parts(op: Op, parts: Sequence[Matrix], whole: Matrix) -> list[Op]:
    """The parts of a product, and the whole result that they make together."""
    made = [
        replace(
            op,
            name=f"{op.name}[{i}]",
            matrix=part.name,
            width=op.width * part.columns // whole.columns,
            macs=op.macs * part.columns // whole.columns,
            growth=None,
        )
        for i, part in enumerate(parts)
    ]
    together = Op(
        op.name, OpKind.MOVE, "parts", tuple(part.name for part in made), (Same(),) * len(made), op.positions,
        op.width, free=True,
    )  # fmt: skip
    return [*made, together]
