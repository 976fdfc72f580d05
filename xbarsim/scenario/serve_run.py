"""One run under load: streams of requests, doors, and the chip, on one clock until enough is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from xbarsim.engine.clock import Clock, Phase, Wait
from xbarsim.engine.flow import Engine, Flow
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.stream import Network
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.arrivals import Arrivals, Saturated
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.batching import Batching
from xbarsim.scenario.bench import Progress, positions_done, running
from xbarsim.scenario.gates import Gates
from xbarsim.scenario.ledger import Ledger
from xbarsim.scenario.precision import Precision
from xbarsim.scenario.serve_books import Books
from xbarsim.scenario.serve_door import Door
from xbarsim.scenario.stages import Meta, Workshop
from xbarsim.spec.chip import Chip
from xbarsim.workload.routing import Router


@dataclass(frozen=True)
class Stint:
    """How one network is asked in a run.

    requests, precision: when enough is known of it; one of the two.
    """

    arrivals: Arrivals
    batching: Batching
    admission_limit: int | None
    queue_limit: int | None
    requests: int | None
    precision: Precision | None

    @property
    def most(self) -> int:
        """Requests after which it is known enough in any case."""
        return self.precision.most if self.precision is not None else self.requests or 0


@dataclass
class ServeRun:
    """A finished run: what was counted of each network, and the stations, stages and counts of the chip.

    end_ps: until when was measured; elapsed_ps: until all was out.
    """

    chip: Chip
    programs: tuple[Program, ...]
    networks: tuple[Network, ...]
    gates: tuple[Gates, ...]  # by network: which experts are at work
    stints: tuple[Stint, ...]
    shop: Workshop
    metas: tuple[tuple[Meta, ...], ...]  # by network
    books: tuple[Books, ...]
    positions: tuple[dict[str, int], ...]  # done, by network and stream
    ledger: Ledger
    end_ps: int
    elapsed_ps: int


class ServeBench:
    """Programs wired up on one chip, to be run under load as often as one likes.

    routers: of mixtures of experts, by network; none if not given.
    """

    def __init__(
        self,
        chip: Chip,
        floor: Floor,
        programs: Sequence[Program],
        granularity: Granularity,
        routers: Sequence[Router | None] | None = None,
    ):
        self.gates = tuple(
            Gates(program.graph, router)
            for program, router in zip(programs, routers or [None] * len(programs), strict=True)
        )
        self.chip = chip
        self.programs = tuple(
            replace(program, notes=(*program.notes, *gates.notes))
            for program, gates in zip(programs, self.gates, strict=True)
        )
        self.shop = Workshop(Clock(), floor)
        networks, metas = [], []
        for program in self.programs:
            before = len(self.shop.metas)
            networks.append(Network(program.graph.name, tuple(assemble(self.shop, program))))
            metas.append(tuple(self.shop.metas[before:]))
        self.networks, self.metas = tuple(networks), tuple(metas)
        self.engine = Engine(granularity, self.networks)

    def run(self, stints: Sequence[Stint], seed: int, progress: Progress | None = None) -> ServeRun:
        """Serve until enough is known of every network, then let what is inside come out.

        Raises: SimulationError if the run cannot end.
        """
        with running(self.shop, self.engine) as flow:
            serving = _Serving(flow, self.gates, stints, seed, progress)
            flow.run()
        return ServeRun(
            self.chip,
            self.programs,
            self.networks,
            self.gates,
            tuple(stints),
            self.shop,
            self.metas,
            tuple(serving.books),
            positions_done(flow),
            Ledger.of(self.shop.tasks),
            serving.end_ps,
            flow.clock.now,
        )


def holds_at_most(network: Network) -> int:
    """Requests that can be under way together: one behind the other at each operation and in each buffer.

    A buffer without limit counts as one: what waits in it cannot be held up by the lack of newcomers.
    """
    at_work = sum(1 + -(-len(stream.copies) // stream.jobs) for stream in network.streams)
    edges = [edge for stream in network.streams for edge in stream.inputs]
    return at_work + sum(1 + (edge.capacity or 0) // edge.positions for edge in edges)


def stream_of_seed(seed: int, number: int, name: str) -> np.random.Generator:
    """The generator of a network's arrivals: keyed by the run's seed, and by what the network is called."""
    key = (number, *name.encode())
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


class _Serving:
    """The decisions of a run: who comes, who goes in, and when it ends."""

    def __init__(
        self,
        flow: Flow,
        gates: Sequence[Gates],
        stints: Sequence[Stint],
        seed: int,
        progress: Progress | None,
    ):
        self.clock, self.flow, self.gates = flow.clock, flow, gates
        self.stints, self.progress = stints, progress
        self.end_ps = 0
        self.ended = False
        self.books: list[Books] = []
        self.limits: list[int] = []  # requests that are kept inside a saturated network
        self.timers: dict[tuple[int, str], tuple[int, Wait]] = {}
        self.times: list[Iterator[int]] = []
        flow.completed = self._completed
        for number, (network, stint) in enumerate(zip(flow.networks, stints, strict=True)):
            saturated = isinstance(stint.arrivals, Saturated)
            door = Door(stint.batching, stint.admission_limit, stint.queue_limit)
            self.books.append(Books(door, stint.requests, stint.precision, saturated))
            plenty = holds_at_most(network) + stint.batching.most
            self.limits.append(stint.admission_limit or plenty)
            self.times.append(stint.arrivals.times_ps(stream_of_seed(seed, number, network.name)))
        self.asked = sum(stint.most for stint in stints)
        for number, books in enumerate(self.books):
            if books.saturated:
                self.clock.decide(partial(self._fill, number))
            else:
                self._next(number)

    # --- who comes -----------------------------------------------------------------------------

    def _next(self, number: int) -> None:
        """Wait for the next request of a network."""
        time_ps = next(self.times[number], None)
        if time_ps is not None:
            self._book(number, "arrival", time_ps)
            return
        self.books[number].over = self.books[number].door.closing = True
        self._let_in(number, self.books[number].door.go(self.clock.now))

    def _arrived(self, number: int) -> None:
        self._let_in(number, self.books[number].door.arrive(self.clock.now))
        self._next(number)
        if self.books[number].over:
            self._look()

    def _fill(self, number: int) -> None:
        """There is always a whole batch at the door of a saturated network."""
        door, size = self.books[number].door, self.stints[number].batching.most
        while len(door.inside) + size <= self.limits[number]:
            for _ in range(size):
                self._let_in(number, door.arrive(self.clock.now))

    # --- who goes in, and who is complete --------------------------------------------------------

    def _let_in(self, number: int, going: int) -> None:
        for _ in range(going):
            self.flow.let_in(number, gates=self.gates[number].of(self.flow.admitted[number]))
        books, now_ps = self.books[number], self.clock.now
        books.update(now_ps)
        wake_ps = books.door.wake_ps(now_ps)
        if wake_ps is not None:
            self._book(number, "patience", wake_ps)

    def _completed(self, number: int, request: int) -> None:
        books = self.books[number]
        books.complete(self.clock.now)
        if self.ended:
            return
        self._tell()
        self._look()
        if self.ended:
            return
        if books.saturated:
            self._fill(number)
        else:
            self._let_in(number, books.door.go(self.clock.now))

    # --- timers, and the end -----------------------------------------------------------------------

    def _book(self, number: int, what: str, time_ps: int) -> None:
        """Have something decided later; of each kind one is booked for a network, the latest."""
        booked_ps, old = self.timers.get((number, what), (-1, None))
        if booked_ps == time_ps:
            return
        if old is not None:
            self.clock.forget(old)

        def act(_: object) -> None:
            del self.timers[number, what]
            if what == "arrival":
                self._arrived(number)
            else:
                self._let_in(number, self.books[number].door.go(self.clock.now))

        wait = Wait(self.clock, max(0, time_ps - self.clock.now), Phase.DECIDE, act)
        self.timers[number, what] = time_ps, wait

    def _look(self) -> None:
        """End the run as soon as enough is known of every network."""
        if self.ended or not all(books.satisfied for books in self.books):
            return
        self.ended, self.end_ps = True, self.clock.now
        for books in self.books:
            books.finish(self.end_ps)
        for _, wait in self.timers.values():
            self.clock.forget(wait)
        self.timers.clear()

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(min(sum(books.completed for books in self.books), self.asked), self.asked)
