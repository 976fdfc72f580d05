"""A steady state that is continued by whole periods, against the same run run through."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.differential.test_random_flows import networks
from tests.engine_chains import chain
from xbarsim.engine.burst import fields as f
from xbarsim.engine.burst.flow import Burst
from xbarsim.engine.chain import Chain, Stage
from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine, stations_of
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.requests import run_requests
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Network
from xbarsim.errors import SimulationError

REQUESTS = 40


def outcome(network: Network, stations: list[Station], granularity: Granularity, steady: bool) -> Any:
    """Completions, the end, and every station's books."""
    clock = Clock()
    for station in stations:
        station.renew(clock)
    for stage in {id(s): s for s in stages_of(network)}.values():
        stage.tally.jobs = 0
    flow = Engine(granularity, (network,)).open(clock)
    try:
        completions = run_requests(flow, REQUESTS, steady=steady)
    except SimulationError:
        return None
    for station in stations:
        station.close()
    books = [(s.jobs, s.busy_ps, s.held_ps, s.waited_ps, s.gated_ps, s.free, s.waited_for) for s in stations]
    jobs = [stage.tally.jobs for stage in stages_of(network)]
    return completions, clock.now, books, jobs, flow.positions()


def stages_of(network: Network) -> list[Stage]:
    found: list[Stage] = []
    works = [work for s in network.streams for work in s.copies]
    works += [work for s in network.streams for edge in s.outputs for work in edge.deliveries]
    for work in works:
        if isinstance(work, Chain):
            found += work.stages
        else:
            works += work.parts
    return found


@st.composite
def plain(draw: st.DrawFn) -> tuple[Network, list[Station]]:
    """A random network whose requests are all alike."""
    clock = Clock()
    stations = [
        Station(clock, f"s{i}", draw(st.integers(1, 3)), None, draw(st.none() | st.integers(0, 20)))
        for i in range(draw(st.integers(1, 4)))
    ]
    network = draw(networks("p", stations))
    for stream in network.streams:
        stream.variants, stream.gate = (), None
        for edge in stream.outputs:
            edge.gate = None
    return network, stations


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(plain())
def test_what_is_left_out_is_as_if_it_had_been_run_through(case: tuple[Network, list[Station]]) -> None:
    network, stations = case
    through = outcome(network, stations, Granularity.BURST, steady=False)
    assume(through is not None)
    assert outcome(network, stations, Granularity.BURST, steady=True) == through
    assert outcome(network, stations, Granularity.MVM, steady=True) == through


def test_a_million_requests_of_a_steady_chain_end_when_the_closed_form_says() -> None:
    """sum(times) + (jobs - 1) x slowest, without running them through."""
    times_ps, positions, requests = [7, 30, 11, 3], 5, 1_000_000
    network = chain(times_ps, positions)
    flow = Engine(Granularity.BURST, (network,)).open(Clock())
    completions = run_requests(flow, requests)
    assert len(completions) == requests
    assert completions[-1] == sum(times_ps) + (requests * positions - 1) * max(times_ps)
    assert flow.positions() == [requests * positions] * 4
    assert [station.jobs for station in stations_of((network,), {})] == [requests * positions] * 4
    assert isinstance(flow, Burst)
    assert flow.state.scalars[f.EVENTS] < 1_000  # that were run through
