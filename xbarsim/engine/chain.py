"""Jobs through chains of stations.

A job is a stream of equal portions (input slices of a matrix-vector product, flits of a message). Within a
chain, portion k enters a stage as soon as it has left the one before and portion k-1 is out of the way:

    out[s, k] = max(out[s-1, k] + delay[s-1], out[s, k-1], grant[s]) + portion[s]

As the portion times are constant within a stage, the times of all portions are a maximum of straight lines
in k, carried from stage to stage exactly; no event is needed per portion.

The job asks for the stations of a stage when its first portion comes (all of them, where the two stages cut
the job differently), and gives them back when its last portion is out. A stage that `holds` keeps its
stations until the next stage begins with its last portion (one place between the two: a sample-and-hold), so
that a slow stage holds back those before it. Chains that hold must pass their stations in one common
direction; else two jobs may each hold what the other waits for, which `Pipeline` reports as a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simpy.events import Event

from xbarsim.engine.clock import Clock, Phase, Wait
from xbarsim.engine.station import Station

Line = tuple[int, int]  # (intercept, slope): portion k = 1..n is out at intercept + slope * k
Call = Callable[[], None]
_DELIVER = Phase.DELIVER  # an enumeration's member is slow to look up


@dataclass(slots=True, eq=False)
class Tally:
    """How many jobs were served in a run, by one stage or by several that count together."""

    jobs: int = 0


@dataclass(slots=True, eq=False)
class Stage:
    """One step of a chain.

    stations: all are held for the step (a buffer port and the bus it feeds); service per portion.
    delay_ps: latency after the service that occupies nobody (a router's pipeline, a wire).
    tally: counts the jobs served.
    holds: the stations stay taken until the next stage has taken the last portion over; else results leave
        into a register or buffer of their own, and the stations are free at the end of their service.
    meta: for listeners: what this step is and what it costs.
    """

    stations: tuple[Station, ...]
    portion_ps: int
    portions: int = 1
    delay_ps: int = 0
    meta: Any = None
    holds: bool = False
    tally: Tally = field(default_factory=Tally)
    # One order for all jobs, so that two that need the same stations never each hold what the other wants.
    in_order: tuple[Station, ...] = field(init=False, repr=False)
    busy_ps: int = field(init=False, repr=False)  # service of all portions

    def __post_init__(self) -> None:
        self.busy_ps = self.portion_ps * self.portions
        self.in_order = self.stations
        if len(self.stations) > 1:
            self.in_order = tuple(sorted(dict.fromkeys(self.stations), key=lambda station: station.serial))


def carry(lines: list[Line], grant_ps: int, portion_ps: int) -> list[Line]:
    """Times at which portions leave a stage, from those at which they come and the stage's grant."""
    out = [(a + portion_ps, b) if b >= portion_ps else (a + b, portion_ps) for a, b in lines]
    out.append((grant_ps, portion_ps))
    return _upper(out) if len(out) > 3 else out


def _upper(lines: list[Line]) -> list[Line]:
    """Keep the highest line of each slope: the others are never the maximum."""
    best: dict[int, int] = {}
    for a, b in lines:
        if b not in best or best[b] < a:
            best[b] = a
    return [(a, b) for b, a in best.items()]


def at(lines: list[Line], k: int) -> int:
    """When portion k is out."""
    return max([a + b * k for a, b in lines])


def flow(
    clock: Clock, stages: tuple[Stage, ...], tag: Any, admit: Call | None = None, done: Call | None = None
) -> None:
    """Send one job through a chain, from now on.

    admit: called once the first stage has been taken over by the second (or is finished), which is
        when the next job of the same stream may come.
    done: called when the job's last portion is out of the last stage.
    """
    Passage(clock, stages, tag, admit, done).go_on()


class Passage:
    """One job on its way through a chain. It is no process: the events it waits for call it back."""

    __slots__ = (
        "admit",
        "clock",
        "done",
        "grants_ps",
        "holding",
        "lines",
        "number",
        "portions",
        "stages",
        "tag",
    )

    def __init__(
        self, clock: Clock, stages: tuple[Stage, ...], tag: Any, admit: Call | None, done: Call | None
    ):
        self.clock, self.stages, self.tag = clock, stages, tag
        self.admit, self.done = admit, done
        self.number = 0  # of the stage that comes next
        self.grants_ps: list[int] = []  # of its stations, as far as the job has them
        self.holding: tuple[Stage, list[int]] | None = None  # the stage before, if still taken; its grants
        self.portions = 1  # as the job is cut now
        self.lines: list[Line] = []  # when the portions come, where there are several

    def go_on(self, _: Event | None = None) -> None:
        """Take stage after stage, until something must be waited for."""
        stages, now_ps = self.stages, self.clock.now
        while self.number < len(stages):
            stage = stages[self.number]
            if stage.in_order and not self._granted(stage, now_ps):
                return
            pause_ps = self._serve(stage, now_ps) - now_ps
            if pause_ps > 0:
                Wait(self.clock, pause_ps, _DELIVER, self.go_on)
                return
        if self.admit is not None and len(stages) < 2:
            self.admit()
        if self.done is not None:
            self.done()

    def held(self) -> tuple[Station, ...]:
        """The stations that are this job's now."""
        before = self.holding[0].in_order if self.holding is not None else ()
        now = self.stages[self.number].in_order if self.number < len(self.stages) else ()
        return (*before, *now[: len(self.grants_ps)])

    def _granted(self, stage: Stage, now_ps: int) -> bool:
        """Have all stations of a stage; where one is taken, be called back when it is handed over."""
        grants_ps = self.grants_ps
        for station in stage.in_order[len(grants_ps) :]:
            signal = station.request(self)
            if signal is not None:
                signal.callbacks.append(self._handed_over)
                return False
            grants_ps.append(now_ps)
        return True

    def _handed_over(self, _: Event) -> None:
        self.grants_ps.append(self.clock.now)
        self.go_on()

    def _serve(self, stage: Stage, grant_ps: int) -> int:
        """Begin the service of a stage, all its stations being ours. Returns when to ask for the next."""
        portion_ps, portions = stage.portion_ps, stage.portions
        if portions == 1:
            next_ps = end_ps = grant_ps + portion_ps
        else:
            # Another cut than before: everything has come.
            before = self.lines if portions == self.portions else [(grant_ps, 0)]
            self.lines = carry(before, grant_ps, portion_ps)
            next_ps = end_ps = at(self.lines, portions)
        if self.holding is not None:
            self._give_back(*self.holding, end_ps - portion_ps)
            self.holding = None
        if self.number == 1 and self.admit is not None:
            self.admit()
        stage.tally.jobs += 1
        for listener in self.clock.listeners:
            listener.served(stage, self.tag, grant_ps, end_ps)
        self.number += 1
        more = self.number < len(self.stages)
        if stage.in_order:
            if stage.holds and more:
                self.holding = stage, self.grants_ps
            else:
                self._give_back(stage, self.grants_ps, end_ps)
            self.grants_ps = []
        self.portions = portions
        if portions > 1 and more and self.stages[self.number].portions == portions:
            next_ps = at(self.lines, 1)
            if stage.delay_ps:
                self.lines = [(a + stage.delay_ps, b) for a, b in self.lines]
        return next_ps + stage.delay_ps

    def _give_back(self, stage: Stage, grants_ps: list[int], time_ps: int) -> None:
        for station, grant_ps in zip(stage.in_order, grants_ps, strict=True):
            station.release(self.tag, time_ps - grant_ps, stage.busy_ps, time_ps)


@dataclass(frozen=True, slots=True)
class Chain:
    """A job through stages; with none, done at once."""

    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Seq:
    """One after another."""

    parts: tuple[Work, ...]


@dataclass(frozen=True, slots=True)
class Par:
    """At the same time; done when all are done."""

    parts: tuple[Work, ...]


Work = Chain | Seq | Par


class Last:
    """Calls on when it has been called so many times: when the last of several is done, or may go on."""

    __slots__ = ("missing", "then")

    def __init__(self, missing: int, then: Call | None):
        self.missing, self.then = missing, then

    def __call__(self) -> None:
        self.missing -= 1
        if self.missing == 0 and self.then is not None:
            self.then()


def width(work: Work) -> int:
    """Number of chains that begin when the work begins; nothing to do counts as one, done at once."""
    if isinstance(work, Chain) or not work.parts:
        return 1
    if isinstance(work, Seq):
        return width(work.parts[0])
    return sum(width(part) for part in work.parts)


def perform(clock: Clock, work: Work, tag: Any, admit: Call | None = None, done: Call | None = None) -> None:
    """Do a piece of work, from now on: its chains in sequence and in parallel as it says.

    admit: called `width(work)` times, once by each chain that begins now, as `flow` says.
    done: called when all is done.
    """
    if isinstance(work, Chain):
        flow(clock, work.stages, tag, admit, done)
    elif not work.parts:
        flow(clock, (), tag, admit, done)
    elif len(work.parts) == 1:
        perform(clock, work.parts[0], tag, admit, done)
    elif isinstance(work, Seq):
        rest = Seq(work.parts[1:])
        perform(clock, work.parts[0], tag, admit, lambda: perform(clock, rest, tag, None, done))
    else:
        all_done = Last(len(work.parts), done)
        for part in work.parts:
            perform(clock, part, tag, admit, all_done)
