"""A small language model made by hand, as prefill and as decode, and small chips that it fits on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import small_chips as chips
from xbarsim.spec.chip import Chip
from xbarsim.workload.generation import Generation
from xbarsim.workload.graph import (
    Causal,
    ExpertGroup,
    Matrix,
    Need,
    Op,
    OpGraph,
    OpKind,
    Part,
    Same,
    Whole,
)
from xbarsim.workload.growth import Context, Growth
from xbarsim.workload.routing import Router, Seeded

WIDTH = 8
HIDDEN = 16


class _Builder:
    """One layer after the other; `context` tokens are in memory, `positions` are worked on."""

    def __init__(self, positions: int, context: int | None):
        self.positions, self.context = positions, context
        self.ops: list[Op] = []
        self.matrices: dict[str, Matrix] = {}
        self.experts: dict[str, ExpertGroup] = {}

    def op(
        self, name: str, kind: OpKind, function: str, inputs: dict[str, Need], width: int, **own: Any
    ) -> str:
        positions = own.pop("positions", self.positions)
        self.ops.append(
            Op(name, kind, function, tuple(inputs), tuple(inputs.values()), positions, width, **own)
        )
        return name

    def linear(self, name: str, source: str, rows: int, columns: int, **own: Any) -> str:
        self.matrices[name] = Matrix(name, rows, columns)
        macs = self.positions * rows * columns
        return self.op(name, OpKind.MVM, "linear", {source: Same()}, columns, macs=macs, matrix=name, **own)

    def elementwise(self, name: str, function: str, sources: tuple[str, ...], width: int, **own: Any) -> str:
        each = own.pop("each", 1)
        needs: dict[str, Need] = {source: Same() for source in sources}
        ops = self.positions * width * each
        return self.op(name, OpKind.ELEMENTWISE, function, needs, width, element_ops=ops, **own)

    def memory(self, layer: int, part: str, qkv: str) -> tuple[str, Need, tuple[int, ...]]:
        """What attention reads: all earlier tokens and this one; the need of it, and the need's slopes."""
        if self.context is None:
            return qkv, Causal(0), ()
        n = self.context
        state = self.op(
            f"{part}.{layer}", OpKind.STATE, "state", {}, WIDTH, positions=n, state=f"{part}.{layer}",
            growth=Growth(positions=1),
        )  # fmt: skip
        both = self.op(
            f"{layer}.{part}", OpKind.MOVE, "concat", {state: Part(0, n), qkv: Part(n, 1)}, WIDTH, positions=n + 1,
            free=True, growth=Growth(positions=1, needs=((0, 1), (1, 0))),
        )  # fmt: skip
        return both, Whole(n + 1), (1,)

    def attention(self, layer: int, source: str) -> str:
        qkv = self.linear(f"{layer}.qkv", source, WIDTH, 3 * WIDTH)
        grows = self.context is not None
        length = self.context + 1 if self.context is not None else self.positions
        macs = self.positions * length * WIDTH
        keys, need, slope = self.memory(layer, "keys", qkv)
        inputs: dict[str, Need] = {qkv: Same(), keys: need}
        slopes = ((), slope)
        if keys == qkv:  # reads itself, pointwise and causally
            inputs, slopes = {qkv: Causal(0)}, ((),)
        scores = self.op(
            f"{layer}.scores", OpKind.PRODUCT, "scores", inputs, length, macs=macs, inner=WIDTH,
            growth=Growth(width=1, macs=WIDTH, needs=slopes) if grows else None,
        )  # fmt: skip
        softmax = self.op(
            f"{layer}.softmax", OpKind.SOFTMAX, "softmax", {scores: Same()}, length,
            element_ops=5 * self.positions * length, growth=Growth(width=1, element_ops=5) if grows else None,
        )  # fmt: skip
        values, need, slope = self.memory(layer, "values", qkv)
        mixed = self.op(
            f"{layer}.context", OpKind.PRODUCT, "context", {softmax: Same(), values: need}, WIDTH, macs=macs,
            inner=length, growth=Growth(macs=WIDTH, inner=1, needs=((), slope)) if grows else None,
        )  # fmt: skip
        out = self.linear(f"{layer}.out", mixed, WIDTH, WIDTH)
        for part in ("keys", "values"):
            self.op(
                f"{part}.{layer}.store", OpKind.STORE, "store", {qkv: Same()}, WIDTH, state=f"{part}.{layer}"
            )
        return self.elementwise(f"{layer}.add", "add", (source, out), WIDTH)

    def mixture(self, layer: int, source: str, experts: int, top_k: int) -> str:
        group = f"{layer}.experts"
        self.experts[group] = ExpertGroup(group, experts, top_k)
        router = self.linear(f"{layer}.router", source, WIDTH, experts)
        results = []
        for number in range(experts):
            expert = (group, number)
            up = self.linear(f"{group}.{number}.up", source, WIDTH, HIDDEN, expert=expert)
            active = self.elementwise(f"{group}.{number}.relu", "relu", (up,), HIDDEN, expert=expert)
            down = self.linear(f"{group}.{number}.down", active, HIDDEN, WIDTH, expert=expert)
            name = f"{group}.{number}.mul"
            results.append(self.elementwise(name, "mul", (router, down), WIDTH, expert=expert))
        return self.elementwise(f"{layer}.combine", "combine", tuple(results), WIDTH, each=max(1, top_k - 1))

    def graph(self, name: str, layers: int, experts: int, top_k: int) -> OpGraph:
        at = self.op("x", OpKind.INPUT, "input", {}, WIDTH)
        for layer in range(layers):
            at = self.attention(layer, at)
            if experts:
                at = self.mixture(layer, at, experts, top_k)
        head = self.linear("head", at, WIDTH, HIDDEN)
        self.op("y", OpKind.OUTPUT, "output", {head: Same()}, HIDDEN)
        # What is stored stands at the end, as capture has it.
        self.ops.sort(key=lambda op: op.kind is OpKind.STORE)
        context = Context("context", self.context) if self.context is not None else None
        return OpGraph(name, tuple(self.ops), self.matrices, context=context, experts=self.experts)


def prefill(prompt: int, layers: int = 1, experts: int = 0, top_k: int = 2) -> OpGraph:
    return _Builder(prompt, None).graph("prefill", layers, experts, top_k)


def decode(context: int, layers: int = 1, experts: int = 0, top_k: int = 2) -> OpGraph:
    return _Builder(1, context).graph("decode", layers, experts, top_k)


def generation(
    prompt: int = 4, tokens: int = 5, layers: int = 1, experts: int = 0, router: Router | None = None
) -> Generation:
    first, step = prefill(prompt, layers, experts), decode(prompt, layers, experts)
    if experts and router is None:
        router = Seeded(7, 0.5).router(first.experts)
    return Generation("small", first, step, prompt, tokens, router=router)


MEMORY = {
    "kind": "memory.dram",
    "capacity": "1 MiB",
    "bandwidth": "4 GB/s",
    "latency": "20 ns",
    "energy": "3 pJ/bit",
}


def small_chip(folder: Path, kv_cache: str | None = "on_chip", tiles: int = 6, **changed: Any) -> Chip:
    """Tiles of four arrays in a mesh, with a memory beside the first one."""
    return chips.load(folder, small_tree(kv_cache, tiles, **changed))


def small_tree(kv_cache: str | None, tiles: int = 6, memory: bool = True, **changed: Any) -> dict[str, Any]:
    tile = chips.tile(
        count=tiles, array=chips.array(count=4), dac=chips.bit_serial(count=64), adc=chips.sar(count=4),
        shift_add=chips.shift_add(count=4), accumulator=chips.accumulator(), vector_unit=chips.vector_unit(),
        matrix_unit=chips.matrix_unit(), buffer=chips.buffer(**changed.pop("buffer", {})),
    )  # fmt: skip
    for name, part in changed.items():
        tile[name] = part
    connect: list[Any] = [{"topology": "mesh", "of": "tile", "link": chips.link(), "router": chips.router()}]
    if memory:
        connect.append({"edge": "memory <-> tile[0]", "link": chips.link()})
    tree = chips.chip_tree(tile, connect, outside={"memory": dict(MEMORY)} if memory else {})
    if kv_cache is not None:
        tree["mapping"]["kv_cache"] = kv_cache
    return tree
