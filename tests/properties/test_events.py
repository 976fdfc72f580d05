"""Nothing wakes without work to do: how many events a run takes depends on its jobs, not on how long they last."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine_chains import chain
from xbarsim.engine.burst import fields as f
from xbarsim.engine.burst.flow import Burst
from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.requests import run_requests


def events(times_ps: list[int], positions: int, capacity: int | None) -> tuple[int, int]:
    """Events of the calendar, and what started at the instant of another event."""
    flow = Engine(Granularity.BURST, (chain(times_ps, positions, capacity),)).open(Clock())
    assert isinstance(flow, Burst)
    run_requests(flow, 2, steady=False)
    return int(flow.state.scalars[f.EVENTS]), int(flow.state.scalars[f.FIFO_TAIL])


layers = st.lists(st.integers(1, 50), min_size=1, max_size=5)


@settings(deadline=None)
@given(layers, st.integers(1, 10), st.none() | st.integers(1, 4))
def test_a_thousand_times_the_waiting_takes_no_event_more(
    times_ps: list[int], positions: int, capacity: int | None
) -> None:
    slow_ps = [1_000_000 * time_ps for time_ps in times_ps]
    assert events(slow_ps, positions, capacity) == events(times_ps, positions, capacity)


@settings(deadline=None)
@given(layers, st.integers(1, 10), st.none() | st.integers(1, 4))
def test_an_event_a_service_and_at_most_three_starts_a_job(
    times_ps: list[int], positions: int, capacity: int | None
) -> None:
    """A driver goes on when its job is admitted, when data has come, when room was made: never without one."""
    jobs = 2 * positions * len(times_ps)
    booked, started = events(times_ps, positions, capacity)
    assert booked <= 2 * jobs  # the end of a service, and a release that somebody waits for
    assert started <= 4 * jobs + len(times_ps)
