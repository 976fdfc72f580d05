"""A stretch of a chip's life on the engine: requests that come, turns of upkeep, and who waits for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, takewhile

import numpy as np
from numpy.typing import NDArray

from xbarsim.engine.clock import Clock, Phase, Wait
from xbarsim.engine.flow import Engine, Flow
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.stream import Network
from xbarsim.errors import SimulationError
from xbarsim.maintenance.policy import Priority
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.bench import running
from xbarsim.scenario.lifetime_load import Given, Load, Source, UntilCalm, UntilEnd
from xbarsim.scenario.lifetime_spec import MOST_PS
from xbarsim.scenario.stages import Workshop
from xbarsim.scenario.upkeep import Turn, Upkeep
from xbarsim.spec.chip import Chip

Times = NDArray[np.int64]


@dataclass(frozen=True)
class Stretch:
    """What happened: when each request came and how long it took, and when turns were begun.

    turns: (begun, over, calm): calm is when nobody was inside for the first time after it.
    jobs: how often each task of the workshop was done. elapsed_ps: until all was out.
    """

    arrived_ps: Times
    latency_ps: Times
    turns: tuple[tuple[int, int, int], ...]
    jobs: tuple[int, ...]
    elapsed_ps: int


class LifetimeBench:
    """A network and its upkeep wired up on a chip, to be run as often as one likes."""

    def __init__(
        self,
        chip: Chip,
        program: Program,
        granularity: Granularity,
        writing: bool,
        probing: bool,
        code_bits: int,
    ):
        self.chip, self.program = chip, program
        self.shop = Workshop(Clock(), Floor(chip))
        self.network = Network(program.graph.name, tuple(assemble(self.shop, program)))
        before = len(self.shop.tasks)
        self.upkeep = Upkeep(self.shop, program, writing, probing, code_bits)
        self.upkeep_tasks = range(before, len(self.shop.tasks))
        self.engine = Engine(granularity, (self.network,), self.upkeep.tasks)

    def one_request(self) -> Stretch:
        """Alone on the idle chip."""
        return self._run(Given((0,)), (), "upkeep first")

    def narrowest(self) -> tuple[str, float]:
        """The station that is busy longest with a request, and the most requests a second that can pass it."""
        self.one_request()
        stations = self.shop.stations.values()
        busiest = max(stations, key=lambda station: station.busy_ps / station.servers)
        return busiest.name, busiest.servers * 1e12 / max(1, busiest.busy_ps)

    def one_turn(self, turn: Turn) -> Stretch:
        """Without requests."""
        return self._run(Given(()), ((0, turn),), "upkeep first")

    def quiet(self, load: Load, requests: int) -> Stretch:
        """So many requests, without upkeep."""
        times = takewhile(lambda time_ps: time_ps < MOST_PS, load.from_ps(0))
        return self._run(Given(tuple(islice(times, requests))), (), "in turn")

    def around(
        self, load: Load, turn: Turn, priority: Priority, due_ps: int, lead_ps: int, most: int
    ) -> Stretch:
        """A turn that is due at some time of the chip's life, from a lead before it until its requests are out.

        most: requests at the most. Times are told from the beginning of the lead.
        """
        start_ps = max(0, due_ps - lead_ps)
        source = UntilCalm(load.from_ps(start_ps), most)
        return self._run(source, ((due_ps - start_ps, turn),), priority)

    def through(
        self, load: Load, turns: Sequence[tuple[int, Turn]], priority: Priority, start_ps: int, end_ps: int
    ) -> Stretch:
        """Every request and every turn from start to end; times are told from the start."""
        source = UntilEnd(load.from_ps(start_ps), end_ps - start_ps)
        return self._run(source, [(due_ps - start_ps, turn) for due_ps, turn in turns], priority)

    def _run(self, source: Source, turns: Sequence[tuple[int, Turn]], priority: Priority) -> Stretch:
        with running(self.shop, self.engine) as flow:
            keeper = _Keeper(flow, source, turns, priority)
            flow.run()
        jobs = tuple(task.tally.jobs for task in self.shop.tasks)
        return keeper.stretch(jobs, flow.clock.now)


@dataclass
class _Keeper:
    """The decisions of a stretch: requests go in as they come, turns begin when they are due."""

    flow: Flow
    source: Source
    due: Sequence[tuple[int, Turn]]
    priority: Priority
    arrived_ps: list[int] = field(default_factory=list)
    latency_ps: list[int] = field(default_factory=list)
    turns: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = self.flow.clock
        self.flow.completed = self._completed
        self.left = len(self.due)  # turns that are not over
        self.waiting: list[Iterator[str]] = []  # strands that wait for the chip to be idle
        self.strands: dict[int, int] = {}  # by turn: strands that are not done
        self.begun_ps: dict[int, int] = {}
        self.uneasy: list[
            tuple[int, int]
        ] = []  # turns that are over (begun, over), with requests still inside
        self.timer: Wait | None = None
        for number, (time_ps, _) in enumerate(self.due):
            self.clock.at(time_ps, Phase.DECIDE, partial(self._begin, number))
        self._next()

    def stretch(self, jobs: tuple[int, ...], elapsed_ps: int) -> Stretch:
        if self.waiting:
            raise SimulationError("upkeep that waits for an idle chip never came to its turn")
        return Stretch(
            np.array(self.arrived_ps[: len(self.latency_ps)], dtype=np.int64),
            np.array(self.latency_ps, dtype=np.int64),
            tuple(sorted(self.turns)),
            jobs,
            elapsed_ps,
        )

    # --- requests ------------------------------------------------------------------------------

    def _next(self) -> None:
        time_ps = self.source.next_ps()
        if time_ps is not None:
            delay_ps = max(0, time_ps - self.clock.now)
            self.timer = Wait(self.clock, delay_ps, Phase.DECIDE, lambda _: self._arrive())
        else:
            self.timer = None

    def _arrive(self) -> None:
        self.arrived_ps.append(self.clock.now)
        self.flow.let_in(0)
        self._next()

    def _completed(self, network: int, request: int) -> None:
        self.latency_ps.append(self.clock.now - self.arrived_ps[request])
        self._settle()

    @property
    def _idle(self) -> bool:
        return len(self.latency_ps) == len(self.arrived_ps)

    def _settle(self) -> None:
        """Where nobody is inside: go on with upkeep that waits for it, or find that all is as before."""
        if not self._idle:
            return
        waiting, self.waiting = self.waiting, []
        for strand in waiting:
            self._go_on(strand)
        self.turns += [(*turn, self.clock.now) for turn in self.uneasy]
        self.uneasy.clear()
        if self.due and not self.left and self.source.calm() and self.timer is not None:
            self.clock.forget(self.timer)
            self.timer = None

    # --- upkeep --------------------------------------------------------------------------------

    def _begin(self, number: int) -> None:
        strands = self.due[number][1].strands
        self.strands[number], self.begun_ps[number] = len(strands), self.clock.now
        if not strands:
            self._over(number)
        for tasks in strands:
            self._go_on(self._tasks(number, tasks))

    def _tasks(self, number: int, tasks: Sequence[str]) -> Iterator[str]:
        """Names of tasks one after another; behind the last one, the strand is done."""
        yield from tasks
        self.strands[number] -= 1
        if not self.strands[number]:
            self._over(number)

    def _go_on(self, strand: Iterator[str]) -> None:
        """The strand's next task, at once or as soon as the chip is idle."""
        if self.priority == "when idle" and not self._idle:
            self.waiting.append(strand)
            return
        name = next(strand, None)
        if name is not None:
            self.flow.submit(name, partial(self._go_on, strand))

    def _over(self, number: int) -> None:
        self.uneasy.append((self.begun_ps.pop(number), self.clock.now))
        self.left -= 1
        self._settle()
