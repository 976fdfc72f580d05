"""Moving data: fetching inputs inside a tile, ways through the network, trees to many readers."""

from __future__ import annotations

from dataclasses import dataclass

from xbarsim.engine.chain import Chain, Par, Seq, Stage, Work
from xbarsim.engine.station import Station
from xbarsim.mapping.plan import OUTSIDE
from xbarsim.mapping.program import Share
from xbarsim.scenario.stages import Use, Workshop, join, use
from xbarsim.spec.chip import Part
from xbarsim.spec.graph import Hop
from xbarsim.units import beats


@dataclass(frozen=True)
class Reader:
    """A place that reads the part low to high (of 0 to 1) of every vector, of `share` of the vectors sent."""

    node: str
    low: float
    high: float
    share: float = 1.0


class Transport:
    def __init__(self, shop: Workshop, bits: int):
        self.shop, self.bits = shop, bits
        self.tiles = frozenset(shop.floor.tiles)
        self.buffer = shop.floor.beside("buffer")

    # --- inside a tile -------------------------------------------------------------------------

    def fetch(self, op: str, tile: str, bits: int, near: dict[str, Part | None], blocks: int) -> Stage | None:
        """Buffer port, bus and input registers together, for as long as the slowest needs."""
        stations: list[Station] = []
        uses: list[Use] = []
        times = []
        for role, part in (
            ("buffer", near["buffer"]),
            ("bus", near["bus"]),
            ("input_register", near["input_register"]),
        ):
            if part is None or part.spec is None:
                continue
            if role == "input_register":
                arrays = self.shop.floor.per_scope(part)
                sides = max(1, -(-blocks // arrays)) * part.count
                service = part.spec.write(-(-bits // sides))  # type: ignore[attr-defined]
                uses.append(use(part, part.spec.write(bits), 1, sides))  # type: ignore[attr-defined]
            else:
                service = part.spec.read(bits) if role == "buffer" else part.spec.carry(bits)  # type: ignore[attr-defined]
                uses.append(use(part, service, 1, 1.0))
                stations.append(self._local(tile, part, getattr(part.spec, "ports", 1)))
            times.append(service.portion_ps)
        if not uses:
            return None
        return self.shop.step(op, tuple(stations), self.shop.floor.array_part, max(times), tuple(uses))

    def _local(self, tile: str, part: Part, servers: int) -> Station:
        """A component of a tile; equal ones in the same tile serve as one station with more servers."""
        assert part.spec is not None
        count = max(1, self.shop.floor.per_tile(part))
        return self.shop.station(f"{tile}.{part.name}", part.path, part.spec, servers * count, 1, tile)

    def load(self, op: str, node: str, bits: int) -> Stage | None:
        """Operands from the tile's buffer into a digital unit."""
        if self.buffer is None or self.buffer.spec is None or node not in self.tiles or not bits:
            return None
        service = self.buffer.spec.read(bits)  # type: ignore[attr-defined]
        return self._buffer_stage(op, node, service)

    def store(self, op: str, node: str, bits: int) -> Stage | None:
        """Data that arrives at a tile is written into its buffer."""
        if self.buffer is None or self.buffer.spec is None or node not in self.tiles or not bits:
            return None
        return self._buffer_stage(op, node, self.buffer.spec.write(bits))  # type: ignore[attr-defined]

    def _buffer_stage(self, op: str, node: str, service) -> Stage:  # type: ignore[no-untyped-def]
        assert self.buffer is not None and self.buffer.spec is not None
        station = self._local(node, self.buffer, self.buffer.spec.ports)  # type: ignore[attr-defined]
        return self.shop.step(op, (station,), self.buffer, service.portion_ps, (use(self.buffer, service),))

    # --- through the network -------------------------------------------------------------------

    def way(self, op: str, source: str, target: str, bits: int) -> Work:
        hops = self.shop.floor.graph.way(source, target)
        return Chain(tuple(stage for hop in hops if (stage := self._hop(op, hop, bits)) is not None))

    def _hop(self, op: str, hop: Hop, bits: int) -> Stage | None:
        """One link: the message passes flit by flit, so that it may be on several links at once."""
        if hop.channel is None:
            return None
        width = hop.channel.width_bits * hop.channel.channels
        flits = beats(bits, width)
        service = hop.channel.carry(bits)
        path = f"{hop.label}.{hop.channel.kind}"
        uses = [Use(path, hop.channel, service)]
        delay_ps = hop.latency_ps
        if hop.router is not None:
            uses.append(Use(f"{hop.label}.router", hop.router, hop.router.forward(bits)))
            delay_ps += hop.router.latency_ps
        station = self.shop.station(hop.station, path, hop.channel)
        return self.shop.stage(
            op,
            (station,),
            hop.channel.carry(width).portion_ps,
            tuple(uses),
            portions=flits,
            delay_ps=delay_ps,
        )

    def spread(
        self, op: str, sources: tuple[Share, ...], readers: tuple[Reader, ...], vector_bits: int
    ) -> Work:
        """From all places where a vector lies to all places that read it (or parts of it)."""
        works = [self._from(op, share, readers, vector_bits) for share in sources]
        return works[0] if len(works) == 1 else Par(tuple(works))

    def _from(self, op: str, share: Share, readers: tuple[Reader, ...], vector_bits: int) -> Work:
        wanted: dict[str, Piece] = {}
        for reader in readers:
            low, high = max(share.low, reader.low), min(share.high, reader.high)
            if high - low > 1e-12:
                wanted[reader.node] = Piece(low, high, reader.share, vector_bits)
        here = {n: p for n, p in wanted.items() if n == share.node or OUTSIDE in (n, share.node)}
        away = {n: p for n, p in wanted.items() if n not in here}
        branches = [self._arrive(op, node, piece.bits) for node, piece in here.items()]
        branches += self._trees(op, share.node, away)
        return branches[0] if len(branches) == 1 else Par(tuple(branches))

    def _arrive(self, op: str, node: str, bits: int) -> Work:
        stage = self.store(op, node, bits)
        return Chain((stage,) if stage is not None else ())

    def _trees(self, op: str, source: str, wanted: dict[str, Piece]) -> list[Work]:
        """One tree for all readers where routers copy messages, else one way for each."""
        ways = {node: self.shop.floor.graph.way(source, node) for node in wanted}
        copying = all(hop.router is None or hop.router.multicast for hops in ways.values() for hop in hops)
        if len(wanted) < 2 or not copying:
            return [
                join([self.way(op, source, node, piece.bits), self._arrive(op, node, piece.bits)])
                for node, piece in wanted.items()
            ]
        return [self._branch(op, {node: (hops, wanted[node]) for node, hops in ways.items()})]

    def _branch(self, op: str, ways: dict[str, tuple[tuple[Hop, ...], Piece]]) -> Work:
        """The part of a tree from here on: arrivals, and one sub-tree for each next hop."""
        works = [self._arrive(op, node, piece.bits) for node, (hops, piece) in ways.items() if not hops]
        nexts: dict[str, dict[str, tuple[tuple[Hop, ...], Piece]]] = {}
        for node, (hops, piece) in ways.items():
            if hops:
                nexts.setdefault(hops[0].target, {})[node] = (hops, piece)
        for group in nexts.values():
            hop = next(iter(group.values()))[0][0]
            stage = self._hop(op, hop, together([piece for _, piece in group.values()]))
            rest = self._branch(op, {node: (hops[1:], piece) for node, (hops, piece) in group.items()})
            works.append(_prepend(stage, rest))
        return works[0] if len(works) == 1 else Par(tuple(works))


@dataclass(frozen=True)
class Piece:
    """What one reader needs of a message: low to high of each vector, of `share` of the vectors."""

    low: float
    high: float
    share: float
    message_bits: int

    @property
    def bits(self) -> int:
        return max(1, round((self.high - self.low) * self.share * self.message_bits))


def together(pieces: list[Piece]) -> int:
    """Bits that a link carries for several readers behind it: what they need together, once.

    Parts of vectors are united exactly; readers of different vectors of a line are taken as disjoint, up to the
    whole line (stripes overlap only by the reach of a window).
    """
    union, end = 0.0, 0.0
    for piece in sorted(pieces, key=lambda piece: piece.low):
        union += max(0.0, piece.high - max(piece.low, end))
        end = max(end, piece.high)
    return max(1, round(min(sum(p.bits for p in pieces), union * pieces[0].message_bits)))


def _prepend(stage: Stage | None, work: Work) -> Work:
    """A stage before a piece of work; chains grow, so that messages pass through without stopping."""
    if stage is None:
        return work
    if isinstance(work, Chain):
        return Chain((stage, *work.stages))
    if isinstance(work, Seq) and isinstance(work.parts[0], Chain):
        return Seq((Chain((stage, *work.parts[0].stages)), *work.parts[1:]))
    return Seq((Chain((stage,)), work))
