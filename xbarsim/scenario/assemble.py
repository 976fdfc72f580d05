"""From a Program to streams on the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from xbarsim.engine.chain import Chain, Par, Stage, Work
from xbarsim.engine.stream import Stream
from xbarsim.mapping.buffers import chunk
from xbarsim.mapping.phases import FETCH
from xbarsim.mapping.plan import FUSED
from xbarsim.mapping.program import Program, Share, Step, in_place
from xbarsim.mapping.state import KEPT, at_context
from xbarsim.scenario.deliveries import Deliveries, gate
from xbarsim.scenario.garbage import uncollected
from xbarsim.scenario.matrix_work import MatrixWork
from xbarsim.scenario.stages import Task, Workshop, join, use
from xbarsim.scenario.transport import Transport, part_of
from xbarsim.spec.chip import Part
from xbarsim.spec.component import ComponentSpec
from xbarsim.workload.graph import Op, OpKind


def assemble(shop: Workshop, program: Program, contexts: Sequence[int] = ()) -> list[Stream]:
    """All streams of one network, with their edges.

    contexts: lengths of the context that requests may ask for, as variants 0, 1, …; none: the program's own.
    """
    with uncollected():
        levels = [at_context(program, length) for length in contexts] or [program]
        builder = _Assembler(shop, levels[0], [level.by_name for level in levels[1:]])
        program = levels[0]
        streams = {step.name: builder.stream(step) for step in program.steps}
        for step in program.steps:
            edges = tuple(builder.deliveries.edge(link) for link in step.inputs)
            streams[step.name].inputs = edges
            for edge in edges:
                streams[edge.producer].outputs = (*streams[edge.producer].outputs, edge)
        return list(streams.values())


class _Work(NamedTuple):
    """A step and those that it reads, with one length of context; its digital operations by name and home."""

    step: Step
    read: tuple[Step, ...]
    done: dict[tuple[str, tuple[Share, ...]], Work | None]

    @classmethod
    def of(cls, step: Step, steps: Mapping[str, Step]) -> _Work:
        return cls(step, tuple(steps[link.producer] for link in step.inputs), {})


class _Assembler:
    """longer: the steps by name at each further length of the context."""

    def __init__(self, shop: Workshop, program: Program, longer: Sequence[Mapping[str, Step]]):
        self.shop, self.program, self.longer = shop, program, longer
        self.steps = program.by_name
        readers = program.readers()
        self.chunks = {step.name: chunk(step, readers[step.name]) for step in program.steps}
        self.transport = Transport(shop, program.activation_bits)
        self.matrices = MatrixWork(shop, program, self.transport)
        self.deliveries = Deliveries(program, self.transport, self.chunks, longer)
        self._tasks: dict[tuple[str, int, int], Task] = {}
        self._single: dict[str, ComponentSpec] = {}

    def stream(self, step: Step) -> Stream:
        copies = self._copies(_Work.of(step, self.steps))
        # Else all requests do the same, however long their context.
        read = (self.steps[link.producer].last for link in step.inputs)
        grows = step.op.matrix is None and any(op.growth for op in (step.op, *step.fused, *read))
        longer = self.longer if grows else ()
        variants = tuple(self._copies(_Work.of(at[step.name], at)) for at in longer)
        size = self.chunks[step.name]
        owner = step.owners[::size].tolist()
        return Stream(step.name, step.op.positions, copies, (), (), size, owner, variants, gate(step))

    def _copies(self, work: _Work) -> tuple[Work, ...]:
        return tuple(self._copy(work, number) for number in range(len(work.step.homes)))

    def _copy(self, work: _Work, number: int) -> Work:
        """The work of one job on one copy."""
        step, home = work.step, work.step.homes[number]
        if step.made and step.op.matrix is not None:
            return self.matrices.work(step.name, step.op.matrix, number, self._behind(work, number))
        tail = [
            self._operation(op, unit, home, work)
            for op, unit in zip(step.fused, step.fused_units, strict=True)
        ]
        works = [self._main(work, number, home), *(done for done in tail if done is not None)]
        return join(works)

    def _behind(self, work: _Work, number: int) -> dict[str, Work]:
        """What the results of a product go through value by value: operations in their tile, the way to a
        streaming unit, its operation. By the tile in which they are complete."""
        step, parts = work.step, self.shop.floor.chip.parts
        *inside, (last, unit) = zip(step.fused, step.fused_units, strict=True)
        before = inside[-1][0] if inside else step.op
        behind: dict[str, Work] = {}
        for made, taken in zip(step.made[number], step.homes[number], strict=True):
            values = max(1, round(before.width * (made.high - made.low)))
            near = [
                self._compute(op, parts[path], made) for op, path in inside if parts[path].spec is not None
            ]
            way = self.transport.way(step.name, made.node, taken.node, values * self.program.activation_bits)
            there = Chain((self._compute(last, parts[unit], taken, values),))
            behind[made.node] = join([Chain(tuple(near)), way, there])
        return behind

    def _main(self, work: _Work, number: int, home: tuple[Share, ...]) -> Work:
        op, step = work.step.op, work.step
        if op.kind is OpKind.MVM and op.matrix is not None:
            return self.matrices.work(op.name, op.matrix, number)
        if op.kind in KEPT and not step.unit:
            return self._written(op, home) if op.kind is OpKind.STORE else Chain(())
        if op.kind in (OpKind.INPUT, OpKind.OUTPUT, OpKind.GATHER, *KEPT):
            return self._port(step, home[0].node)
        if op.kind is OpKind.MOVE:
            return self._shares(home, lambda share: [*self._state(work, share), *self._load(op, work, share)])
        return self._operation(op, step.unit, home, work, first=True) or Chain(())

    def _port(self, step: Step, node: str) -> Work:
        """In, out, a table look-up or state through a port of the chip."""
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

    def _written(self, op: Op, home: tuple[Share, ...]) -> Work:
        """State into the buffers where it is kept."""
        bits = op.width * self.program.activation_bits
        stages = (self.transport.store(op.name, share.node, part_of(bits, share)) for share in home)
        return Par(tuple(Chain((stage,)) for stage in stages if stage is not None))

    def _operation(
        self, op: Op, unit: str, home: tuple[Share, ...], work: _Work, first: bool = False
    ) -> Work | None:
        """A digital operation at each place where a part of the vector lies; the same for all copies there."""
        key = (op.name, home)
        if key not in work.done:
            part = self.shop.floor.chip.parts[unit]

            def stages(share: Share) -> list[Stage]:
                state = self._state(work, share) if first else []
                if part.spec is None:
                    return state
                return [
                    *state,
                    *(self._load(op, work, share) if first else ()),
                    self._compute(op, part, share),
                ]

            ideal = part.spec is None and not (first and any(in_place(one, work.step) for one in work.read))
            work.done[key] = None if ideal else self._shares(home, stages)
        return work.done[key]

    def _shares(self, home: tuple[Share, ...], stages: Callable[[Share], list[Stage]]) -> Work:
        chains = tuple(Chain(tuple(stages(share))) for share in home)
        return chains[0] if len(chains) == 1 else Par(chains)

    def _load(self, op: Op, work: _Work, share: Share) -> list[Stage]:
        """Operands from the buffer: every element is read once, spread evenly over the positions."""
        read = (step.last.elements for step in work.read if not in_place(step, work.step))
        elements = sum(read) / op.positions
        if op.kind is OpKind.POOLING:
            elements = max(elements, op.element_ops / op.positions)
        bits = round(elements * (share.high - share.low) * self.program.activation_bits)
        stage = self.transport.load(op.name, share.node, bits)
        return [stage] if stage is not None else []

    def _state(self, work: _Work, share: Share) -> list[Stage]:
        """State that is kept beside the unit comes from the same buffer; it is told apart."""
        kept = [step for step in work.read if in_place(step, work.step)]
        bits = [step.last.elements * self.program.activation_bits // work.step.op.positions for step in kept]
        stages = [
            self.transport.load(step.name, share.node, part_of(each, share))
            for step, each in zip(kept, bits, strict=True)
        ]
        return [stage for stage in stages if stage is not None]

    def _compute(self, op: Op, part: Part, share: Share, values: int = 0) -> Stage:
        """values: how many come in and leave one after another; as many as results if not given."""
        inside = share.node in self.transport.tiles
        spec: Any = part.spec if inside else self._alone(part)
        amount = op.macs if op.kind is OpKind.PRODUCT else max(op.element_ops, op.positions)
        # Rounded up where it does not divide evenly; at the borders between shares so that they add up.
        each = -(-amount // op.positions)
        count = max(1, round(each * share.high) - round(each * share.low))
        if not values:
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
