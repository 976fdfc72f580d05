"""From a Program to streams on the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xbarsim.engine.chain import Chain, Par, Stage, Work
from xbarsim.engine.stream import Stream
from xbarsim.mapping.buffers import chunk
from xbarsim.mapping.phases import FETCH
from xbarsim.mapping.plan import FUSED
from xbarsim.mapping.program import Program, Share, Step
from xbarsim.scenario.deliveries import Deliveries
from xbarsim.scenario.garbage import uncollected
from xbarsim.scenario.matrix_work import MatrixWork
from xbarsim.scenario.stages import Task, Workshop, join, use
from xbarsim.scenario.transport import Transport
from xbarsim.spec.chip import Part
from xbarsim.spec.component import ComponentSpec
from xbarsim.workload.graph import Op, OpKind


def assemble(shop: Workshop, program: Program) -> list[Stream]:
    """All streams of one network, with their edges."""
    with uncollected():
        builder = _Assembler(shop, program)
        streams = {step.name: builder.stream(step) for step in program.steps}
        for step in program.steps:
            edges = tuple(builder.deliveries.edge(link) for link in step.inputs)
            streams[step.name].inputs = edges
            for edge in edges:
                streams[edge.producer].outputs = (*streams[edge.producer].outputs, edge)
        return list(streams.values())


class _Assembler:
    def __init__(self, shop: Workshop, program: Program):
        self.shop, self.program = shop, program
        self.steps = {step.name: step for step in program.steps}
        readers = program.readers()
        self.chunks = {step.name: chunk(step, readers[step.name]) for step in program.steps}
        self.transport = Transport(shop, program.activation_bits)
        self.matrices = MatrixWork(shop, program, self.transport)
        self.deliveries = Deliveries(program, self.transport, self.chunks)
        self._digital: dict[tuple[str, tuple[Share, ...]], Work | None] = {}
        self._tasks: dict[tuple[str, int, int], Task] = {}
        self._single: dict[str, ComponentSpec] = {}

    def stream(self, step: Step) -> Stream:
        copies = tuple(self._copy(step, number) for number in range(len(step.homes)))
        owner = step.owners[:: self.chunks[step.name]].tolist()
        return Stream(step.name, step.op.positions, copies, chunk=self.chunks[step.name], owners=owner)

    def _copy(self, step: Step, number: int) -> Work:
        """The work of one job on one copy."""
        home = step.homes[number]
        tail = [
            self._operation(op, unit, home, step)
            for op, unit in zip(step.fused, step.fused_units, strict=True)
        ]
        works = [self._main(step, number, home), *(work for work in tail if work is not None)]
        return join(works)

    def _main(self, step: Step, number: int, home: tuple[Share, ...]) -> Work:
        op = step.op
        if op.kind is OpKind.MVM and op.matrix is not None:
            return self.matrices.work(op.name, op.matrix, number)
        if op.kind in (OpKind.INPUT, OpKind.OUTPUT, OpKind.GATHER):
            return self._port(step, home[0].node)
        if op.kind is OpKind.MOVE:
            return self._shares(home, lambda share: self._load(op, step, share))
        return self._operation(op, step.unit, home, step, first=True) or Chain(())

    def _port(self, step: Step, node: str) -> Work:
        """In, out, or a table look-up through a port of the chip."""
        part = self.shop.floor.chip.parts.get(step.unit) if step.unit else None
        bits = step.op.width * self.chunks[step.name] * self.program.activation_bits
        if step.op.function == FETCH and not step.unit:
            return self._shares(step.homes[0], lambda share: self._fetched(step.op, share, bits))
        if part is None or part.spec is None:
            return Chain(())
        service = part.spec.transfer(bits)  # type: ignore[attr-defined]
        station = self.shop.station(node, part.path, part.spec)
        return Chain((self.shop.task(step.op.name, service.portion_ps, (use(part, service),)).at(station),))

    def _fetched(self, op: Op, share: Share, bits: int) -> list[Stage]:
        """Data that an earlier phase has left in a tile's buffer."""
        stage = self.transport.load(op.name, share.node, round(bits * (share.high - share.low)))
        return [stage] if stage is not None else []

    def _operation(
        self, op: Op, unit: str, home: tuple[Share, ...], step: Step, first: bool = False
    ) -> Work | None:
        """A digital operation at each place where a part of the vector lies; the same for all copies there."""
        key = (op.name, home)
        if key not in self._digital:
            part = self.shop.floor.chip.parts[unit]
            before = self._load if first else _nothing
            self._digital[key] = (
                self._shares(home, lambda share: [*before(op, step, share), self._compute(op, part, share)])
                if part.spec is not None
                else None
            )
        return self._digital[key]

    def _shares(self, home: tuple[Share, ...], stages: Callable[[Share], list[Stage]]) -> Work:
        chains = tuple(Chain(tuple(stages(share))) for share in home)
        return chains[0] if len(chains) == 1 else Par(chains)

    def _load(self, op: Op, step: Step, share: Share) -> list[Stage]:
        """Operands from the buffer: every element is read once, spread evenly over the positions."""
        elements = sum(self.steps[link.producer].last.elements for link in step.inputs) / op.positions
        if op.kind is OpKind.POOLING:
            elements = max(elements, op.element_ops / op.positions)
        bits = round(elements * (share.high - share.low) * self.program.activation_bits)
        stage = self.transport.load(op.name, share.node, bits)
        return [stage] if stage is not None else []

    def _compute(self, op: Op, part: Part, share: Share) -> Stage:
        inside = share.node in self.transport.tiles
        spec: Any = part.spec if inside else self._alone(part)
        amount = op.macs if op.kind is OpKind.PRODUCT else max(op.element_ops, op.positions)
        # Rounded up where it does not divide evenly; at the borders between shares so that they add up.
        each = -(-amount // op.positions)
        count = max(1, round(each * share.high) - round(each * share.low))
        values = max(1, round(op.width * (share.high - share.low))) if op.kind in FUSED else 1
        servers = max(1, self.shop.floor.per_tile(part) // spec.count) if inside else 1
        name = f"{share.node}.{part.name}" if inside else share.node
        station = self.shop.station(name, part.path, spec, servers, spec.count, share.node if inside else "")
        key = (op.name, count, values)
        if key not in self._tasks:
            product = op.kind is OpKind.PRODUCT
            service = spec.multiply(count) if product else spec.compute(count)
            busy = use(part, service, 1, spec.count)
            self._tasks[key] = self.shop.serial(op.name, part, service, values, busy, count if product else 0)
        return self._tasks[key].at(station)

    def _alone(self, part: Part) -> ComponentSpec:
        """A unit outside the tiles: each node is one instance of its kind."""
        if part.path not in self._single:
            assert part.spec is not None
            self._single[part.path] = part.spec.model_copy(update={"count": 1})
        return self._single[part.path]


def _nothing(op: Op, step: Step, share: Share) -> list[Stage]:
    return []
