"""Planning: which component does which operation, where its results are found, and what flows to whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.buffers import NOTHING_KEPT, chunk, give_room
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.heads import Heads
from xbarsim.mapping.outside import Homes, Outside
from xbarsim.mapping.parking import Parking
from xbarsim.mapping.phases import FETCH, PARK
from xbarsim.mapping.place import place
from xbarsim.mapping.plot import Plot
from xbarsim.mapping.program import Copy, Link, Program, Share, Step, skips_last
from xbarsim.mapping.sources import Source, at_one, both, identity, pointwise
from xbarsim.mapping.state import KEPT, Memory, at_once, check_room, reserved
from xbarsim.mapping.streaming import streaming_homes
from xbarsim.mapping.stripes import grid, owners
from xbarsim.mapping.units import by_reason, in_the_tiles, unit_for, why_none
from xbarsim.spec.chip import Chip
from xbarsim.spec.graph import instances
from xbarsim.workload.graph import Op, OpGraph, OpKind, Positions, Window

FUSED = (OpKind.ELEMENTWISE, OpKind.NORMALISATION, OpKind.SOFTMAX)


def map_network(
    chip: Chip, graph: OpGraph, activation_bits: int | None = None, plot: Plot | None = None
) -> Program:
    """Lay a network onto a chip.

    activation_bits: bits of an element of an activation; the chip's own if None.
    plot: what it may use of the chip beside others; all of it if None.
    Raises: MappingError if it does not fit, or a component it needs is missing or out of reach.
    """
    floor = Floor(chip)
    cuts, copies = place(graph, floor, plot)
    bits = activation_bits or chip.header.precision.activations
    planner = Planner(floor, graph, cuts, copies, Memory.of(floor, graph))
    steps = planner.steps()
    kept = planner.state.kept(graph.ops, bits)
    check_room(kept, chip.name)
    taken = Counter(NOTHING_KEPT if plot is None else plot.kept_bits) + Counter(reserved(kept))
    steps, demand, notes = give_room(floor, steps, bits, cuts, copies, taken)
    return Program(
        chip.name,
        graph,
        bits,
        cuts,
        copies,
        steps,
        floor.tiles,
        floor.slots_per_tile,
        graph.notes + planner.notes() + notes,
        dict(Counter(demand) + Counter(reserved(kept))),
        kept,
    )


class Planner:
    """Plans one network whose matrices are placed.

    parking: where results wait for a later phase, of a network that runs in phases.
    """

    def __init__(
        self,
        floor: Floor,
        graph: OpGraph,
        cuts: dict[str, Cut],
        copies: dict[str, tuple[Copy, ...]],
        state: Memory,
        parking: Parking | None = None,
    ):
        self.floor, self.graph, self.cuts, self.copies, self.state = floor, graph, cuts, copies, state
        self.parking, self.outside = parking, Outside(floor)
        self.made: dict[str, Step] = {}
        self.in_step: dict[str, str] = {}  # operation -> step that holds it
        self.free: dict[str, list[Source]] = {}
        self.missing: dict[str, str] = {}
        self.readers = self._readers()
        self.heads = Heads(cuts, floor.chip.header.mapping.partial_sums == "chain")

    def notes(self) -> tuple[str, ...]:
        return (*self.state.notes, *self.outside.remarks)

    def steps(self) -> tuple[Step, ...]:
        for op in self.graph.ops:
            sources = self.sources(op)
            if op.free and op.inputs:
                self.free[op.name] = sources
            elif not self._fuse(op, sources):
                self._step(op, sources)
        if self.missing:
            what = f"{self.graph.name} on {self.floor.chip.name}: no component for"
            raise MappingError(f"{what}\n  {by_reason(self.missing)}")
        self.made = self.state.settle(self.made)
        return tuple(self._by_lines(step) for step in self.made.values())

    def _by_lines(self, step: Step) -> Step:
        """Inputs come line by line: whole lines take turns at the ports."""
        if step.op.kind is not OpKind.INPUT or len(step.homes) == 1:
            return step
        reading = [
            link for other in self.made.values() for link in other.inputs if link.producer == step.name
        ]
        line = np.arange(step.op.positions, dtype=np.int64) // chunk(step, reading)
        return replace(step, owners=line % len(step.homes))

    # --- reading -------------------------------------------------------------------------------

    def sources(self, op: Op) -> list[Source]:
        """All operations whose data the operation really reads, one entry each."""
        found: dict[str, Source] = {}
        for name, need in zip(op.inputs, op.needs, strict=True):
            last, first = need.last_needed(op.positions), need.first_needed(op.positions)
            for source in self.free.get(name) or [identity(name, self.graph.by_name[name].positions)]:
                window = need if isinstance(need, Window) and pointwise(source) else None
                # A need of -1 says that nothing is needed yet.
                through = Source(
                    source.producer,
                    np.where(last < 0, -1, source.last_needed[last]),
                    source.first_needed[np.maximum(first, 0)],
                    window,
                )
                same = found.get(source.producer)
                found[source.producer] = through if same is None else both(same, through)
        return [
            replace(
                s,
                last_needed=np.maximum.accumulate(s.last_needed),
                first_needed=np.minimum.accumulate(s.first_needed[::-1])[::-1],
            )
            for s in found.values()
        ]

    def _readers(self) -> dict[str, int]:
        """Operations that really read each operation's data (free moves looked through)."""
        behind: dict[str, list[str]] = {}
        count = {op.name: 0 for op in self.graph.ops}
        for op in self.graph.ops:
            names = [real for name in dict.fromkeys(op.inputs) for real in behind.get(name, [name])]
            if op.free and op.inputs:
                behind[op.name] = names
            else:
                for name in names:
                    count[name] += 1
        return count

    # --- steps ---------------------------------------------------------------------------------

    def _fuse(self, op: Op, sources: list[Source]) -> bool:
        """Put an operation behind the only one it reads, if it can be done where that one's results lie."""
        if op.kind not in FUSED or len(sources) != 1:
            return False
        source = sources[0]
        step = self.made.get(self.in_step.get(source.producer, ""))
        if step is None or step.op.kind in (OpKind.INPUT, OpKind.GATHER, OpKind.MOVE, OpKind.OUTPUT, *KEPT):
            return False
        if op.expert != step.op.expert:
            return False
        # A sum over the whole vector needs it in one place.
        if op.kind is not OpKind.ELEMENTWISE and any(len(home) > 1 for home in step.homes):
            return False
        alone = step.last.name == source.producer and self.readers[source.producer] == 1
        same = op.positions == step.op.positions and pointwise(source)
        unit = unit_for(self.floor, op)
        if not (alone and same and unit is not None):
            return False
        if not in_the_tiles(self.floor, unit):
            homes = streaming_homes(step, unit, self.floor)
            if homes is None:
                return False
            step = replace(step, homes=homes, made=step.homes)
        elif step.made:
            return False
        self.made[step.name] = replace(
            step, fused=(*step.fused, op), fused_units=(*step.fused_units, unit.path)
        )
        self.in_step[op.name] = step.name
        return True

    def _step(self, op: Op, sources: list[Source]) -> None:
        links = tuple(
            Link(self.in_step[s.producer], op.name, s.last_needed, s.first_needed, window=s.window)
            for s in sources
        )
        unit, homes, owner = self._where(op, links)
        if op.kind is OpKind.STATE:
            self.free[op.name] = [at_one(op.name, op.positions)]
            op, owner = at_once(op), owner[:1]
        self.made[op.name] = Step(op, (), unit, (), homes, owner, links, self._columns(op, links))
        self.in_step[op.name] = op.name

    def _where(self, op: Op, links: tuple[Link, ...]) -> tuple[str, Homes, Positions]:
        """The component, the homes and the owners of an operation's positions."""
        if self.parking is not None and op.state is not None and op.function in (PARK, FETCH):
            return self.parking.place(op, lambda: self._follow(op, links))
        alone = np.zeros(op.positions, dtype=np.int64)
        if op.kind in (OpKind.INPUT, OpKind.OUTPUT, OpKind.GATHER):
            unit, homes = self.outside.tables() if op.kind is OpKind.GATHER else self.outside.door()
            return unit, homes, np.arange(op.positions, dtype=np.int64) % len(homes)
        if op.kind in KEPT:
            return self.state.unit(), (self.state.home(op),), alone
        if op.kind is OpKind.MVM and op.matrix is not None:
            homes = tuple(self.heads.of(op.matrix, copy) for copy in self.copies[op.matrix])
            return "", homes, owners(op, len(homes))
        if op.kind is OpKind.MOVE:
            return "", *self._follow(op, links)
        part = unit_for(self.floor, op)
        if part is None:
            self.missing[op.name] = why_none(self.floor, op)
            return "", self._first_tile(), alone
        if in_the_tiles(self.floor, part):
            return part.path, *self._follow(op, links)
        before = [step for link in links if (step := self.made[link.producer]).op.kind not in KEPT]
        start = before[0].homes[0][0].node if before else self.floor.tiles[0]
        near = self.floor.graph.nearest(start, instances(self.floor.chip, part))
        return part.path, ((Share(near, 0.0, 1.0),),), alone

    def _columns(self, op: Op, links: tuple[Link, ...]) -> int:
        """Row length of an operation's map: its window's, or that of the equal map it reads."""
        rows, columns = grid(op)
        if rows > 1:
            return columns
        before = (self.made[link.producer] for link in links)
        return next((step.columns for step in before if step.op.positions == op.positions), columns)

    def _first_tile(self) -> Homes:
        return ((Share(self.floor.tiles[0], 0.0, 1.0),),)

    def _follow(self, op: Op, links: tuple[Link, ...]) -> tuple[Homes, Positions]:
        """An operation in the tiles is done where its first input's data lies, or where a branch ends that grows
        out of that one (a skip connection is added there); from outside it goes to the first tile."""
        alone = np.zeros(op.positions, dtype=np.int64)
        tiles = set(self.floor.tiles)
        for link in skips_last(self.made, links):
            before = self.made[link.producer]
            if not all(share.node in tiles for home in before.homes for share in home):
                continue
            distinct = list(dict.fromkeys(before.homes))
            number = {home: i for i, home in enumerate(distinct)}
            at = np.array([number[home] for home in before.homes], dtype=np.int64)
            middle = (link.last_needed + link.first_needed) // 2 if link.window is None else link.last_needed
            used, owner = np.unique(at[before.owners[middle]], return_inverse=True)
            return tuple(distinct[i] for i in used), owner.reshape(-1).astype(np.int64)
        return self._first_tile(), alone
