"""The work of training on the engine: errors through the weights backwards, and the steps of updates.

Updates differ from sample to sample by counts: slots, reads, operations. Each different update is a task of its own,
made when it is first asked for; once there are many, counts are done as tasks of 1, 2, 4, … of a kind.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any

from xbarsim.engine.chain import Chain, Par, Seq, Stage, Work
from xbarsim.engine.station import Station
from xbarsim.errors import MappingError
from xbarsim.mapping.backward import LOSS, Backward, BackwardLayer
from xbarsim.mapping.program import Program, Segment
from xbarsim.mapping.transposed import transposed
from xbarsim.scenario.matrix_work import MatrixWork
from xbarsim.scenario.stages import Task, Workshop, use
from xbarsim.scenario.train_parts import TrainingParts
from xbarsim.scenario.train_steps import SampleCounts, Step
from xbarsim.scenario.transport import Transport
from xbarsim.spec.chip import Part
from xbarsim.spec.component import Service

BACKWARD, UPDATE = "backward", "update"  # the first words of operations on the timeline, and in the ledger
MOST_WHOLE = 512  # different updates that are tasks of their own
Phases = tuple[tuple[tuple[str, ...], ...], ...]  # one after another: strands side by side, each of tasks
Slices = tuple[tuple[Segment, float], ...]  # blocks of a layer, with their shares of its weights


class TrainingTasks:
    """All tasks that may be submitted while a network learns, by name.

    works: `error L`: one product backwards; `return L`: its results on their way to the layers before; `loss`;
    `update L n`: a whole update; `L kind array n`: so many of one kind.
    """

    def __init__(self, shop: Workshop, program: Program, way_back: Backward, parts: TrainingParts):
        self.shop, self.program, self.back, self.parts = shop, program, way_back, parts
        self.bits = parts.trainer_spec.error_precision
        self.transport = Transport(shop, self.bits)
        self.array_name = shop.floor.array_part.path.removeprefix(f"{shop.floor.tile_part.path}.")
        self.works: dict[str, Work] = {LOSS: self._loss()}
        self._whole: dict[tuple[str, SampleCounts], str] = {}
        self._add_errors()

    def update(self, layer: str, counts: SampleCounts) -> Phases:
        """Tasks that update a layer by one sample; those that are new are added to `works`."""
        key = (layer, counts)
        if key not in self._whole and len(self._whole) < MOST_WHOLE:
            name = self._whole[key] = f"update {layer} {len(self._whole)}"
            steps = [Par(tuple(self._step(layer, step) for step in phase)) for phase in counts.phases()]
            self.works[name] = Seq(tuple(steps))
        if key in self._whole:
            return (((self._whole[key],),),)
        return tuple(tuple(self._pieces(layer, step) for step in phase) for phase in counts.phases())

    def _pieces(self, layer: str, step: Step) -> tuple[str, ...]:
        names = []
        for part in (1 << power for power in range(step.times.bit_length()) if step.times >> power & 1):
            name = f"{layer} {step.kind} {step.array} {part}"
            if name not in self.works:
                self.works[name] = self._step(layer, replace(step, times=part))
            names.append(name)
        return tuple(names)

    def slices(self, layer: str) -> Slices:
        """Blocks of a layer, and the share of its weights in each."""
        matrix = self._matrix(layer)
        cut, (copy,) = self.program.cuts[matrix], self.program.copies[matrix]
        whole = cut.matrix.weights
        return tuple((s, cut.weights(s.first_block) / whole) for s in copy.segments)

    def _matrix(self, layer: str) -> str:
        matrix = self.back.by_name[layer].op.matrix
        assert matrix is not None
        return matrix

    def _tile(self, layer: str) -> str:
        """Where the scalar work of a layer is done: the tile of its first block."""
        return self.slices(layer)[0][0].tile

    # --- backwards -------------------------------------------------------------------------------

    def _loss(self) -> Work:
        last = next(layer.op.name for layer in self.back.layers if LOSS in layer.after)
        return self._scalar(f"{BACKWARD} {LOSS}", self._tile(last), self.back.loss_ops)

    def _scalar(self, op: str, tile: str, ops: int) -> Work:
        part = self.parts.vector_unit
        if part is None:
            raise MappingError(
                f"{self.shop.floor.chip.name}: {op} has scalar operations to do, and no vector unit is in reach. Add "
                f"one to the tile"
            )
        if part.spec is None or not ops:
            return Chain(())
        service = part.spec.compute(ops)  # type: ignore[attr-defined]
        inside = tile if part.path.startswith(f"{self.shop.floor.tile_part.path}.") else ""
        task = self.shop.step(op, part, service.portion_ps, (use(part, service, 1, part.spec.count),))
        return Chain((task.at(self._station(part, inside)),))

    def _add_errors(self) -> None:
        products = MatrixWork(self.shop, transposed(self.program, self.bits), self.transport)
        for layer in self.back.layers:
            if layer.sends:
                op = f"{BACKWARD} {layer.op.name}"
                self.works[f"error {layer.op.name}"] = products.work(op, self._matrix(layer.op.name), 0)
                self.works[f"return {layer.op.name}"] = self._return(op, layer)

    def _return(self, op: str, layer: BackwardLayer) -> Work:
        """Derivatives, then errors to the tiles of the layers before."""
        here, works = self._tile(layer.op.name), []
        for other in self.back.layers:
            if layer.op.name in other.after:
                bits = other.op.elements * self.bits
                there = self._tile(other.op.name)
                stored = self.transport.store(op, there, bits)
                way = self.transport.way(op, here, there, bits) if here != there else Chain(())
                assert isinstance(way, Chain)
                works.append(Chain((*way.stages, *((stored,) if stored is not None else ()))))
        scalar = self._scalar(op, here, layer.element_ops)
        assert isinstance(scalar, Chain)
        ways: Work = Par(tuple(works))
        return Seq((scalar, ways)) if scalar.stages else ways

    # --- updates ---------------------------------------------------------------------------------

    def _step(self, name: str, step: Step) -> Work:
        layer = self.back.by_name[name]
        if step.kind == "operands":
            return self._operands(layer, step.times)
        if step.kind in ("slots", "lines"):
            return self._driven(layer, step.array, step.times, step.kind == "slots")
        if step.kind == "pulses":
            return self._pulsed(layer, step.array, step.times)
        if step.kind == "reads":
            return self._reads(layer, step.array, step.times)
        memory = step.kind == "memory"
        part = self.parts.memory if memory else self.parts.unit
        if part is None:
            what = "memory traffic, and no 'update_memory'" if memory else "arithmetic, and no 'update_unit'"
            raise MappingError(
                f"{self.shop.floor.chip.name}: updates of {name} take {what} is in {self.shop.floor.tile_part.path}. "
                f"Add one, or write {'update_memory' if memory else 'update_unit'}: ideal"
            )
        return self._digital(layer, part, step.times)

    def _operands(self, layer: BackwardLayer, positions: int) -> Work:
        """Inputs and errors of so many positions, from the buffer of the first tile."""
        matrix = self.program.cuts[self._matrix(layer.op.name)].matrix
        inputs = matrix.rows * matrix.groups * self.program.activation_bits
        errors = matrix.columns * matrix.groups * self.bits
        stage = self.transport.load(
            f"{UPDATE} {layer.op.name}", self._tile(layer.op.name), positions * (inputs + errors)
        )
        return Chain((stage,) if stage is not None else ())

    def _driven(self, layer: BackwardLayer, array: str, times: int, all_lines: bool) -> Work:
        trainer = self.parts.trainer
        spec = self.parts.trainer_spec
        cut = self.program.cuts[self._matrix(layer.op.name)]

        def stage(segment: Segment, share: float) -> Stage:
            slab = cut.slab(segment.first_block, 1)
            service = (
                spec.parallel(times, slab.rows + slab.columns)
                if all_lines
                else spec.line_by_line(self._own(times, layer, slab.rows), slab.columns)
            )
            task = self._task(layer, trainer, service)
            return task.at(self._array(array, segment), self._station(trainer, segment.tile))

        return self._side_by_side(layer, stage)

    def _pulsed(self, layer: BackwardLayer, array: str, time_ps: int) -> Work:
        """So much time for the pulses of lines, on each block for those of its own."""
        cut = self.program.cuts[self._matrix(layer.op.name)]

        def stage(segment: Segment, share: float) -> Stage:
            rows = cut.slab(segment.first_block, 1).rows
            task = self._task(layer, self.parts.trainer, Service(self._own(time_ps, layer, rows)))
            return task.at(self._array(array, segment), self._station(self.parts.trainer, segment.tile))

        return self._side_by_side(layer, stage)

    def _own(self, amount: int, layer: BackwardLayer, rows: int) -> int:
        """Of what a layer's input lines take, the part of so many of them."""
        return ceil(amount * rows / self.program.cuts[self._matrix(layer.op.name)].matrix.rows)

    def _reads(self, layer: BackwardLayer, array: str, times: int) -> Work:
        part = self.parts.arrays[array]  # the weights' own are read by products
        service = part.spec.read_line().times(times)  # type: ignore[union-attr]

        def stage(segment: Segment, share: float) -> Stage:
            return self._task(layer, part, service).at(self._array(array, segment))

        return self._side_by_side(layer, stage)

    def _digital(self, layer: BackwardLayer, part: Part | None, amount: int) -> Work:
        """Arithmetic or memory traffic, shared out over the blocks as the weights are; none where it is ideal."""
        assert part is not None
        if part.spec is None:
            return Chain(())
        spec: Any = part.spec

        def stage(segment: Segment, share: float) -> Stage:
            part_of = max(1, ceil(amount * share - 1e-9))
            service = spec.move(part_of) if part is self.parts.memory else spec.compute(part_of)
            return self._task(layer, part, service).at(self._station(part, segment.tile))

        return self._side_by_side(layer, stage)

    def _side_by_side(self, layer: BackwardLayer, stage: Any) -> Work:
        chains = tuple(Chain((stage(segment, share),)) for segment, share in self.slices(layer.op.name))
        return chains[0] if len(chains) == 1 else Par(chains)

    def _task(self, layer: BackwardLayer, part: Part, service: Service) -> Task:
        return self.shop.task(f"{UPDATE} {layer.op.name}", service.portion_ps, (use(part, service),))

    # --- places ----------------------------------------------------------------------------------

    def _array(self, array: str, segment: Segment) -> Station:
        """The array of a block; the one that forward and backward products take, where it holds the weights."""
        floor = self.shop.floor
        if array in self.parts.arrays:
            part = self.parts.arrays[array]
            assert part.spec is not None
            name = f"{segment.tile}.{part.name}[{segment.first_slot}]"
            return self.shop.station(name, part.path, part.spec, 1, 1, segment.tile)
        name = f"{segment.tile}.{self.array_name}[{segment.first_slot}:{segment.first_slot + 1}]"
        return self.shop.station(name, floor.array_part.path, floor.array, 1, 1, segment.tile)

    def _station(self, part: Part, tile: str) -> Station:
        assert part.spec is not None
        if not tile:
            return self.shop.station(part.path, part.path, part.spec, self.shop.floor.chip.totals[part.path])
        per_tile = max(1, self.shop.floor.per_tile(part))
        if part is self.parts.vector_unit:
            servers = max(1, per_tile // part.spec.count)  # as layers forwards have it
            return self.shop.station(
                f"{tile}.{part.name}", part.path, part.spec, servers, part.spec.count, tile
            )
        return self.shop.station(f"{tile}.{part.name}", part.path, part.spec, per_tile, 1, tile)
