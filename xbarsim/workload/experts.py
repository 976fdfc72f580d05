"""Mixtures of experts: which operations are done only for the tokens that a router sends there.

Capture sees every expert at work on every token. Here the operations of each expert get its number, and
the sums that bring the experts' results together become one operation that counts as many as are chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from xbarsim.errors import WorkloadError
from xbarsim.spec.located import likely
from xbarsim.workload.graph import ExpertGroup, Op, OpGraph, OpKind, Same

Chosen = tuple[str, int]  # group, number of the expert in it


@dataclass(frozen=True)
class Experts:
    """Where a model has its experts.

    modules: their paths, "layers.*.experts.*"; the last * stands for the expert's number;
    top_k: how many of them each token goes to.
    """

    modules: str
    top_k: int

    def place(self, name: str) -> Chosen | None:
        """Group and number of the expert that an operation of this name belongs to."""
        parts = [re.escape(part) if part != "*" else r"([^.]+)" for part in self.modules.split(".")]
        found = re.match("(" + r"\.".join(parts) + r")(?:\.|$)", name)
        number = found.groups()[-1] if found else ""
        if found is None or not number.isdecimal():
            return None
        return found.group(1).removesuffix(f".{number}"), int(number)


def with_experts(graph: OpGraph, experts: Experts) -> OpGraph:
    """The graph with the operations of each expert numbered, and their results combined.

    Raises: WorkloadError where the modules are not there, or their results meet in another way than a sum.
    """
    placed = {op.name: place for op in graph.ops if (place := experts.place(op.name)) is not None}
    if not placed:
        fix = likely(experts.modules, _patterns(op.name for op in graph.ops))
        raise WorkloadError(f"{graph.name}: no operation lies in the experts '{experts.modules}'; {fix}")
    groups = {name: _group(graph.name, name, placed.values(), experts) for name, _ in placed.values()}
    ops = _Combiner(graph.name, groups, placed).ops(graph.ops)
    _check_alike(graph.name, ops)
    return replace(graph, ops=ops, experts=groups)


def _patterns(names: Iterable[str]) -> set[str]:
    """Places of the network that end in a number, with * for numbers."""
    found = set()
    for name in names:
        parts = ["*" if part.isdigit() else part for part in name.split(".")]
        found |= {".".join(parts[: place + 1]) for place, part in enumerate(parts) if place and part == "*"}
    return found


def _group(graph: str, name: str, places: Iterable[Chosen], experts: Experts) -> ExpertGroup:
    numbers = sorted({number for group, number in places if group == name})
    if numbers != list(range(len(numbers))):
        raise WorkloadError(f"{graph}: the experts of '{name}' are {numbers}; number them from 0")
    if not (1 <= experts.top_k <= len(numbers) and len(numbers) > 1):
        raise WorkloadError(
            f"{graph}: top_k {experts.top_k} of the {len(numbers)} experts of '{name}'; allowed: from 1 to"
            " the number of experts, of which there are at least two"
        )
    return ExpertGroup(name, len(numbers), experts.top_k)


def _check_alike(graph: str, ops: Sequence[Op]) -> None:
    """Experts of a group do the same work, so that its amount does not hang on the router."""
    work: dict[Chosen, list[tuple[str, int, int]]] = {}
    for op in ops:
        if op.expert is not None:
            work.setdefault(op.expert, []).append((op.function, op.macs, op.element_ops))
    for (group, number), found in work.items():
        first = work[group, 0]
        if found != first:
            macs = (str(sum(macs for _, macs, _ in one)) for one in (first, found))
            raise WorkloadError(
                f"{graph}: expert {number} of '{group}' does other work than expert 0"
                f" ({' and '.join(macs)} multiply-accumulates in expert 0 and {number},"
                f" {len(first)} and {len(found)} operations)"
            )


@dataclass
class _Sum:
    """Results of experts on their way to being one: who is in it, and what it reads."""

    experts: set[Chosen]
    reads: dict[str, None]


class _Combiner:
    """Numbers operations behind an expert as its own until results of experts are added up."""

    def __init__(self, graph: str, groups: Mapping[str, ExpertGroup], placed: Mapping[str, Chosen]):
        self.graph, self.groups = graph, groups
        self.owner: dict[str, Chosen] = dict(placed)
        self.sums: dict[str, _Sum] = {}  # by the operation that has them as its result so far
        self.done: dict[str, Op] = {}

    def ops(self, ops: Sequence[Op]) -> tuple[Op, ...]:
        for op in ops:
            if op.name in self.owner:
                self.done[op.name] = replace(op, expert=self.owner[op.name])
            elif not any(name in self.owner or name in self.sums for name in op.inputs):
                self.done[op.name] = op
            else:
                self._behind(op)
        for name, open_ in self.sums.items():
            group, _ = next(iter(open_.experts))
            missing = sorted({(group, n) for n in range(self.groups[group].count)} - open_.experts)
            if missing:
                raise WorkloadError(
                    f"{self.graph}: '{name}' adds up experts of '{group}', but not {missing[0][1]}"
                )
        return tuple(self.done.values())

    def _behind(self, op: Op) -> None:
        """An operation that reads a result of an expert, or a sum of such results."""
        met = {self.owner[name] for name in op.inputs if name in self.owner}
        for name in op.inputs:
            met |= self.sums[name].experts if name in self.sums else set()
        adds = op.function in ("add", "sum", "concat")
        alone = len(met) == 1 and not any(name in self.sums for name in op.inputs)
        if alone and op.function != "add":
            self.owner[op.name] = next(iter(met))
            self.done[op.name] = replace(op, expert=self.owner[op.name])
        elif adds and len({group for group, _ in met}) == 1:
            self._add(op, met)
        else:
            groups = " and ".join(sorted({f"'{group}'" for group, _ in met}))
            raise WorkloadError(
                f"{self.graph}: results of experts of {groups} meet in '{op.name}' ({op.function}), where only"
                " sums are understood; multiply each by its gate, then add them up"
            )

    def _add(self, op: Op, met: set[Chosen]) -> None:
        reads: dict[str, None] = {}
        for name in op.inputs:
            reads |= self.sums.pop(name).reads if name in self.sums else {name: None}
        group = self.groups[next(iter(met))[0]]
        if len(met) < group.count or op.kind is OpKind.MOVE:
            self.sums[op.name] = _Sum(met, reads)
            return
        self.done[op.name] = self._combined(op, group, tuple(reads))

    def _combined(self, op: Op, group: ExpertGroup, reads: tuple[str, ...]) -> Op:
        """One operation: as many sums as results come together but one, of one alone its passing on."""
        for name in reads:
            if (self.done[name].positions, self.done[name].width) != (op.positions, op.width):
                raise WorkloadError(
                    f"{self.graph}: '{op.name}' adds up experts of '{group.name}' and '{name}', of another shape"
                )
        others = sum(name not in self.owner for name in reads)
        sums = max(group.top_k + others - 1, 1)
        return replace(
            op, kind=OpKind.ELEMENTWISE, function="combine", inputs=reads, needs=(Same(),) * len(reads),
            element_ops=sums * op.elements, inner=0,
        )  # fmt: skip
