"""Queues with known answers, on every engine: M/D/1, M/D/c, D/D/c, Little's law, utilisation, saturation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import queue_formulas as known
from tests.queue_engines import ENGINES, RunTandem, Services
from xbarsim.scenario.arrivals import Constant, Poisson, Saturated
from xbarsim.scenario.statistics import Latencies
from xbarsim.scenario.time_weighted import TimeWeighted

SERVICE_PS = 1_000_000
REQUESTS = 100_000
LOADS = (0.3, 0.7, 0.9)
SERVERS = (1, 2, 4, 8)
# About fifty intervals are made here: at 99.9 % each, all of them hold for nineteen seeds of twenty.
CONFIDENCE = 0.999

RunQueue = Callable[[Sequence[int], int, int], Services]  # (arrivals_ps, service_ps, servers)
WaitsPs = Callable[[float, int], np.ndarray]


@pytest.fixture(scope="module", params=ENGINES.values(), ids=ENGINES.keys())
def run_tandem(request: pytest.FixtureRequest) -> RunTandem:
    return request.param


@pytest.fixture(scope="module")
def run_queue(run_tandem: RunTandem) -> RunQueue:
    return lambda arrivals_ps, service_ps, servers: run_tandem(arrivals_ps, [(service_ps, servers)])[0]


@pytest.fixture(scope="module")
def m_d_c_waits_ps(run_queue: RunQueue) -> WaitsPs:
    """Waiting times by load and servers; each run is made once and held against the recurrence."""

    @cache
    def waits(load: float, servers: int) -> np.ndarray:
        arrivals_ps = poisson_ps(load, servers)
        services = run_queue(arrivals_ps, SERVICE_PS, servers)
        assert services == by_recurrence(arrivals_ps, SERVICE_PS, servers)
        return np.array(waits_ps(arrivals_ps, services))

    return waits


def poisson_ps(load: float, servers: int) -> list[int]:
    """Arrivals that keep each server busy for a share `load` of the time."""
    arrivals = Poisson(load * servers * 1e12 / SERVICE_PS)
    return list(islice(arrivals.times_ps(np.random.default_rng([servers, round(100 * load)])), REQUESTS))


def by_recurrence(arrivals_ps: Sequence[int], service_ps: int, servers: int) -> Services:
    """G/D/c, first come, first served: request n begins when it comes, or when request n - c is out."""
    services: Services = []
    for n, come_ps in enumerate(arrivals_ps):
        start_ps = come_ps if n < servers else max(come_ps, services[n - servers][1])
        services.append((start_ps, start_ps + service_ps))
    return services


def waits_ps(arrivals_ps: Sequence[int], services: Services) -> list[int]:
    return [start_ps - come_ps for come_ps, (start_ps, _) in zip(arrivals_ps, services, strict=True)]


def stepped(up_ps: Sequence[int], down_ps: Sequence[int]) -> TimeWeighted:
    """How many there are of what begins and ends at these times."""
    steps = TimeWeighted()
    for time_ps, change in sorted([(t, 1) for t in up_ps] + [(t, -1) for t in down_ps]):
        steps.add(time_ps, change)
    return steps


# --- the formulas, against one another ---------------------------------------------------------------


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("load", LOADS)
def test_two_ways_to_the_mean_wait_of_m_d_c_agree(load: float, servers: int) -> None:
    """Crommelin's sum, and the equations of the number in the system with Little's law."""
    assert known.mean_wait_from_number(load, servers) == pytest.approx(
        known.mean_wait_m_d_c(load, servers), rel=1e-6
    )


@pytest.mark.parametrize("load", LOADS)
def test_with_one_server_m_d_c_is_m_d_1(load: float) -> None:
    assert known.mean_wait_m_d_c(load, 1) == pytest.approx(known.mean_wait_m_d_1(load), rel=1e-12)
    for time in (0.0, 0.5, 1.0, 2.3, 5.0):
        franx, erlang = known.wait_m_d_c_at_most(load, 1, time), known.wait_m_d_1_at_most(load, time)
        assert franx == pytest.approx(erlang, abs=1e-9)


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("load", (0.7, 0.9))
def test_an_approximation_found_in_another_way_is_near(load: float, servers: int) -> None:
    """Within 1 % at these loads. Source: Cosmetatos, INFOR 13 (1975) 328."""
    approximation = known.mean_wait_cosmetatos(load, servers)
    assert approximation == pytest.approx(known.mean_wait_m_d_c(load, servers), rel=0.01)


# --- M/D/c -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("load", LOADS)
def test_mean_wait_of_m_d_c(m_d_c_waits_ps: WaitsPs, load: float, servers: int) -> None:
    latencies = Latencies()
    latencies.extend(m_d_c_waits_ps(load, servers))
    estimate = latencies.estimate("mean", CONFIDENCE)
    assert latencies.warm_up().visible
    assert not estimate.correlated
    assert estimate.low_ps <= known.mean_wait_m_d_c(load, servers) * SERVICE_PS <= estimate.high_ps


@pytest.mark.parametrize("servers", SERVERS)
@pytest.mark.parametrize("load", LOADS)
def test_waiting_time_distribution_of_m_d_c(m_d_c_waits_ps: WaitsPs, load: float, servers: int) -> None:
    """Shares of the requests that wait no longer than t, as means of ones and noughts.

    At times for which the formula lets a hundred requests fall to either side: of what never happens, batches
    have no spread.
    """
    waited_ps = m_d_c_waits_ps(load, servers)
    exact = {time: known.wait_m_d_c_at_most(load, servers, time) for time in (0.0, 0.25, 1.0, 2.3)}
    compared = {time: share for time, share in exact.items() if 100 <= share * REQUESTS <= REQUESTS - 100}
    assert 0.0 in compared
    for time, share in compared.items():
        within = Latencies()
        within.extend((waited_ps <= time * SERVICE_PS).astype(np.int64))
        estimate = within.estimate("mean", CONFIDENCE)
        assert estimate.low_ps <= share <= estimate.high_ps, time


# --- D/D/c -------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 200), st.integers(1, 5), st.integers(1, 40))
def test_d_d_c_waits_not_at_all_or_longer_by_the_same_each_round(
    gap_ps: int, service_ps: int, servers: int, requests: int
) -> None:
    """Request n waits (n // c) × (S - c × gap) if that is above 0: the servers are taken in turn."""
    arrivals_ps = list(islice(Constant(1e12 / gap_ps).times_ps(np.random.default_rng(0)), requests))
    late_ps = max(0, service_ps - servers * gap_ps)
    for run_tandem in ENGINES.values():
        services = run_tandem(arrivals_ps, [(service_ps, servers)])[0]
        assert waits_ps(arrivals_ps, services) == [n // servers * late_ps for n in range(requests)]


# --- laws that hold exactly --------------------------------------------------------------------------

STATIONS = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 4)), min_size=1, max_size=4)
COME_PS = st.lists(st.integers(0, 300), min_size=1, max_size=25).map(sorted)


@settings(max_examples=100, deadline=None)
@given(COME_PS, st.integers(1, 50), st.integers(1, 4))
def test_any_arrivals_are_served_as_the_recurrence_says(
    arrivals_ps: list[int], service_ps: int, servers: int
) -> None:
    for run_tandem in ENGINES.values():
        assert run_tandem(arrivals_ps, [(service_ps, servers)])[0] == by_recurrence(
            arrivals_ps, service_ps, servers
        )


def test_littles_law_and_utilisation_on_a_long_run(run_queue: RunQueue) -> None:
    """L = λ W and U = X S / c without their common divisor, the elapsed time: in whole picoseconds."""
    servers = 4
    arrivals_ps = poisson_ps(0.9, servers)[:20_000]
    services = run_queue(arrivals_ps, SERVICE_PS, servers)
    starts_ps, ends_ps = [start for start, _ in services], [end for _, end in services]
    waiting, busy = stepped(arrivals_ps, starts_ps), stepped(starts_ps, ends_ps)
    assert waiting.area == sum(waits_ps(arrivals_ps, services))
    assert busy.area == len(services) * SERVICE_PS
    assert busy.largest == servers
    present = stepped(arrivals_ps, ends_ps)
    assert present.area == waiting.area + busy.area


@settings(max_examples=60, deadline=None)
@given(COME_PS, STATIONS)
def test_littles_law_and_utilisation_at_every_station_of_a_tandem(
    arrivals_ps: list[int], stations: list[tuple[int, int]]
) -> None:
    for run_tandem in ENGINES.values():
        come_ps = list(arrivals_ps)
        for (service_ps, servers), services in zip(stations, run_tandem(arrivals_ps, stations), strict=True):
            starts_ps, ends_ps = [start for start, _ in services], [end for _, end in services]
            assert stepped(come_ps, starts_ps).area == sum(waits_ps(come_ps, services))
            busy = stepped(starts_ps, ends_ps)
            assert busy.area == len(services) * service_ps
            assert busy.largest <= servers
            come_ps = ends_ps


@settings(max_examples=60, deadline=None)
@given(STATIONS, st.integers(1, 60))
def test_saturated_throughput_is_that_of_the_slowest_station(
    stations: list[tuple[int, int]], requests: int
) -> None:
    """With r = max(S / c), completion n lies from n r to n r + the sum of S: throughput tends to 1 / r.

    The longest way to completion n goes k_s times round at station s: sum of (k_s + 1) S_s, with the sum of
    k_s c_s at most n.
    """
    arrivals_ps = list(islice(Saturated().times_ps(np.random.default_rng(0)), requests))
    common = 12  # a multiple of every number of servers
    slowest = max(service_ps * common // servers for service_ps, servers in stations)
    through_ps = sum(service_ps for service_ps, _ in stations)
    for run_tandem in ENGINES.values():
        for n, (_, end_ps) in enumerate(run_tandem(arrivals_ps, stations)[-1]):
            assert n * slowest <= end_ps * common <= n * slowest + through_ps * common
