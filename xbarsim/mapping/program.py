"""Program: a network laid onto a chip, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from xbarsim.mapping.blocks import Cut
from xbarsim.workload.graph import Op, OpGraph, OpKind, Positions, Window


@dataclass(frozen=True)
class Segment:
    """Neighbouring blocks of one copy of a matrix, in neighbouring array slots of one tile."""

    tile: str
    first_slot: int
    first_block: int
    blocks: int


@dataclass(frozen=True)
class Copy:
    """One whole copy of a matrix."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Share:
    """Where a part (low to high, of 0 to 1) of every result vector is found."""

    node: str
    low: float
    high: float


@dataclass(frozen=True)
class Link:
    """Data that one step reads from another.

    last_needed, first_needed: positions of the producer, by position of the consumer.
    capacity: positions that the reader keeps; None if the chip describes no buffer there.
    window: the sliding window by which the consumer reads, if it does.
    """

    producer: str
    consumer: str
    last_needed: Positions
    first_needed: Positions
    capacity: int | None = None
    window: Window | None = None


@dataclass(frozen=True)
class Step:
    """An operation with the operations fused behind it, and where its results are found.

    unit: path of the component that computes it ("" for matrix products on arrays, io, moves).
    homes: for each copy of the work, the shares of the result vector.
    owners: the home that does each position.
    columns: positions in one row of its map; all of them where it is no map.
    made: the homes of the product itself, where a streaming unit elsewhere takes its results over.
    """

    op: Op
    fused: tuple[Op, ...]
    unit: str
    fused_units: tuple[str, ...]
    homes: tuple[tuple[Share, ...], ...]
    owners: Positions
    inputs: tuple[Link, ...]
    columns: int
    made: tuple[tuple[Share, ...], ...] = ()

    @property
    def name(self) -> str:
        return self.op.name

    @property
    def last(self) -> Op:
        return self.fused[-1] if self.fused else self.op


@dataclass(frozen=True)
class Kept:
    """What a network keeps in memory from one run to the next: keys and values of earlier tokens.

    place: "on_chip" or "off_chip"; part: path of the component that keeps it.
    homes: for each part of the state, the shares of its every vector.
    bits: of one request at its longest, by node; capacity_bits: of a node, 0 where nothing limits it.
    requests: whose state is kept at the same time.
    """

    place: str
    part: str
    homes: Mapping[str, tuple[Share, ...]]
    bits: Mapping[str, int]
    capacity_bits: int
    requests: int = 1

    @property
    def bits_per_request(self) -> int:
        return sum(self.bits.values())


def skips_last(made: dict[str, Step], links: Sequence[Link]) -> list[Link]:
    """Links in their order, but last those that bring what the data of another one was made out of."""

    def skips(link: Link) -> bool:
        others = {other.producer for other in links} - {link.producer}
        return any(_rests_on(made, other, link.producer) for other in others)

    return sorted(links, key=skips)


def _rests_on(made: dict[str, Step], step: str, origin: str) -> bool:
    """Whether a step is made, directly or through others, out of another; `made` holds them in their order."""
    found = {step}
    for name in reversed(made):
        if name == origin:
            return name in found
        if name in found:
            found.update(link.producer for link in made[name].inputs)
    return False


def in_place(producer: Step, reader: Step) -> bool:
    """Whether a step reads state that is kept right beside it, so that nothing has to move."""
    return producer.op.kind is OpKind.STATE and reader.op.matrix is None and producer.homes == reader.homes


@dataclass(frozen=True)
class Program:
    """A network on a chip: cuts and copies of its matrices, steps and the links between them."""

    chip: str
    graph: OpGraph
    activation_bits: int
    cuts: Mapping[str, Cut]
    copies: Mapping[str, tuple[Copy, ...]]
    steps: tuple[Step, ...]
    tiles: tuple[str, ...]
    slots_per_tile: int
    notes: tuple[str, ...] = ()
    buffer_demand_bits: Mapping[str, int] = field(default_factory=dict)  # tile -> least buffer it needs
    kept: Kept | None = None

    @property
    def arrays_used(self) -> int:
        return sum(
            segment.blocks for copies in self.copies.values() for copy in copies for segment in copy.segments
        )

    @cached_property
    def by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    def readers(self) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = {step.name: [] for step in self.steps}
        for step in self.steps:
            for link in step.inputs:
                found[link.producer].append(link)
        return found
