"""Networks of any length, made without torch."""

from __future__ import annotations

from dataclasses import replace

import xbarsim as xs
from xbarsim.engine.chain import Chain, Stage
from xbarsim.engine.clock import Clock
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Edge, Network, Stream
from xbarsim.workload.graph import Matrix, Op, OpGraph, OpKind, Same, Whole

TOKENS = 128  # of the saved trace


def chain_of_layers(layers: int, width: int = 128, positions: int = 64) -> OpGraph:
    """Equal fully connected layers, one behind the other."""
    ops = [Op("x", OpKind.INPUT, "input", positions=positions, width=width)]
    for i in range(layers):
        before, name = ops[-1].name, f"fc{i}"
        macs = positions * width * width
        ops.append(
            Op(name, OpKind.MVM, "linear", (before,), (Same(),), positions, width, macs=macs, matrix=name)
        )
    ops.append(Op("y", OpKind.OUTPUT, "output", (ops[-1].name,), (Same(),), positions, width))
    return OpGraph(
        f"{layers} layers", tuple(ops), {f"fc{i}": Matrix(f"fc{i}", width, width) for i in range(layers)}
    )


def bert_of(tokens: int) -> OpGraph:
    """BERT-base for so many tokens, from its saved trace of 128."""
    graph = xs.load_workload("bert_base").graph
    return replace(
        graph, name=f"BERT-base, {tokens} tokens", ops=tuple(_rescaled(op, tokens) for op in graph.ops)
    )


def _rescaled(op: Op, tokens: int) -> Op:
    """Attention compares every token with every other: its scores grow by the square."""
    if op.positions != TOKENS:
        return op
    wide, deep = op.function in ("scores", "softmax"), op.function == "context"
    times = (tokens, TOKENS) if not wide and not deep else (tokens**2, TOKENS**2)
    needs = tuple(replace(need, inputs=tokens) if isinstance(need, Whole) else need for need in op.needs)
    return replace(
        op,
        needs=needs,
        positions=tokens,
        width=op.width * tokens // TOKENS if wide else op.width,
        inner=op.inner * tokens // TOKENS if deep else op.inner,
        macs=op.macs * times[0] // times[1],
        element_ops=op.element_ops * times[0] // times[1],
    )


def ready_at_once(operations: int, jobs: int) -> Network:
    """So many operations that could all begin at once, each on a station of its own, with one that reads them all
    at the end; jobs of all together.

    Their times differ a little, as those of layers do.
    """
    clock, each = Clock(), jobs // operations
    end = Stream("end", 1, (Chain(()),))
    streams = []
    for i in range(operations):
        stage = Stage((Station(clock, f"station {i}"),), 1_000 + i % 97)
        read = Edge(f"operation {i}", "end", each, [each - 1], [0], None, (Chain(()),))
        streams.append(Stream(f"operation {i}", each, (Chain((stage,)),), outputs=(read,)))
    end.inputs = tuple(edge for stream in streams for edge in stream.outputs)
    return Network(f"{operations} ready at once", (*streams, end))
