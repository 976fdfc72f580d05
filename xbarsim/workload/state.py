"""What a network keeps in memory from one run to the next, and how a chip without such memory sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xbarsim.workload.graph import OpGraph, OpKind


@dataclass(frozen=True)
class State:
    """Keys and values of earlier tokens, or any other data that a network reads and adds to.

    name: of the state, and of the argument of forward that it is read from, where it is read;
    append: the output of forward that is added to it, by its key in the returned mapping or its place
        in the returned tuple; of a list of tensors (one a layer) each is added by itself;
    positions: the dimension of the argument that runs over tokens, None where nothing grows.
    """

    name: str
    append: str = ""
    positions: int | None = None

    def entry(self, output: str) -> str | None:
        """Name of the part of the state that an output is added to, None if it is not this state's."""
        wanted = self.append or self.name
        if output == wanted:
            return self.name
        return f"{self.name}.{output[len(wanted) + 1 :]}" if output.startswith(f"{wanted}.") else None


_OUTSIDE = {OpKind.STATE: OpKind.INPUT, OpKind.STORE: OpKind.OUTPUT}


def kept_outside(graph: OpGraph) -> OpGraph:
    """The graph with its state read from outside the chip and written there."""
    if not any(op.kind in _OUTSIDE for op in graph.ops):
        return graph
    return replace(graph, ops=tuple(replace(op, kind=_OUTSIDE.get(op.kind, op.kind)) for op in graph.ops))
