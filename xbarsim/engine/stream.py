"""Streams: the operations of a network as an engine runs them, each taking its positions in order.

A stream begins a position when the data it needs has come and its readers have room for the result; both
are told by counters that only rise, so every wait has one known cause, and a run that cannot go on can say
who waits for whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xbarsim.engine.chain import Work


@dataclass(eq=False)
class Edge:
    """Data from one stream to another.

    last_needed[i], first_needed[i]: of the producer's positions, for the consumer's position i; neither
        ever falls. What lies below first_needed is let go, even before it comes.
    capacity: positions, one behind the other, that the reader's buffer keeps; each has its place from the
        start of the job that makes it. None: no limit.
    deliveries: what moves one job's worth of positions to all places where they are read.
    route: for each job of the producer, which delivery it takes; None: in turn.
    variants: further lists of deliveries, for requests that ask for another variant of the work.
    gate: name of the gate that must be open for a job to be delivered; None: always.
    """

    producer: str
    consumer: str
    positions: int
    last_needed: Sequence[int]
    first_needed: Sequence[int]
    capacity: int | None
    deliveries: tuple[Work, ...]
    route: Sequence[int] | None = None
    variants: tuple[tuple[Work, ...], ...] = ()
    gate: str | None = None

    @property
    def levels(self) -> tuple[tuple[Work, ...], ...]:
        """Deliveries by variant."""
        return (self.deliveries, *self.variants)


@dataclass(eq=False)
class Stream:
    """An operation (with those fused behind it): positions, copies that share them, work of one job.

    copies: one Work per copy of the operation's matrix.
    chunk: positions done by one job.
    owners: the copy of each job; None: in turn.
    variants: further lists of copies' works, for requests that ask for another variant of the work (a longer
        context); variant 0 is `copies`.
    gate: name of the gate that must be open for a job to be done (an expert that the token is sent to); a job
        before a closed gate takes its turn and is done at once. None: always.
    """

    name: str
    positions: int
    copies: tuple[Work, ...]
    inputs: tuple[Edge, ...] = ()
    outputs: tuple[Edge, ...] = ()
    chunk: int = 1
    owners: Sequence[int] | None = None
    variants: tuple[tuple[Work, ...], ...] = ()
    gate: str | None = None
    _by_copy: list[list[int]] | None = field(default=None, init=False, repr=False)

    @property
    def levels(self) -> tuple[tuple[Work, ...], ...]:
        """Works of the copies by variant."""
        return (self.copies, *self.variants)

    @property
    def jobs(self) -> int:
        return -(-self.positions // self.chunk)

    @property
    def at_the_door(self) -> bool:
        """Whether nothing but the request itself holds its first job back: it needs no data, or none yet."""
        last = min(self.chunk, self.positions) - 1
        return all(edge.last_needed[last] < 0 for edge in self.inputs)

    def jobs_of(self, copy: int) -> Sequence[int]:
        """Jobs of one copy, in order."""
        if self.owners is None:
            return range(copy, self.jobs, len(self.copies))
        if self._by_copy is None:
            self._by_copy = [[] for _ in self.copies]
            for job in range(self.jobs):
                self._by_copy[self.owners[job]].append(job)
        return self._by_copy[copy]


@dataclass(frozen=True)
class Network:
    """The streams of one network. Several may run on one clock, and share stations."""

    name: str
    streams: tuple[Stream, ...]

    @property
    def positions(self) -> int:
        """Of all streams, for one request."""
        return sum(stream.positions for stream in self.streams)
