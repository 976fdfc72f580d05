"""The work of one matrix-vector product on the arrays that hold a copy of the matrix."""

from __future__ import annotations

from collections.abc import Mapping

from xbarsim.engine.chain import Chain, Par, Stage, Work
from xbarsim.engine.station import Station
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.joints import Joints
from xbarsim.mapping.program import Program, Segment
from xbarsim.scenario.array_tasks import ArrayTasks, Plan, Reading
from xbarsim.scenario.element_tasks import ElementTasks
from xbarsim.scenario.partial_sums import NOTHING_BEHIND, PartialSums, followed
from xbarsim.scenario.periphery import Periphery, Sharing
from xbarsim.scenario.programming import devices_held
from xbarsim.scenario.stages import Workshop, join
from xbarsim.scenario.transport import Transport


class MatrixWork:
    """Builds the stages of matrix-vector products: tasks once for all copies that are divided alike, stages
    for each copy on its own stations."""

    def __init__(self, shop: Workshop, program: Program, transport: Transport, results: int | None = None):
        """results: that leave the arrays in one step; those of the program if not given."""
        self.shop, self.program, self.transport = shop, program, transport
        self.near = Periphery(shop)
        adc = self.near.spec("adc")
        self.joints = Joints(shop.floor, adc.tiles_joined if adc is not None else 1)
        self.sums = PartialSums(shop, self.near, transport, self.joints)
        if results is None:
            results = self.joints.results(program) if adc is not None and adc.once else 0
        self.tasks = (
            ElementTasks(shop, self.near, program.activation_bits, _products(program))
            if shop.floor.digital
            else ArrayTasks(shop, self.near, program.activation_bits, results)
        )
        if isinstance(self.tasks, ElementTasks):
            self.tasks.check_capacity(devices_held(shop.floor, program))
        self._plans: dict[tuple[str, str, int, int, int, int, bool], Plan] = {}

    def work(self, op: str, matrix: str, number: int, behind: Mapping[str, Work] = NOTHING_BEHIND) -> Work:
        """One product on one copy: all its tiles, then the partial sums brought together.

        behind: what results that are complete in a tile go through next, value by value.
        """
        cut, copy = self.program.cuts[matrix], self.program.copies[matrix][number]
        label = f"{matrix}#{number}"
        by_tile: dict[str, list[Segment]] = {}
        for segment in copy.segments:
            by_tile.setdefault(segment.tile, []).append(segment)
        joined = self.joints.joined(cut, copy)
        works = {tile: self._tile(op, label, cut, segments, joined) for tile, segments in by_tile.items()}
        sums = self.sums.between_tiles(op, cut, copy, behind)
        if sums is None:
            works = {tile: followed(work, behind.get(tile)) for tile, work in works.items()}
        tiles = Par(tuple(works.values())) if len(works) > 1 else works[copy.segments[0].tile]
        return join([tiles, sums]) if sums is not None else tiles

    def _tile(self, op: str, label: str, cut: Cut, segments: list[Segment], joined: frozenset[int]) -> Work:
        """The part of a product that one tile does: its segments side by side, then what they sum up together."""
        chains = tuple(
            Chain(self._segment(op, label, cut, segment, segment.first_block not in joined))
            for segment in segments
        )
        if len(chains) == 1:
            return chains[0]
        add = None if self.shop.floor.digital else self.sums.between_segments(op, cut, segments)
        return join([Par(chains), *([Chain((add,))] if add is not None else [])])

    def _segment(self, op: str, label: str, cut: Cut, segment: Segment, converted: bool) -> tuple[Stage, ...]:
        """The part of a product that neighbouring arrays of one tile do."""
        slab = cut.slab(segment.first_block, segment.blocks)
        # Input vector from the tile's buffer over its bus into the input registers, all at once.
        each = self.program.activation_bits
        filled = tuple(elements * each for elements in self.near.filled(cut, segment))
        fetch = self.transport.fetch(op, segment.tile, slab.inputs * each, self.near.roles, filled)
        sharing = self.near.sharing(segment.first_slot, segment.blocks)
        stations = self._stations(label, segment, sharing)
        plan = self._plan(op, cut, segment, sharing, converted)
        stages = [task.at(*(s for role in roles for s in stations[role])) for roles, task in plan]
        # Digital elements keep adding to the sums that stand in them.
        add = None if self.shop.floor.digital else self.sums.within_tile(op, segment.tile, slab)
        return tuple(stage for stage in (fetch, *stages, add) if stage is not None)

    def _plan(self, op: str, cut: Cut, segment: Segment, sharing: Sharing, converted: bool) -> Plan:
        first, blocks = segment.first_block, segment.blocks
        key = (op, cut.matrix.name, first, blocks, sharing.most, len(sharing.converters), converted)
        if key not in self._plans:
            slab = cut.slab(first, blocks)
            reading = Reading(
                op, slab, blocks, sharing, cut.cells_per_weight, cut.lines_per_weight, converted, cut.matrix
            )
            self._plans[key] = self.tasks.plan(reading)
        return self._plans[key]

    def _stations(self, label: str, segment: Segment, sharing: Sharing) -> dict[str, tuple[Station, ...]]:
        """The stations of a segment by role: its arrays, and what serves them."""
        if isinstance(self.tasks, ElementTasks):
            return self.tasks.stations(segment.tile)
        near, tile, blocks = self.near, segment.tile, segment.blocks
        name = f"{tile}.{near.array_name}[{segment.first_slot}:{segment.first_slot + blocks}]"
        array = self.shop.station(name, near.array.path, self.shop.floor.array, 1, blocks, tile)
        found = {"array": (array,)}
        for role in near.stations:
            part = near.part(role)
            if role == "adc" and sharing.converters:
                names, in_step = [f"{tile}.{part.name}[{i}]" for i in sharing.converters], 1
            else:
                names = [f"{tile}.{part.name}@{label}[{segment.first_block}]"]
                in_step = max(1, round(near.engaged(part, blocks)))
            spec = near.spec(role)
            found[role] = tuple(self.shop.station(n, part.path, spec, 1, in_step, tile) for n in names)
        return found


def _products(program: Program) -> dict[str, int]:
    """Products of one request, by operation; as many as ever, for the peak."""
    counted = {op.name: op.positions for op in program.graph.ops if op.matrix is not None}
    return counted or dict.fromkeys(["peak"], 1 << 30)
