"""A network laid onto a chip that is smaller than it: a program for each phase, and what is written in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.buffers import give_room
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.multiplex import Block, Phase, Schedule, schedule
from xbarsim.mapping.parking import Parking, Place
from xbarsim.mapping.phases import Division, Parked, divide, parted, pieces, products_of
from xbarsim.mapping.plan import Planner
from xbarsim.mapping.program import Copy, Program, Segment, Step
from xbarsim.mapping.state import Memory
from xbarsim.spec.chip import Chip, Part
from xbarsim.spec.roles import Storage
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.state import kept_outside

KIB = 8192  # bits


@dataclass(frozen=True)
class Multiplexed:
    """A network in phases on a chip.

    program: all phases in one, for looking at; its copies lie where they first come to lie.
    batch: requests that go through each phase together.
    parked_in: the component that keeps results between phases, "" where nothing crosses.
    parked_bits: by phase, of one batch.
    """

    program: Program
    phases: tuple[Program, ...]
    plan: Schedule
    batch: int
    parked_in: str
    parked_bits: tuple[int, ...]

    def cells(self, block: Block) -> int:
        """Cells that hold weights."""
        return self.program.cuts[block.matrix].cells(block.number)

    def words(self) -> str:
        """The schedule in one sentence."""
        blocks = sum(found.blocks for found in self.program.cuts.values())
        staying = sum(len(stay) for stay in self.plan.staying.values())
        written = sum(len(write.slots) for write in self.plan.writes)
        return (
            f"time-multiplexed: {blocks:,} array blocks in {len(self.phases)} phases; {staying:,} stay, the others "
            f"take turns in {self.plan.turning:,} arrays, and {written:,} are written in every pass"
        )


def is_multiplexed(chip: Chip, graph: OpGraph) -> bool:
    """Whether the chip allows it and the network needs it."""
    if not chip.header.mapping.time_multiplex:
        return False
    floor = Floor(chip)
    return sum(floor.cut(matrix).blocks for matrix in graph.matrices.values()) > floor.slots


def map_phases(chip: Chip, graph: OpGraph, activation_bits: int | None, batch: int) -> Multiplexed:
    """Lay a network that does not fit onto a chip, phase by phase.

    Raises: MappingError if there is no room for what phases hand over, or a component that is needed is missing.
    """
    floor = Floor(chip)
    _check(floor, graph)
    graph = _parted(kept_outside(graph), floor)
    cuts = {name: floor.cut(matrix) for name, matrix in graph.matrices.items()}
    plan = _scheduled(graph, floor)
    division = divide(graph, [(phase.first, phase.end) for phase in plan.phases])
    bits = activation_bits or chip.header.precision.activations
    mapper = _Mapper(floor, graph, cuts, plan, division, bits, batch)
    phases, place, kept = mapper.anywhere()
    return Multiplexed(_whole(graph, phases), phases, plan, batch, place, kept)


def _scheduled(graph: OpGraph, floor: Floor) -> Schedule:
    cuts = {name: floor.cut(matrix) for name, matrix in graph.matrices.items()}
    cells = {name: [found.cells(i) for i in range(found.blocks)] for name, found in cuts.items()}
    products = [str(op.matrix) for op in products_of(graph)]
    fewest_phases = floor.chip.header.mapping.phases == "fewest"
    return schedule(products, cells, floor.slots, floor.slots_per_tile, fewest_phases)


def _parted(graph: OpGraph, floor: Floor) -> OpGraph:
    """A layer larger than the chip is scheduled column by column; columns that come to lie in one phase stay
    together, which changes nothing of what is written."""
    found = pieces(graph, floor)
    if not found:
        return graph
    fine = parted(graph, floor, {name: [1] * count for name, count in found.items()})
    plan, products = _scheduled(fine, floor), products_of(fine)
    phase_of = {
        str(op.matrix): number
        for number, phase in reversed(list(enumerate(plan.phases)))
        for op in products[phase.first : phase.end]
    }
    parts = {
        name: list(Counter(phase_of[f"{name}[{i}]"] for i in range(count)).values())
        for name, count in found.items()
    }
    return parted(graph, floor, parts)


def _check(floor: Floor, graph: OpGraph) -> None:
    chip = floor.chip
    if chip.header.mapping.exclusive_tiles:
        raise MappingError(
            f"{graph.name} on {chip.name}: it does not fit, and mapping.time_multiplex and mapping.exclusive_tiles "
            f"exclude one another. Set mapping.exclusive_tiles: false"
        )
    if (floor.beside("pulse_generator") or floor.elsewhere("pulse_generator")) is None:
        raise MappingError(
            f"{graph.name} on {chip.name}: mapping.time_multiplex writes cells during the run, but the chip has no "
            f"'pulse_generator'. Add one to {floor.tile_part.path} or beside it"
        )


class _Full(Exception):
    """A place is too small for what is parked; says how much is missing."""


@dataclass
class _Mapper:
    """Makes the programs of all phases, with parked results in one place or another."""

    floor: Floor
    graph: OpGraph
    cuts: dict[str, Cut]
    plan: Schedule
    division: Division
    bits: int
    batch: int

    def anywhere(self) -> tuple[tuple[Program, ...], str, tuple[int, ...]]:
        """In the tiles' buffers where there is room, else in a memory off the chip."""
        if not self.division.parked:
            return self._programs(None, None), "", tuple(0 for _ in self.plan.phases)
        buffer, memory = self.floor.beside("buffer"), self.floor.elsewhere("memory")
        bits = tuple(self._alive_bits(number) for number in range(len(self.plan.phases)))
        reasons = []
        if buffer is not None:
            try:
                return self._programs(None, buffer), buffer.path, bits
            except _Full as full:
                reasons.append(str(full))
        if memory is not None:
            try:
                self._fits_memory(memory, max(bits))
                return self._programs(memory, buffer), memory.path, bits
            except _Full as full:
                reasons.append(str(full))
        raise MappingError(self._nowhere(reasons, max(bits), memory))

    def _alive(self, number: int) -> list[Parked]:
        return [found for found in self.division.parked if found.made <= number <= found.until]

    def _alive_bits(self, number: int) -> int:
        return sum(found.elements for found in self._alive(number)) * self.bits * self.batch

    def _fits_memory(self, memory: Part, bits: int) -> None:
        size = getattr(memory.spec, "capacity_bits", 0) * self.floor.chip.totals[memory.path]
        if size and bits > size:
            raise _Full(
                f"{memory.path} has {size / KIB:,.4g} KiB for them: {(bits - size) / KIB:,.4g} KiB missing. "
                f"Raise {memory.path}.capacity"
            )

    def _nowhere(self, reasons: list[str], bits: int, memory: Part | None) -> str:
        what = (
            f"{self.graph.name} on {self.floor.chip.name}: results of up to {bits / KIB:,.4g} KiB wait for a later "
            f"phase (batch {self.batch}), and there is no room to park them"
        )
        add = [] if memory is not None else ["add a 'memory' outside the tiles"]
        fix = [*add, "run smaller batches"] if self.batch > 1 else add
        lines = "\n  ".join(reasons or ["the chip has neither a tile buffer nor a memory"])
        return f"{what}\n  {lines}" + (f"\nElse {', or '.join(fix)}." if fix else "")

    # --- programs ------------------------------------------------------------------------------

    def _programs(self, memory: Part | None, buffer: Part | None) -> tuple[Program, ...]:
        parking = Parking(self.floor.chip, memory)
        return tuple(self._program(number, buffer, parking) for number in range(len(self.plan.phases)))

    def _program(self, number: int, buffer: Part | None, parking: Parking) -> Program:
        graph, phase = self.division.graphs[number], self.plan.phases[number]
        cuts = {name: self.cuts[name] for name in graph.matrices}
        copies = {name: (self._copy(name, phase),) for name in graph.matrices}
        planner = Planner(self.floor, graph, cuts, copies, Memory(self.floor), parking)
        steps = planner.steps()
        kept = {} if parking.memory is not None else self._kept(number, parking.places)
        roomy, demand, notes = give_room(self.floor, steps, self.bits, cuts, copies)
        if kept and isinstance(buffer and buffer.spec, Storage):
            self._fits_buffers(buffer, kept, demand)
            roomy, demand, notes = give_room(self.floor, steps, self.bits, cuts, copies, kept)
        return Program(
            self.floor.chip.name, graph, self.bits, cuts, copies, roomy, self.floor.tiles,
            self.floor.slots_per_tile, planner.notes() + notes, demand,
        )  # fmt: skip

    def _copy(self, name: str, phase: Phase) -> Copy:
        """Neighbouring blocks in neighbouring arrays of a tile are one segment."""
        segments: list[Segment] = []
        for number in range(self.cuts[name].blocks):
            tile, slot = divmod(phase.slots[Block(name, number)], self.floor.slots_per_tile)
            last = segments[-1] if segments else None
            if last and (last.tile, last.first_slot + last.blocks) == (self.floor.tiles[tile], slot):
                segments[-1] = replace(last, blocks=last.blocks + 1)
            else:
                segments.append(Segment(self.floor.tiles[tile], slot, number, 1))
        return Copy(tuple(segments))

    def _kept(self, number: int, parked: Mapping[str, Place]) -> dict[str, int]:
        """Bits that are parked in each tile's buffer during a phase."""
        kept: dict[str, float] = {}
        for found in self._alive(number):
            _, homes, _ = parked[found.name]
            for share in (share for home in homes for share in home):
                bits = found.elements * self.bits * self.batch * (share.high - share.low) / len(homes)
                kept[share.node] = kept.get(share.node, 0.0) + bits
        return {tile: -int(-bits // 1) for tile, bits in kept.items()}

    def _fits_buffers(self, buffer: Part, kept: Mapping[str, int], demand: Mapping[str, int]) -> None:
        assert isinstance(buffer.spec, Storage)
        size = buffer.spec.capacity_bits * self.floor.per_tile(buffer)
        needed = {tile: bits + demand.get(tile, 0) for tile, bits in kept.items()}
        over = {tile: bits for tile, bits in needed.items() if size and bits > size}
        if over:
            worst = max(over, key=over.__getitem__)
            raise _Full(
                f"{buffer.path} is too small for them in {len(over):,} of {len(self.floor.tiles):,} tiles; the "
                f"fullest, {worst}, has {size / KIB:,.4g} KiB and needs {over[worst] / KIB:,.4g} KiB, of which "
                f"{kept[worst] / KIB:,.4g} KiB parked: {(over[worst] - size) / KIB:,.4g} KiB missing. "
                f"Raise {buffer.path}.capacity"
            )


def _whole(graph: OpGraph, phases: tuple[Program, ...]) -> Program:
    """All phases as one program; matrices that several phases use lie where the first of them has them."""
    cuts = {name: found for program in phases for name, found in program.cuts.items()}
    copies = {name: found for program in reversed(phases) for name, found in program.copies.items()}
    steps: tuple[Step, ...] = tuple(step for program in phases for step in program.steps)
    demand: dict[str, int] = {}
    for program in phases:
        for tile, bits in program.buffer_demand_bits.items():
            demand[tile] = max(demand.get(tile, 0), bits)
    notes = dict.fromkeys(note for program in phases for note in program.notes)
    first = phases[0]
    return replace(
        first, graph=graph, cuts=cuts, copies={name: copies[name] for name in cuts}, steps=steps,
        notes=(*graph.notes, *notes), buffer_demand_bits=demand,
    )  # fmt: skip
