"""Captures of one network at several lengths of context, to one graph that holds for all lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

from xbarsim.errors import WorkloadError
from xbarsim.workload.graph import Op, OpGraph
from xbarsim.workload.growth import GROWING, Context, Growth, numbers


def lengths_of(default: int, most: int | None) -> tuple[int, ...]:
    """The default, its neighbour (where rounding would show) and the farthest (where a limit would)."""
    far = most if most is not None else 2 * default + 1
    wanted = (default, default + 1, far, default - 1, default + 2, default - 2)
    fitting = [n for n in dict.fromkeys(wanted) if n >= 1 and (most is None or n <= most)]
    return tuple(fitting[:3])


def with_growth(graphs: Mapping[int, OpGraph], context: Context) -> OpGraph:
    """The graph at context.at, each operation with its slopes.

    graphs: captures of the same network by length, the length context.at among them.
    Raises: WorkloadError that names the operation and the field that is no straight line.
    """
    asked = sorted(graphs)
    listed = [graphs[length].ops for length in asked]
    _check_same(graphs[context.at].name, [graphs[length] for length in asked], context, asked)
    line = _Line(graphs[context.at].name, context, tuple(asked))
    ops = []
    for at_lengths in zip(*listed, strict=True):
        op = at_lengths[asked.index(context.at)]
        ops.append(replace(op, growth=line.growth(at_lengths)))
    return replace(graphs[context.at], ops=tuple(ops), context=context)


def _check_same(name: str, graphs: Sequence[OpGraph], context: Context, asked: Sequence[int]) -> None:
    """The same operations and matrices at all lengths."""
    for (shorter, low), (longer, high) in pairwise(zip(graphs, asked, strict=True)):
        between = f"{name}: from {context.name} {low} to {high}"
        names = [one.name for one in shorter.ops], [one.name for one in longer.ops]
        if names[0] != names[1]:
            other = sorted(set(names[0]) ^ set(names[1])) or ["their order"]
            raise WorkloadError(
                f"{between} the operations change ({', '.join(other[:3])}); {_FIXED.format(context.name)}"
            )
        if shorter.matrices != longer.matrices:
            raise WorkloadError(f"{between} the weight matrices change; {_FIXED.format(context.name)}")


_FIXED = "give a fixed length instead of {{{}}}, and capture each length by itself"


@dataclass(frozen=True)
class _Line:
    """Slopes through the values of one operation at several lengths."""

    name: str
    context: Context
    lengths: tuple[int, ...]

    def growth(self, ops: Sequence[Op]) -> Growth | None:
        """The slopes of an operation, None where it does not vary. Raises: WorkloadError."""
        counts = {field: self.slope(ops, field, [getattr(op, field) for op in ops]) for field in GROWING}
        self._check_rest(ops)
        needs = tuple(self._need(ops, number) for number in range(len(ops[0].needs)))
        if not any(counts.values()) and not any(map(any, needs)):
            return None
        return Growth(**counts, needs=needs if any(map(any, needs)) else ())

    def slope(self, ops: Sequence[Op], field: str, values: Sequence[int]) -> int:
        """What a token adds to a field, if it is the same between all lengths."""
        steps = [
            divmod(after - before, far - near)
            for (before, after), (near, far) in zip(pairwise(values), pairwise(self.lengths), strict=True)
        ]
        if len(set(steps)) > 1 or any(rest for _, rest in steps):
            found = ", ".join(f"{v} at {n}" for v, n in zip(values, self.lengths, strict=True))
            self._refuse(ops[0], field, f"is no straight line in {self.context.name}: {found}")
        return steps[0][0]

    def _need(self, ops: Sequence[Op], number: int) -> tuple[int, ...]:
        found = [op.needs[number] for op in ops]
        if len({type(one) for one in found}) > 1:
            words = ", ".join(type(one).__name__.lower() for one in found)
            self._refuse(ops[0], f"needs[{number}]", f"is of several kinds: {words}")
        columns = zip(*(numbers(one) for one in found), strict=True)
        slopes = tuple(self.slope(ops, f"needs[{number}]", column) for column in columns)
        return slopes if any(slopes) else ()

    def _check_rest(self, ops: Sequence[Op]) -> None:
        """Everything that is no count must be the same."""
        for field in (one.name for one in fields(Op)):
            if field in (*GROWING, "needs", "growth"):
                continue
            found = list(dict.fromkeys(getattr(op, field) for op in ops))
            if len(found) > 1:
                self._refuse(ops[0], field, f"varies with {self.context.name}: {found[0]!r}, {found[1]!r}")

    def _refuse(self, op: Op, field: str, why: str) -> None:
        fixed = _FIXED.format(self.context.name)
        raise WorkloadError(f"{self.name}: {op.name}.{field} {why}; {fixed}")
