"""Moving data: fetching inputs inside a tile, ways through the network, trees to many readers.

Equal things are one thing: a task is priced once for all links of a kind, a stage made once for all messages
of an operation that are equally long, a delivery once for all copies that have the same to send.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NamedTuple

from xbarsim.engine.chain import Chain, Par, Seq, Stage, Work
from xbarsim.engine.station import Station
from xbarsim.mapping.outside import OUTSIDE
from xbarsim.mapping.program import Share
from xbarsim.scenario.stages import Task, Use, Workshop, use
from xbarsim.spec.chip import Part
from xbarsim.spec.ways import Hop, Hops
from xbarsim.units import beats


class Reader(NamedTuple):
    """A place that reads the part low to high (of 0 to 1) of every vector, of `share` of the vectors sent."""

    node: str
    low: float
    high: float
    share: float = 1.0


class Piece(NamedTuple):
    """What one reader needs of a message of `message_bits`: low to high of some of its vectors."""

    node: str
    hops: Hops  # that lead there
    low: float
    high: float
    bits: int
    message_bits: int


_low = attrgetter("low")


class Transport:
    def __init__(self, shop: Workshop, bits: int):
        self.shop, self.bits = shop, bits
        self.tiles = frozenset(shop.floor.tiles)
        self.buffer = shop.floor.beside("buffer")
        self.copying = all(
            connection.router is None or connection.router.multicast
            for part in shop.floor.chip.root.walk()
            for connection in part.connect
        )
        self._tasks: dict[tuple[Any, ...], Task] = {}
        self._stages: dict[tuple[Any, ...], Stage] = {}
        self._links: dict[tuple[str, int], dict[Hop, Stage | None]] = {}  # (operation, bits) -> its stages
        self._spread: dict[tuple[str, tuple[Share, ...], tuple[Reader, ...], int], Work] = {}

    # --- inside a tile -------------------------------------------------------------------------

    def fetch(
        self, op: str, tile: str, bits: int, near: dict[str, Part | None], filled: tuple[int, ...]
    ) -> Stage | None:
        """Buffer port, bus and input registers together, for as long as the slowest needs.

        filled: bits that the registers of each scope take; what several need passes the bus once for all.
        """
        here = [near[role] for role in ("buffer", "bus", "input_register")]
        parts = [part for part in here if part is not None and part.spec is not None]
        if not parts:
            return None
        key = ("fetch", op, tile, bits, filled)
        if key not in self._stages:
            stations = [self._local(tile, part) for part in parts if part.role != "input_register"]
            self._stages[key] = self._fetching(op, bits, parts, filled).at(*stations)
        return self._stages[key]

    def _fetching(self, op: str, bits: int, parts: list[Part], filled: tuple[int, ...]) -> Task:
        key = ("fetch", op, bits, filled)
        if key not in self._tasks:
            uses, times = [], []
            for part in parts:
                spec: Any = part.spec
                if part.role == "input_register":
                    times.append(spec.write(-(-max(filled) // part.count)).portion_ps)
                    uses.append(use(part, spec.write(sum(filled)), 1, len(filled) * part.count))
                else:
                    service = spec.read(bits) if part.role == "buffer" else spec.carry(bits)
                    times.append(service.portion_ps)
                    uses.append(use(part, service))
            self._tasks[key] = self.shop.step(op, self.shop.floor.array_part, max(times), tuple(uses))
        return self._tasks[key]

    def _local(self, tile: str, part: Part) -> Station:
        """A component of a tile; equal ones in the same tile serve as one station with more servers."""
        spec: Any = part.spec
        servers = getattr(spec, "ports", 1) * max(1, self.shop.floor.per_tile(part))
        return self.shop.station(f"{tile}.{part.name}", part.path, spec, servers, 1, tile)

    def load(self, op: str, node: str, bits: int) -> Stage | None:
        """Operands from the tile's buffer into a digital unit."""
        return self._buffered("read", op, node, bits)

    def fetched(self, op: str, home: tuple[Share, ...], bits: int) -> Work:
        """Read from the buffers of all tiles where the parts of a vector of so many bits are kept."""
        reads = [self.load(op, share.node, part_of(bits, share)) for share in home]
        return Par(tuple(Chain((stage,)) for stage in reads if stage is not None))

    def store(self, op: str, node: str, bits: int) -> Stage | None:
        """Data that arrives at a tile is written into its buffer."""
        return self._buffered("write", op, node, bits)

    def _buffered(self, access: str, op: str, node: str, bits: int) -> Stage | None:
        part = self.buffer
        if part is None or part.spec is None or node not in self.tiles or not bits:
            return None
        key = (access, op, node, bits)
        stage = self._stages.get(key)
        if stage is None:
            task = self._tasks.get((access, op, bits))
            if task is None:
                service = getattr(part.spec, access)(bits)
                task = self.shop.step(op, part, service.portion_ps, (use(part, service),))
                self._tasks[access, op, bits] = task
            stage = self._stages[key] = task.at(self._local(node, part))
        return stage

    # --- through the network -------------------------------------------------------------------

    def way(self, op: str, source: str, target: str, bits: int) -> Work:
        return Chain(tuple(self._along(op, self.shop.floor.graph.way(source, target), bits)))

    def _along(self, op: str, hops: Hops, bits: int) -> list[Stage]:
        """Stages of a message on its way; ideal links have none."""
        known = self._links.get((op, bits))
        if known is None:
            known = self._links[op, bits] = {}
        stages = []
        for hop in hops:
            if hop not in known:
                known[hop] = self._hop(op, hop, bits)
            if (stage := known[hop]) is not None:
                stages.append(stage)
        return stages

    def _hop(self, op: str, hop: Hop, bits: int) -> Stage | None:
        if hop.channel is None:
            return None
        key = ("hop", op, bits, hop.label, hop.router is None)
        if key not in self._tasks:
            self._tasks[key] = self._passing(op, hop, bits)
        station = self.shop.station(hop.station, f"{hop.label}.{hop.channel.kind}", hop.channel)
        return self._tasks[key].at(station)

    def _passing(self, op: str, hop: Hop, bits: int) -> Task:
        """One link: the message passes flit by flit, so that it may be on several links at once."""
        width = hop.channel.width_bits * hop.channel.channels
        uses = [Use(f"{hop.label}.{hop.channel.kind}", hop.channel, hop.channel.carry(bits))]
        delay_ps = hop.latency_ps
        if hop.router is not None:
            uses.append(Use(f"{hop.label}.router", hop.router, hop.router.forward(bits)))
            delay_ps += hop.router.latency_ps
        flit_ps = hop.channel.carry(width).portion_ps
        return self.shop.task(op, flit_ps, tuple(uses), portions=beats(bits, width), delay_ps=delay_ps)

    def spread(
        self, op: str, sources: tuple[Share, ...], readers: tuple[Reader, ...], vector_bits: int
    ) -> Work:
        """From all places where a vector lies to all places that read it (or parts of it)."""
        key = (op, sources, readers, vector_bits)
        if key not in self._spread:
            works = [self._from(op, share, readers, vector_bits) for share in sources]
            self._spread[key] = works[0] if len(works) == 1 else Par(tuple(works))
        return self._spread[key]

    def _from(self, op: str, share: Share, readers: tuple[Reader, ...], vector_bits: int) -> Work:
        branches: list[Work] = []
        away = []
        for node, low, high, part in readers:
            if high <= share.low or low >= share.high:
                continue
            low, high = max(share.low, low), min(share.high, high)
            if high - low <= 1e-12:
                continue
            bits = max(1, round((high - low) * part * vector_bits))
            if node == share.node or OUTSIDE in (node, share.node):
                branches.append(self._alone(op, Piece(node, (), low, high, bits, vector_bits)))
            else:
                hops = self.shop.floor.graph.way(share.node, node)
                away.append(Piece(node, hops, low, high, bits, vector_bits))
        branches += self._trees(op, away)
        return branches[0] if len(branches) == 1 else Par(tuple(branches))

    def _trees(self, op: str, away: list[Piece]) -> list[Work]:
        """One tree for all readers where routers copy messages, else one way for each."""
        copying = self.copying or all(
            hop.router is None or hop.router.multicast for piece in away for hop in piece.hops
        )
        if len(away) < 2 or not copying:
            return [self._alone(op, piece) for piece in away]
        return [self._branch(op, away, 0)]

    def _alone(self, op: str, piece: Piece, depth: int = 0) -> Chain:
        """The rest of the way of a piece from a depth on, and its arrival."""
        stages = self._along(op, piece.hops[depth:], piece.bits)
        stored = self.store(op, piece.node, piece.bits)
        if stored is not None:
            stages.append(stored)
        return Chain(tuple(stages))

    def _branch(self, op: str, pieces: list[Piece], depth: int) -> Work:
        """The part of a tree from a depth on: arrivals, and one sub-tree for each next hop."""
        works: list[Work] = []
        onward: dict[Hop, list[Piece]] = {}
        for piece in pieces:
            hops = piece.hops
            if len(hops) == depth:
                works.append(self._alone(op, piece, depth))
            elif hops[depth] in onward:
                onward[hops[depth]].append(piece)
            else:
                onward[hops[depth]] = [piece]
        works += [self._stem(op, group, depth) for group in onward.values()]
        return works[0] if len(works) == 1 else Par(tuple(works))

    def _stem(self, op: str, pieces: list[Piece], depth: int) -> Work:
        """The hops that pieces go together, then their branches; chains grow, so that messages pass through
        without stopping."""
        if len(pieces) == 1:
            return self._alone(op, pieces[0], depth)
        end = _part_at(pieces, depth)
        stages = tuple(self._along(op, pieces[0].hops[depth:end], together(pieces)))
        rest = self._branch(op, pieces, end)
        return Seq((Chain(stages), rest)) if stages else rest


def part_of(bits: int, share: Share) -> int:
    """A share of so many bits, rounded so that all shares add up to them."""
    return round(bits * share.high) - round(bits * share.low)


def _part_at(pieces: list[Piece], depth: int) -> int:
    """The depth at which pieces that go the same way part, or the first of them arrives."""
    hops = pieces[0].hops
    end = min(len(piece.hops) for piece in pieces)
    for piece in pieces[1:]:
        at = depth
        while at < end and piece.hops[at] is hops[at]:
            at += 1
        end = at
    return end


def together(pieces: list[Piece]) -> int:
    """Bits that a link carries for several readers behind it: what they need together, once.

    Parts of vectors are united exactly; readers of different vectors of a line are taken as disjoint, up to the
    whole line (stripes overlap only by the reach of a window).
    """
    union, end, bits = 0.0, 0.0, 0
    for piece in sorted(pieces, key=_low):
        bits += piece.bits
        if piece.high > end:
            union += piece.high - max(piece.low, end)
            end = piece.high
    return max(1, round(min(bits, union * pieces[0].message_bits)))
