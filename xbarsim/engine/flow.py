"""The contract of an engine: networks through which requests flow, and the decisions that let them in.

Two engines keep it. `mvm` (engine/mvm.py) makes every step of every job an event of SimPy: the reference.
`burst` (engine/burst/) works the same events out in the same order in compiled code. What decides (arrivals,
batching, corrections) is a SimPy process with either of them: it acts in the phase DECIDE, before anything
flows at that instant, by `let_in` and `submit`, and hears of what is complete in that same phase.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xbarsim.engine.chain import Call, Work
from xbarsim.engine.clock import Clock
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Network
from xbarsim.errors import SimulationError


class Flow(ABC):
    """Requests of several networks, on one clock.

    tasks: further work that may be submitted while they flow (a correction, a reprogramming), by name.
    completed: called with the network and the request's number, in the phase DECIDE of the instant at which
        the request's last result is out.
    progressed: told, now and then, of positions that have been done.
    repeated: where it is set, an engine that finds that the state of a run comes again may leave whole periods
        out, once all is let in and nothing is decided any more; it is then told (times, requests, ps) of the
        periods left out. Every count is as if they had been run through.
    """

    def __init__(self, clock: Clock, networks: Sequence[Network], tasks: Mapping[str, Work] | None = None):
        self.clock = clock
        self.networks = tuple(networks)
        self.tasks = dict(tasks or {})
        self.completed: Callable[[int, int], None] = lambda network, request: None
        self.progressed: Callable[[int], None] | None = None
        self.repeated: Callable[[int, int, int], None] | None = None
        self.admitted = [0] * len(self.networks)
        self.done = [0] * len(self.networks)
        self.submitted = 0  # tasks that are not done

    def let_in(
        self, network: int = 0, variant: int = 0, gates: Mapping[str, Sequence[bool]] | None = None
    ) -> int:
        """Let the next request of a network begin as soon as its first operations can take it.

        variant: which variant of the work it asks for.
        gates: for each gate, whether it is open for each job; all that are not named are open.
        Returns the request's number, from 0.
        """
        number = self.admitted[network]
        self.admitted[network] = number + 1
        self._let_in(network, number, variant, gates or {})
        return number

    def run(self) -> None:
        """Run until nothing is left to happen.

        Raises: SimulationError naming the cycle of waits if requests that were let in, or tasks, are not complete, or
        a job stands still.
        """
        self._run()
        if self.done != self.admitted or self.submitted or self._stuck():
            raise SimulationError(self.standstill().text(self.clock.now))

    def submit(self, task: str, done: Call) -> None:
        """Begin a task now; `done` is called in the phase DECIDE of the instant at which it is done."""
        self.submitted += 1

        def ended() -> None:
            self.submitted -= 1
            done()

        self._submit(task, ended)

    @abstractmethod
    def positions(self) -> list[int]:
        """Positions done so far, by stream, the networks one after the other."""

    @abstractmethod
    def standstill(self) -> Standstill:
        """Who waits for what at this instant."""

    @abstractmethod
    def _let_in(self, network: int, request: int, variant: int, gates: Mapping[str, Sequence[bool]]) -> None:
        """Let a request in, of which the books are kept."""

    @abstractmethod
    def _submit(self, task: str, done: Call) -> None:
        """Begin a task, of which the books are kept."""

    @abstractmethod
    def _stuck(self) -> bool:
        """Whether a job stands before a station."""

    @abstractmethod
    def _run(self) -> None:
        """Run until nothing is left to happen."""

    def _complete(self, network: int, request: int) -> None:
        self.done[network] = request + 1
        self.clock.decide(lambda: self.completed(network, request))


@dataclass(frozen=True, order=True)
class Held:
    """A job that stands still before a station, and the stations that are its own meanwhile."""

    stream: str
    waits_for: str
    holds: tuple[str, ...]


@dataclass(frozen=True)
class Standstill:
    """Who waits for whom when nothing moves any more.

    streams: (stream, what it waits for, whose), e.g. ("conv1", "data of", "input").
    """

    streams: tuple[tuple[str, str, str], ...]
    jobs: tuple[Held, ...]

    def text(self, now_ps: int) -> str:
        """The cycle of waits; where there is none, all of them."""
        import networkx as nx

        waits: nx.DiGraph[Any] = nx.DiGraph()
        for stream, what, whom in sorted(self.streams):
            waits.add_edge(stream, whom, text=f"{stream} waits for {what} {whom}")
        for number, job in enumerate(sorted(self.jobs)):
            # What a stream has yet to deliver waits for those of its jobs that stand still.
            station = ("station", job.waits_for)
            waits.add_edge(job.stream, number)
            waits.add_edge(number, station, text=f"{job.stream} waits for {job.waits_for}")
            for held in sorted(job.holds):
                waits.add_edge(("station", held), number, text=f"{held} is held by {job.stream}")
        try:
            cycle = nx.find_cycle(waits)
            told = [waits.edges[edge] for edge in cycle]
            head = f"deadlock at {now_ps} ps: a cycle of waits"
        except nx.NetworkXNoCycle:
            told = [edge for _, _, edge in waits.edges(data=True)]
            head = f"the run stopped at {now_ps} ps before it was done"
        reasons = "\n  ".join(edge["text"] for edge in told if "text" in edge)
        return f"{head}\n  {reasons}\nRaise the capacity of the buffers named, or lower the number of copies."


class Engine:
    """Opens flows of the same networks, one run after the other; what can be prepared once is."""

    def __init__(
        self, granularity: Granularity, networks: Sequence[Network], tasks: Mapping[str, Work] | None = None
    ):
        self.granularity, self.networks, self.tasks = granularity, tuple(networks), dict(tasks or {})
        self._tables: Any = None

    def open(self, clock: Clock) -> Flow:
        """A flow in which nothing has happened yet. The stations must be as new."""
        if self.granularity is Granularity.MVM:
            from xbarsim.engine.mvm import Reference

            return Reference(clock, self.networks, self.tasks)
        from xbarsim.engine.burst.flow import Burst, encode

        if self._tables is None:
            self._tables = encode(self.networks, self.tasks)
        return Burst(clock, self.networks, self.tasks, self._tables)


def stations_of(networks: Sequence[Network], tasks: Mapping[str, Work]) -> list[Station]:
    """All stations that the works ask for, each once."""
    from xbarsim.engine.chain import Chain

    found: dict[Station, None] = {}
    streams = [stream for network in networks for stream in network.streams]
    todo = [work for stream in streams for works in stream.levels for work in works]
    todo += [work for s in streams for edge in s.outputs for works in edge.levels for work in works]
    todo += tasks.values()
    for work in todo:  # grows while it is read
        if isinstance(work, Chain):
            found.update(dict.fromkeys(station for stage in work.stages for station in stage.in_order))
        else:
            todo.extend(work.parts)
    return list(found)
