"""The compiled engine against the reference on random networks: every service, wait and end at the same picosecond.

Stations are shared by everything (layers, copies, deliveries, other networks, submitted tasks), buffers are small,
requests come at random, so that arbitration at one instant is met all the time. Deadlocks must be the same too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xbarsim.engine.chain import Chain, Par, Seq, Stage, Work
from xbarsim.engine.clock import Clock, Listener, Phase
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Edge, Network, Stream
from xbarsim.errors import SimulationError

Draw = st.DrawFn
times = st.one_of(st.sampled_from([0, 5, 10]), st.integers(0, 40))


class Log(Listener):
    def __init__(self) -> None:
        self.all: list[tuple[object, ...]] = []

    def served(self, stage: Stage, tag: object, start_ps: int, end_ps: int) -> None:
        self.all.append((tag, stage.meta, start_ps, end_ps))


@dataclass
class Case:
    """A run to be made twice: its networks, when requests come and tasks begin."""

    clock: Clock
    stations: list[Station]
    networks: list[Network]
    tasks: dict[str, Work]
    arrivals: list[tuple[int, int, int, dict[str, list[bool]]]]  # (ps, network, variant, gates)
    begins: list[tuple[int, str]]  # (ps, task)


@st.composite
def chains(draw: Draw, stations: list[Station], most: int = 4) -> Chain:
    portions = draw(st.integers(1, 4))
    stages = []
    for _ in range(draw(st.integers(0, most))):
        used = draw(st.lists(st.sampled_from(stations), max_size=3, unique=True))
        n = portions if draw(st.booleans()) else draw(st.integers(1, 4))
        delay_ps = draw(st.one_of(st.just(0), times))
        stages.append(Stage(tuple(used), draw(times), n, delay_ps, len(stages), draw(st.booleans())))
    return Chain(tuple(stages))


def works(stations: list[Station]) -> st.SearchStrategy[Work]:
    return st.recursive(
        chains(stations),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: Par(tuple(parts))),
            st.lists(inner, max_size=3).map(lambda parts: Seq(tuple(parts))),
        ),
        max_leaves=5,
    )


@st.composite
def streams(draw: Draw, name: str, stations: list[Station], gates: list[str]) -> Stream:
    positions, copies = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    chunk = draw(st.sampled_from([1, 1, 2, 3]))
    level = st.lists(works(stations), min_size=copies, max_size=copies).map(tuple)
    jobs = -(-positions // chunk)
    return Stream(
        name,
        positions,
        draw(level),
        chunk=chunk,
        owners=draw(st.none() | st.lists(st.integers(0, copies - 1), min_size=jobs, max_size=jobs)),
        variants=tuple(draw(st.lists(level, max_size=1))),
        gate=draw(st.sampled_from([None, None, f"{name} gate"])),
    )


@st.composite
def edges(draw: Draw, a: Stream, b: Stream, stations: list[Station]) -> Edge:
    last = sorted(
        draw(st.lists(st.integers(-1, a.positions - 1), min_size=b.positions, max_size=b.positions))
    )
    first = sorted(
        draw(st.lists(st.integers(0, max(0, last[0])), min_size=b.positions, max_size=b.positions))
    )
    deliveries = tuple(draw(st.lists(works(stations), min_size=1, max_size=2)))
    jobs = a.jobs
    return Edge(
        a.name,
        b.name,
        a.positions,
        last,
        first,
        draw(st.none() | st.integers(1, 8)),
        deliveries,
        draw(st.none() | st.lists(st.integers(0, len(deliveries) - 1), min_size=jobs, max_size=jobs)),
        gate=a.gate,
    )


@st.composite
def networks(draw: Draw, name: str, stations: list[Station]) -> Network:
    layers = [draw(streams(f"{name}{i}", stations, [])) for i in range(draw(st.integers(1, 4)))]
    for i, b in enumerate(layers):
        before = layers[max(0, i - 2) : i]
        for a in draw(st.lists(st.sampled_from(before), max_size=2, unique=True)) if before else []:
            edge = draw(edges(a, b, stations))
            a.outputs, b.inputs = (*a.outputs, edge), (*b.inputs, edge)
    return Network(name, tuple(layers))


@st.composite
def cases(draw: Draw) -> Case:
    clock = Clock()
    stations = [
        Station(clock, f"s{i}", draw(st.integers(1, 3)), None, draw(st.none() | st.integers(0, 20)))
        for i in range(draw(st.integers(1, 4)))
    ]
    nets = [draw(networks(name, stations)) for name in "pq"[: draw(st.integers(1, 2))]]
    tasks = {f"task{i}": draw(works(stations)) for i in range(draw(st.integers(0, 2)))}
    arrivals = []
    for time_ps in sorted(draw(st.lists(times, min_size=1, max_size=5))):
        number = draw(st.integers(0, len(nets) - 1))
        gates = {
            s.gate: draw(st.lists(st.booleans(), min_size=s.jobs, max_size=s.jobs))
            for s in nets[number].streams
            if s.gate and draw(st.booleans())
        }
        arrivals.append((time_ps, number, draw(st.integers(0, 1)), gates))
    begins = [(draw(times), draw(st.sampled_from(sorted(tasks)))) for _ in range(2)] if tasks else []
    return Case(clock, stations, nets, tasks, arrivals, sorted(begins))


def history(case: Case, granularity: Granularity) -> tuple[Any, ...]:
    """All that can be seen of a run."""
    clock, log = Clock(), Log()
    clock.listen(log)
    for station in case.stations:
        station.renew(clock)
    flow = Engine(granularity, case.networks, case.tasks).open(clock)
    ends: list[tuple[object, ...]] = []
    flow.completed = lambda network, request: ends.append((clock.now, network, request))
    for time_ps, network, variant, gates in case.arrivals:
        clock.at(time_ps, Phase.DECIDE, lambda n=network, v=variant, g=gates: flow.let_in(n, v, g))
    for time_ps, task in case.begins:
        done = lambda task=task: ends.append((clock.now, task))  # noqa: E731
        clock.at(time_ps, Phase.DECIDE, lambda task=task, done=done: flow.submit(task, done))
    try:
        flow.run()
        error = ""
    except SimulationError as wrong:
        error = str(wrong)
    for station in case.stations:
        station.close()
    books = [
        (s.jobs, s.busy_ps, s.held_ps, s.waited_ps, s.gated_ps, s.free, s.waited_for) for s in case.stations
    ]
    return log.all, ends, clock.now, error, [] if error else books, flow.positions()


def on_both(case: Case) -> None:
    assert history(case, Granularity.BURST) == history(case, Granularity.MVM)


@settings(max_examples=350, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_both_engines_see_the_same_history(case: Case) -> None:
    on_both(case)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_both_engines_see_the_same_history_five_thousand_times(case: Case) -> None:
    on_both(case)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases(), st.integers(10, 40))
def test_many_requests_that_ask_for_different_things_at_once(case: Case, times_more: int) -> None:
    """More than the tables of requests under way keep at first."""
    case.arrivals = sorted(case.arrivals * times_more, key=lambda arrival: arrival[0])
    on_both(case)
