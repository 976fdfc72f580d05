"""Where a network's state is kept: keys and values of earlier tokens, on the chip or in memory beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xbarsim.errors import MappingError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Kept, Program, Share, Step
from xbarsim.spec.chip import Part
from xbarsim.spec.graph import instances
from xbarsim.workload.graph import Op, OpGraph, OpKind
from xbarsim.workload.growth import grown

KEPT = (OpKind.STATE, OpKind.STORE)
UNDECIDED = "undecided"  # the node of what is kept beside its reader, until that has its place
Home = tuple[Share, ...]
_UNDECIDED = (Share(UNDECIDED, 0.0, 1.0),)


def at_once(op: Op) -> Op:
    """State is read by one job, however many tokens it is of: they lie one behind the other in memory."""
    if op.kind is not OpKind.STATE:
        return op
    growth = op.growth
    if growth is not None:
        growth = replace(growth, positions=0, width=grown(op, 1).elements - op.elements, needs=())
    return replace(op, positions=1, width=op.elements, growth=growth)


@dataclass
class Memory:
    """Finds the homes of a network's state, the same for every network that names the same parts.

    part: the buffers or the memory; None where the network keeps nothing.
    """

    floor: Floor
    place: str = ""
    part: Part | None = None
    notes: tuple[str, ...] = ()
    homes: dict[str, Home] = field(default_factory=dict)  # by part of the state

    @classmethod
    def of(cls, floor: Floor, *graphs: OpGraph) -> Memory:
        """Raises: MappingError if there is state, and no memory for it, or a choice that nobody made."""
        states = dict.fromkeys(str(op.state) for graph in graphs for op in graph.ops if op.kind in KEPT)
        if not states:
            return cls(floor)
        found = {"on_chip": floor.beside("buffer"), "off_chip": floor.elsewhere("memory")}
        there = {place: part for place, part in found.items() if part is not None}
        asked = floor.chip.header.mapping.kv_cache
        if asked is None and len(there) == 1:
            (place, part) = next(iter(there.items()))
            note = (
                f"keys and values are kept {_WORDS[place]} ({part.path}): the chip describes no other place"
            )
            return cls(floor, place, part, (note,))
        if asked is None or asked not in there:
            raise MappingError(_no_place(floor, graphs[-1].name, list(states), asked, there))
        return cls(floor, asked, there[asked])

    def unit(self) -> str:
        """Path of the component at whose ports state is read and written; none in the tiles."""
        return self.part.path if self.part is not None and self.place == "off_chip" else ""

    def home(self, op: Op) -> Home:
        """Where an operation's state is: parts take the instances of a memory in turn."""
        state = str(op.state)
        if self.place == "on_chip":
            return self.homes.get(state, _UNDECIDED)
        if state not in self.homes:
            assert self.part is not None
            ports = instances(self.floor.chip, self.part)
            self.homes[state] = (Share(ports[len(self.homes) % len(ports)], 0.0, 1.0),)
        return self.homes[state]

    def settle(self, made: Mapping[str, Step]) -> dict[str, Step]:
        """The steps with all state in its place: beside the first unit that reads it, or else where what is
        stored has been made."""
        for step in made.values():
            for link in step.inputs if step.op.matrix is None else ():
                self._beside(made[link.producer], step)
        for step in made.values():
            if step.op.kind is OpKind.STORE:
                self._beside(step, made[step.inputs[0].producer])
        first = (Share(self.floor.tiles[0], 0.0, 1.0),)
        return {
            name: replace(step, homes=(self.homes.setdefault(str(step.op.state), first),))
            if step.op.kind in KEPT
            else step
            for name, step in made.items()
        }

    def _beside(self, kept: Step, other: Step) -> None:
        tiles = set(self.floor.tiles)
        if kept.op.kind in KEPT and all(share.node in tiles for share in other.homes[0]):
            self.homes.setdefault(str(kept.op.state), other.homes[0])

    def kept(self, ops: tuple[Op, ...], activation_bits: int, requests: int = 1) -> Kept | None:
        """What operations, with the longest context that will be, keep for each of so many requests."""
        if self.part is None:
            return None
        bits: dict[str, int] = {}
        for op in ops:
            for share in self.homes[str(op.state)] if op.kind in KEPT else ():
                low, high = (round(op.elements * end) for end in (share.low, share.high))
                bits[share.node] = bits.get(share.node, 0) + (high - low) * activation_bits
        each = self.floor.per_tile(self.part) if self.place == "on_chip" else 1
        size = getattr(self.part.spec, "capacity_bits", 0) or 0
        return Kept(self.place, self.part.path, dict(self.homes), bits, size * each, requests)


_WORDS = {"on_chip": "on the chip", "off_chip": "off the chip"}
_ADD = (
    "Add a buffer to the tile (kind: buffer.sram) for 'mapping: {kv_cache: on_chip}', or a memory "
    "(kind: memory.dram) with a link to the tiles for 'mapping: {kv_cache: off_chip}'"
)


def _no_place(
    floor: Floor, network: str, states: list[str], asked: str | None, there: Mapping[str, Part]
) -> str:
    more = f" and {len(states) - 1} more" if len(states) > 1 else ""
    head = f"{network} on {floor.chip.name}: {states[0]}{more}: state that is kept from token to token"
    if not there:
        return f"{head} needs a memory; the chip has none. {_ADD}"
    if asked is not None:
        kind = "buffer in its tiles" if asked == "on_chip" else "memory"
        other = next(iter(there))
        return (
            f"{head} needs a {kind} for mapping.kv_cache: {asked}; the chip has none. Add one, or set "
            f"mapping.kv_cache: {other} ({there[other].path})"
        )
    choices = " or ".join(f"'mapping: {{kv_cache: {place}}}' ({part.path})" for place, part in there.items())
    return f"{head} needs a place, and mapping.kv_cache is not given. Add {choices}"


def at_context(program: Program, length: int) -> Program:
    """The program of a step with so many tokens of context; matrices, homes and links stay as they are.

    Raises: MappingError where more than what is read from memory grows in positions.
    """
    graph = program.graph.at_context(length)
    assert program.graph.context is not None
    more = length - program.graph.context.at
    for step in program.steps:
        if any(op.growth is not None and op.growth.positions for op in (step.op, *step.fused)):
            raise MappingError(
                f"{program.graph.name} on {program.chip}: {step.name} ({step.op.function}) is done anew for every "
                f"token of {graph.context.name if graph.context else ''}; keep its result in the network's state"
            )
    return replace(program, graph=graph, steps=tuple(_grown(step, more) for step in program.steps))


def _grown(step: Step, more: int) -> Step:
    if all(op.growth is None for op in (step.op, *step.fused)):
        return step
    return replace(step, op=grown(step.op, more), fused=tuple(grown(op, more) for op in step.fused))


def reserved(kept: Kept | None) -> dict[str, int]:
    """Bits of each tile's buffer that state takes."""
    if kept is None or kept.place != "on_chip":
        return {}
    return {tile: bits * kept.requests for tile, bits in kept.bits.items()}


def check_room(kept: Kept | None, chip: str) -> None:
    """Raises: MappingError if an instance of a memory keeps less than it must; tiles are checked with their
    other contents."""
    if kept is None or kept.place == "on_chip" or not kept.capacity_bits:
        return
    worst = max(kept.bits, key=kept.bits.__getitem__)
    needed = kept.bits[worst] * kept.requests
    if needed > kept.capacity_bits:
        raise MappingError(
            f"{chip}: keys and values of {kept.requests} requests need {_kib(needed)} KiB in {worst}, which keeps "
            f"{_kib(kept.capacity_bits)} KiB: {_kib(needed - kept.capacity_bits)} KiB missing. Raise "
            f"{kept.part}.capacity, or let in fewer requests at a time: {kept.capacity_bits // kept.bits[worst]} fit"
        )


def _kib(bits: int) -> str:
    return f"{bits / 8192:.6g}"
