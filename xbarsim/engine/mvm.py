"""The reference engine: every step of every job is an event of SimPy."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from xbarsim.engine.chain import Call, Chain, Last, Passage, Work, perform, width
from xbarsim.engine.clock import Clock, Process, Signal
from xbarsim.engine.flow import Flow, Held, Standstill, stations_of
from xbarsim.engine.stream import Edge, Network, Stream

NOTHING = Chain(())


class Counter:
    """A number that only rises; processes wait for it to reach a value."""

    __slots__ = ("clock", "early", "value", "waiters")

    def __init__(self, clock: Clock):
        self.clock = clock
        self.value = 0
        self.early: set[int] = set()
        self.waiters: deque[tuple[int, Signal]] = deque()  # by value; equals in their order

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
            self.waiters.popleft()[1].fire()

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


@dataclass
class _Edge:
    """An edge in a run: what has arrived, and what the reader has let go."""

    spec: Edge
    arrived: Counter
    freed: Counter


@dataclass
class _Stream:
    """A stream in a run."""

    spec: Stream
    network: int
    done: Counter
    at_the_door: bool
    inputs: list[_Edge] = field(default_factory=list)
    outputs: list[_Edge] = field(default_factory=list)
    finished: int = 0  # requests whose every position is done
    waits: dict[int, tuple[str, str]] = field(default_factory=dict)  # copy -> (for what, for whom)


class Reference(Flow):
    """`mvm`: the matrix-vector products, one by one."""

    def __init__(self, clock: Clock, networks: Sequence[Network], tasks: Mapping[str, Work] | None = None):
        super().__init__(clock, networks, tasks)
        self.doors = [Counter(clock) for _ in self.networks]
        self.variants: list[dict[int, int]] = [{} for _ in self.networks]
        self.gates: list[dict[int, Mapping[str, Sequence[bool]]]] = [{} for _ in self.networks]
        self.streams: list[_Stream] = []
        for number, network in enumerate(self.networks):
            self._enter(number, network)
        self.ends = [
            [s for s in self.streams if s.network == number and not s.outputs]
            for number in range(len(self.networks))
        ]
        for stream in self.streams:
            self._free_inputs(stream)
            for copy in range(len(stream.spec.copies)):
                clock.process(self._drive(stream, copy))

    def _enter(self, number: int, network: Network) -> None:
        known = {s.name: _Stream(s, number, Counter(self.clock), s.at_the_door) for s in network.streams}
        edges = {
            id(edge): _Edge(edge, Counter(self.clock), Counter(self.clock))
            for stream in network.streams
            for edge in stream.outputs
        }
        for stream in known.values():
            stream.inputs = [edges[id(edge)] for edge in stream.spec.inputs]
            stream.outputs = [edges[id(edge)] for edge in stream.spec.outputs]
        self.streams += known.values()

    # --- decisions from outside ----------------------------------------------------------------

    def _submit(self, task: str, done: Call) -> None:
        perform(self.clock, self.tasks[task], task, None, lambda: self.clock.decide(done))

    def _let_in(self, network: int, request: int, variant: int, gates: Mapping[str, Sequence[bool]]) -> None:
        if variant:
            self.variants[network][request] = variant
        if gates:
            self.gates[network][request] = gates
        self.doors[network].raise_to(request + 1)

    def _run(self) -> None:
        self.clock.run()

    # --- streams -------------------------------------------------------------------------------

    def _drive(self, stream: _Stream, copy: int) -> Process:
        """The decisions of one copy: when each of its jobs may begin."""
        jobs = stream.spec.jobs_of(copy)
        for request in count() if jobs else ():
            for job in jobs:
                for signal, reason in self._obstacles(stream, request, job):
                    stream.waits[copy] = reason
                    yield signal
                    del stream.waits[copy]
                work: Work = NOTHING
                if self._open(stream, stream.spec.gate, request, job):
                    work = stream.spec.levels[self._variant(stream, request, stream.spec.levels)][copy]
                admitted = Signal(self.clock)
                done = partial(self._done, stream, request, job)
                perform(self.clock, work, stream.spec.name, Last(width(work), admitted.fire), done)
                yield admitted

    def _obstacles(self, stream: _Stream, request: int, job: int) -> Iterator[tuple[Signal, tuple[str, str]]]:
        """What the job must still wait for: its request, data of each input, room at each output."""
        spec = stream.spec
        position = min((job + 1) * spec.chunk, spec.positions) - 1
        if stream.at_the_door:
            signal = self.doors[stream.network].reach(request + 1)
            if signal is not None:
                yield signal, ("request", str(request))
        for edge in stream.inputs:
            signal = edge.arrived.reach(
                request * edge.spec.positions + int(edge.spec.last_needed[position]) + 1
            )
            if signal is not None:
                yield signal, ("data of", edge.spec.producer)
        for edge in stream.outputs:
            if edge.spec.capacity is not None:
                signal = edge.freed.reach(request * spec.positions + position + 1 - edge.spec.capacity)
                if signal is not None:
                    yield signal, ("room in the buffer of", edge.spec.consumer)

    def _done(self, stream: _Stream, request: int, job: int) -> None:
        """A job's results are there: let go of what it read, and send them on."""
        spec = stream.spec
        first = job * spec.chunk
        number = min(spec.chunk, spec.positions - first)
        index = request * spec.positions + first
        stream.done.complete(index, number)
        if self.progressed is not None:
            self.progressed(number)
        self._free_inputs(stream)
        for edge in stream.outputs:
            work: Work = NOTHING
            if self._open(stream, edge.spec.gate, request, job):
                works = edge.spec.levels[self._variant(stream, request, edge.spec.levels)]
                work = works[edge.spec.route[job] if edge.spec.route is not None else job % len(works)]
            arrive = partial(edge.arrived.complete, index, number)
            perform(self.clock, work, edge.spec.producer, None, arrive)
        if not stream.outputs:
            self._finish(stream)

    def _variant(self, stream: _Stream, request: int, levels: Sequence[object]) -> int:
        return self.variants[stream.network].get(request, 0) if len(levels) > 1 else 0

    def _open(self, stream: _Stream, gate: str | None, request: int, job: int) -> bool:
        if gate is None:
            return True
        bits = self.gates[stream.network].get(request, {}).get(gate)
        return bits is None or bool(bits[job])

    def _free_inputs(self, stream: _Stream) -> None:
        """Give back the room of data that no later position needs."""
        request, position = divmod(stream.done.value, stream.spec.positions)
        for edge in stream.inputs:
            edge.freed.raise_to(request * edge.spec.positions + int(edge.spec.first_needed[position]))

    def _finish(self, stream: _Stream) -> None:
        before, stream.finished = stream.finished, stream.done.value // stream.spec.positions
        if stream.finished == before:
            return
        network = stream.network
        finished = min(end.finished for end in self.ends[network])
        for request in range(self.done[network], finished):
            self.variants[network].pop(request - 2, None)  # the last readers may be one request behind
            self.gates[network].pop(request - 2, None)
            self._complete(network, request)

    def positions(self) -> list[int]:
        return [stream.done.value for stream in self.streams]

    # --- when nothing moves --------------------------------------------------------------------

    def _stuck(self) -> bool:
        return any(station.queue for station in stations_of(self.networks, self.tasks))

    def standstill(self) -> Standstill:
        waits = tuple(
            (stream.spec.name, *reason)
            for stream in self.streams
            for reason in stream.waits.values()
            if reason[0] != "request"
        )
        jobs = tuple(
            Held(who.tag, station.name, tuple(held.name for held in who.held()))
            for station in stations_of(self.networks, self.tasks)
            for _, _, who in station.queue
            if isinstance(who, Passage)
        )
        return Standstill(waits, jobs)
