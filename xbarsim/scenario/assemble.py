"""From a Program to streams on the engine."""

from __future__ import annotations

from typing import Any

from xbarsim.engine.chain import Chain, Par, Stage, Work
from xbarsim.engine.stream import Edge, Stream
from xbarsim.mapping.buffers import chunk
from xbarsim.mapping.plan import FUSED
from xbarsim.mapping.program import Link, Program, Share, Step
from xbarsim.mapping.stripes import readers
from xbarsim.scenario.matrix_work import MatrixWork
from xbarsim.scenario.stages import Workshop, join, use
from xbarsim.scenario.transport import Reader, Transport
from xbarsim.spec.chip import Part
from xbarsim.workload.graph import Op, OpKind


def assemble(shop: Workshop, program: Program) -> list[Stream]:
    """All streams of one network, with their edges."""
    builder = _Assembler(shop, program)
    streams = {step.name: builder.stream(step) for step in program.steps}
    for step in program.steps:
        edges = tuple(builder.edge(link) for link in step.inputs)
        streams[step.name].inputs = edges
        for edge in edges:
            streams[edge.producer].outputs = (*streams[edge.producer].outputs, edge)
    return list(streams.values())


class _Assembler:
    def __init__(self, shop: Workshop, program: Program):
        self.shop, self.program = shop, program
        self.steps = {step.name: step for step in program.steps}
        self.readers = program.readers()
        self.transport = Transport(shop, program.activation_bits)
        self.matrices = MatrixWork(shop, program, self.transport)
        self.chunks = {step.name: chunk(step, self.readers[step.name]) for step in program.steps}

    def stream(self, step: Step) -> Stream:
        copies = tuple(self._copy(step, number) for number in range(len(step.homes)))
        owner = step.owners[:: self.chunks[step.name]].tolist()
        return Stream(step.name, step.op.positions, copies, chunk=self.chunks[step.name], owners=owner)

    # --- work of one job -----------------------------------------------------------------------

    def _copy(self, step: Step, number: int) -> Work:
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
        if part is None or part.spec is None:
            return Chain(())
        bits = step.op.width * self.chunks[step.name] * self.program.activation_bits
        service = part.spec.transfer(bits)  # type: ignore[attr-defined]
        station = self.shop.station(node, part.path, part.spec)
        return Chain((self.shop.stage(step.op.name, (station,), service.portion_ps, (use(part, service),)),))

    def _operation(
        self, op: Op, unit: str, home: tuple[Share, ...], step: Step, first: bool = False
    ) -> Work | None:
        """A digital operation at each place where a part of the vector lies."""
        part = self.shop.floor.chip.parts[unit]
        if part.spec is None:
            return None
        return self._shares(
            home,
            lambda share: [*(self._load(op, step, share) if first else ()), self._compute(op, part, share)],
        )

    def _shares(self, home: tuple[Share, ...], stages: Any) -> Work:
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
        spec: Any = part.spec
        amount = op.macs if op.kind is OpKind.PRODUCT else max(op.element_ops, op.positions)
        # Rounded up where it does not divide evenly; at the borders between shares so that they add up.
        each = -(-amount // op.positions)
        count = max(1, round(each * share.high) - round(each * share.low))
        inside = share.node in self.transport.tiles
        if not inside:
            spec = spec.model_copy(update={"count": 1})  # the node is one instance of its kind
        service = spec.multiply(count) if op.kind is OpKind.PRODUCT else spec.compute(count)
        servers = max(1, self.shop.floor.per_tile(part) // spec.count) if inside else 1
        name = f"{share.node}.{part.name}" if inside else share.node
        station = self.shop.station(name, part.path, spec, servers, spec.count, share.node if inside else "")
        values = max(1, round(op.width * (share.high - share.low))) if op.kind in FUSED else 1
        stage = self.shop.serial(
            op.name, (station,), part, service, values, (use(part, service, 1, spec.count),)
        )
        stage.meta.macs = count if op.kind is OpKind.PRODUCT else 0
        return stage

    # --- edges ---------------------------------------------------------------------------------

    def edge(self, link: Link) -> Edge:
        """The edge of a link: for each job, what moves its result to those who read it."""
        producer, consumer = self.steps[link.producer], self.steps[link.consumer]
        size = self.chunks[link.producer]
        vector_bits = producer.last.width * self.program.activation_bits
        deliveries: dict[tuple[int, tuple[int, ...], int], int] = {}
        works: list[Work] = []
        route = []
        read_by = readers(link, consumer.owners, len(consumer.homes), producer.op.positions)
        for first in range(0, producer.op.positions, size):
            count = min(size, producer.op.positions - first)
            homes = (
                read_by[first]
                if count == 1
                else tuple(sorted(set().union(*map(set, read_by[first : first + count]))))
            )
            key = (int(producer.owners[first]), homes, count)
            if key not in deliveries:
                deliveries[key] = len(works)
                home = producer.homes[key[0]]
                reading = self._reading(consumer, self._read_of_line(read_by, first, count), count)
                works.append(self.transport.spread(producer.last.name, home, reading, vector_bits * count))
            route.append(deliveries[key])
        return Edge(
            producer.name,
            consumer.name,
            producer.op.positions,
            link.last_needed.tolist(),
            link.first_needed.tolist(),
            link.capacity,
            tuple(works),
            route,
        )

    def _read_of_line(self, read_by: Any, first: int, count: int) -> dict[int, frozenset[int]]:
        """For each reading home, which of a line's positions it reads."""
        read: dict[int, set[int]] = {}
        for position in range(first, first + count):
            for home in read_by[position]:
                read.setdefault(home, set()).add(position)
        return {home: frozenset(positions) for home, positions in read.items()}

    def _reading(self, step: Step, read: dict[int, frozenset[int]], count: int) -> tuple[Reader, ...]:
        """Places that read the input of a step, each with the part of the vector, and the share of the line's
        vectors, that the copies there need together."""
        spans: dict[str, tuple[float, float, frozenset[int]]] = {}
        for number, positions in read.items():
            for node, low, high in self._spans(step, number):
                known = spans.get(node, (low, high, positions))
                spans[node] = (min(known[0], low), max(known[1], high), known[2] | positions)
        return tuple(Reader(node, low, high, len(p) / count) for node, (low, high, p) in spans.items())

    def _spans(self, step: Step, number: int) -> list[tuple[str, float, float]]:
        if step.op.kind is OpKind.MVM and step.op.matrix is not None:
            cut = self.program.cuts[step.op.matrix]
            found = []
            for segment in self.program.copies[step.op.matrix][number].segments:
                spans = [
                    cut.input_span(segment.first_block + i)
                    for i in range(min(segment.blocks, cut.row_blocks))
                ]
                if cut.matrix.groups > 1:
                    spans.append(cut.input_span(segment.first_block + segment.blocks - 1))
                found.append((segment.tile, min(low for low, _ in spans), max(high for _, high in spans)))
            return found
        shares = step.homes[number]
        whole = step.op.kind not in (OpKind.ELEMENTWISE, OpKind.POOLING, OpKind.MOVE)
        return [(s.node, 0.0, 1.0) if whole and len(shares) > 1 else (s.node, s.low, s.high) for s in shares]
