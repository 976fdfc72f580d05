"""Streams: the operations of a network as they run, each taking its positions in order.

A stream begins a position when the data it needs has come and its readers have room for the result; both
are told by counters that only rise, so every wait has one known cause, and a run that cannot go on can say
who waits for whom.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from xbarsim.engine.chain import Chain, Last, Passage, Work, perform, width
from xbarsim.engine.clock import Clock, Process, Signal
from xbarsim.engine.station import Station
from xbarsim.errors import SimulationError


class Counter:
    """A number that only rises; processes wait for it to reach a value."""

    __slots__ = ("clock", "early", "value", "waiters")

    def __init__(self, clock: Clock):
        self.clock = clock
        self.value = 0
        self.early: set[int] = set()
        self.waiters: list[tuple[int, Signal]] = []  # by value; equals in their order

    def reach(self, value: int) -> Signal | None:
        """None if the counter is there already, else a signal that passes when it is."""
        if self.value >= value:
            return None
        signal = Signal(self.clock)
        insort(self.waiters, (value, signal), key=lambda waiter: waiter[0])
        return signal

    def raise_to(self, value: int) -> None:
        """Rise to a value; a lower one changes nothing."""
        if value <= self.value:
            return
        self.value = value
        while self.waiters and self.waiters[0][0] <= value:
            self.waiters.pop(0)[1].fire()

    def complete(self, index: int, count: int = 1) -> None:
        """Items index … index+count-1 are done, in whatever order: the counter is the gapless prefix."""
        if index != self.value:
            self.early.update(range(index, index + count))
            return
        value = index + count
        while value in self.early:
            self.early.remove(value)
            value += 1
        self.raise_to(value)


@dataclass(eq=False)
class Edge:
    """Data from one stream to another.

    last_needed[i], first_needed[i]: of the producer's positions, for the consumer's position i; neither
        ever falls. What lies below first_needed is let go, even before it comes.
    capacity: positions, one behind the other, that the reader's buffer keeps; each has its place from the
        start of the job that makes it. None: no limit.
    deliveries: what moves one job's worth of positions to all places where they are read.
    route: for each job of the producer, which delivery it takes; None: in turn.
    """

    producer: str
    consumer: str
    positions: int
    last_needed: Sequence[int]
    first_needed: Sequence[int]
    capacity: int | None
    deliveries: tuple[Work, ...]
    route: Sequence[int] | None = None
    arrived: Counter = field(init=False)
    freed: Counter = field(init=False)

    def open(self, clock: Clock) -> None:
        self.arrived, self.freed = Counter(clock), Counter(clock)


@dataclass(eq=False)
class Stream:
    """An operation (with those fused behind it): positions, copies that share them, work of one job.

    copies: one Work per copy of the operation's matrix.
    chunk: positions done by one job.
    owners: the copy of each job; None: in turn.
    """

    name: str
    positions: int
    copies: tuple[Work, ...]
    inputs: tuple[Edge, ...] = ()
    outputs: tuple[Edge, ...] = ()
    chunk: int = 1
    owners: Sequence[int] | None = None
    done: Counter = field(init=False)
    finished: int = 0  # requests whose every position is done
    waits: dict[int, tuple[str, str]] = field(default_factory=dict)  # copy -> (for what, for whom)

    def jobs_of(self, copy: int) -> list[int]:
        """Jobs of one copy, in order."""
        jobs = -(-self.positions // self.chunk)
        if self.owners is None:
            return list(range(copy, jobs, len(self.copies)))
        return [job for job in range(jobs) if self.owners[job] == copy]


class Pipeline:
    """All streams of a network on one clock, for a number of requests one behind the other.

    arrivals_ps: when each request comes, never earlier than the one before it; all at 0 if not given.
    on_job: told the number of positions of every job that is done.
    """

    def __init__(
        self,
        clock: Clock,
        streams: Sequence[Stream],
        requests: int,
        arrivals_ps: Sequence[int] | None = None,
        on_job: Callable[[int], None] | None = None,
    ):
        self.clock = clock
        self.streams = list(streams)
        self.requests = requests
        self.arrivals_ps = [0] * requests if arrivals_ps is None else arrivals_ps
        self.completions_ps: list[int] = []
        self.on_job = on_job
        self.unfinished = [sum(not stream.outputs for stream in self.streams)] * requests

    def run(self) -> list[int]:
        """Run to the end. Returns the completion time of each request.

        Raises: SimulationError naming the cycle of waits if it cannot end.
        """
        for stream in self.streams:
            stream.done = Counter(self.clock)
            for edge in stream.outputs:
                edge.open(self.clock)
        for stream in self.streams:
            self._free_inputs(stream)
            for copy in range(len(stream.copies)):
                self.clock.process(self._drive(stream, copy))
        self.clock.run()
        if any(self.unfinished):
            raise SimulationError(_deadlock(self.clock.now, self.streams))
        return self.completions_ps

    def _drive(self, stream: Stream, copy: int) -> Process:
        """The decisions of one copy: when each of its jobs may begin."""
        clock, work, jobs = self.clock, stream.copies[copy], stream.jobs_of(copy)
        beginnings = width(work)
        for request in range(self.requests):
            if not stream.inputs and self.arrivals_ps[request] > clock.now:
                yield clock.wait(self.arrivals_ps[request] - clock.now)
            for job in jobs:
                for signal, reason in _obstacles(stream, request, job):
                    stream.waits[copy] = reason
                    yield signal
                    del stream.waits[copy]
                admitted = Signal(clock)
                done = partial(self._done, stream, request, job)
                perform(clock, work, stream.name, Last(beginnings, admitted.fire), done)
                yield admitted

    def _done(self, stream: Stream, request: int, job: int) -> None:
        """A job's results are there: let go of what it read, and send them on."""
        first = job * stream.chunk
        count = min(stream.chunk, stream.positions - first)
        index = request * stream.positions + first
        stream.done.complete(index, count)
        if self.on_job is not None:
            self.on_job(count)
        self._free_inputs(stream)
        for edge in stream.outputs:
            number = edge.route[job] if edge.route is not None else job % len(edge.deliveries)
            arrive = partial(edge.arrived.complete, index, count)
            perform(self.clock, edge.deliveries[number], edge.producer, None, arrive)
        if not stream.outputs:
            self._finish(stream)

    def _free_inputs(self, stream: Stream) -> None:
        """Give back the room of data that no later position needs."""
        request, position = divmod(stream.done.value, stream.positions)
        for edge in stream.inputs:
            edge.freed.raise_to(request * edge.positions + edge.first_needed[position])

    def _finish(self, stream: Stream) -> None:
        while stream.finished < stream.done.value // stream.positions:
            request, stream.finished = stream.finished, stream.finished + 1
            self.unfinished[request] -= 1
            if self.unfinished[request] == 0:
                self.completions_ps.append(self.clock.now)


def _obstacles(stream: Stream, request: int, job: int) -> Iterator[tuple[Signal, tuple[str, str]]]:
    """What the job must still wait for: data of each input, room at each output."""
    position = min((job + 1) * stream.chunk, stream.positions) - 1
    for edge in stream.inputs:
        signal = edge.arrived.reach(request * edge.positions + edge.last_needed[position] + 1)
        if signal is not None:
            yield signal, ("data of", edge.producer)
    for edge in stream.outputs:
        if edge.capacity is not None:
            signal = edge.freed.reach(request * stream.positions + position + 1 - edge.capacity)
            if signal is not None:
                yield signal, ("room in the buffer of", edge.consumer)


def _deadlock(now_ps: int, streams: Sequence[Stream]) -> str:
    """Who waits for whom, and the cycle in it."""
    import networkx as nx

    waits: nx.DiGraph[Any] = nx.DiGraph()
    for stream in streams:
        for what, whom in stream.waits.values():
            waits.add_edge(stream.name, whom, text=f"{stream.name} waits for {what} {whom}")
    for station in _stations(streams):
        for _, _, who in station.queue:
            if isinstance(who, Passage):
                # What a stream has yet to deliver waits for those of its jobs that stand still.
                waits.add_edge(who.tag, who)
                waits.add_edge(who, station, text=f"{who.tag} waits for {station.name}")
                for held in who.held():
                    waits.add_edge(held, who, text=f"{held.name} is held by {who.tag}")
    try:
        cycle = nx.find_cycle(waits)
        told = [waits.edges[edge] for edge in cycle]
        head = f"deadlock at {now_ps} ps: a cycle of waits"
    except nx.NetworkXNoCycle:
        told = [edge for _, _, edge in waits.edges(data=True)]
        head = f"the run stopped at {now_ps} ps before it was done"
    reasons = "\n  ".join(edge["text"] for edge in told if "text" in edge)
    return f"{head}\n  {reasons}\nRaise the capacity of the buffers named, or lower the number of copies."


def _stations(streams: Sequence[Stream]) -> list[Station]:
    """All stations that the streams' work asks for, each once."""
    found: dict[Station, None] = {}
    todo = [work for stream in streams for work in stream.copies]
    todo += [work for stream in streams for edge in stream.outputs for work in edge.deliveries]
    for work in todo:  # grows while it is read
        if isinstance(work, Chain):
            found.update(dict.fromkeys(station for stage in work.stages for station in stage.in_order))
        else:
            todo.extend(work.parts)
    return list(found)
