"""Doors: who waits, who is let in when, whatever comes and however it is asked."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.errors import SpecError
from xbarsim.scenario.batching import ONE_BY_ONE, Batching, Fixed, TimeOut, batching_from_text
from xbarsim.scenario.serve_door import Door
from xbarsim.scenario.serve_measure import batching_text

SERVICE_PS = 1_000
batchings = st.one_of(
    st.just(ONE_BY_ONE),
    st.builds(Fixed, st.integers(1, 6)),
    st.builds(TimeOut, st.integers(1, 6), st.integers(1, 9_999).map(lambda ps: ps * 1e-12)),
)
arrivals = st.lists(st.integers(0, 3_000), min_size=1, max_size=40).map(
    lambda gaps: [sum(gaps[: n + 1]) for n in range(len(gaps))]
)


@dataclass
class Day:
    """A day at a door before a server of one place: (when, how many) went in, and who came and went."""

    went_in: list[tuple[int, int]]
    left: list[tuple[int, int, int]]  # came, went in, left
    door: Door


def day(times_ps: list[int], batching: Batching, limit: int | None = None, queue: int | None = None) -> Day:
    """One server of 1,000 ps behind the door, first come, first served; the day ends when all are out."""
    door, told = Door(batching, limit, queue), Day([], [], Door(batching, limit, queue))
    told.door = door
    ends: list[int] = []

    def let_in(now_ps: int, going: int) -> None:
        if going:
            told.went_in.append((now_ps, going))
        for _ in range(going):
            ends.append(max(now_ps, ends[-1] if ends else 0) + SERVICE_PS)

    coming, gone, now_ps = list(times_ps), 0, 0
    while coming or door.waiting or door.inside:
        wake_ps = door.wake_ps(now_ps)
        nexts = [coming[:1], ends[gone : gone + 1], [] if wake_ps is None else [wake_ps]]
        now_ps = min(time_ps for times in nexts for time_ps in times)
        if coming and coming[0] == now_ps:
            coming.pop(0)
            let_in(now_ps, door.arrive(now_ps))
            if not coming:
                door.closing = True
                let_in(now_ps, door.go(now_ps))
        elif gone < len(ends) and ends[gone] == now_ps:
            gone += 1
            told.left.append((*door.leave(), now_ps))
            let_in(now_ps, door.go(now_ps))
        else:
            let_in(now_ps, door.go(now_ps))
    return told


def test_without_batches_each_goes_in_as_it_comes() -> None:
    assert day([5, 7, 7], ONE_BY_ONE).went_in == [(5, 1), (7, 1), (7, 1)]


def test_a_limit_lets_the_next_in_when_one_is_out() -> None:
    assert day([0, 10, 20], ONE_BY_ONE, limit=1).went_in == [(0, 1), (1_000, 1), (2_000, 1)]


def test_a_fixed_batch_waits_for_its_last_and_the_rest_goes_at_the_end_of_the_day() -> None:
    assert day([0, 10, 20, 30, 40], Fixed(2)).went_in == [(10, 2), (30, 2), (40, 1)]


def test_a_batch_goes_in_only_whole() -> None:
    assert day([0, 1, 2, 3], Fixed(2), limit=3).went_in == [(1, 2), (1_001, 2)]


def test_patience_ends_at_its_instant_with_whoever_is_there() -> None:
    policy = TimeOut(4, 100e-12)
    assert day([0, 60, 130, 140, 150, 160], policy).went_in == [(100, 2), (160, 4)]
    assert day([0, 500], policy).went_in == [(100, 1), (500, 1)]


def test_who_finds_the_queue_full_is_refused() -> None:
    full = day([0, 1, 2, 3, 1_500], ONE_BY_ONE, limit=1, queue=1)
    assert full.went_in == [(0, 1), (1_000, 1), (2_000, 1)]
    assert full.door.refused == 2
    assert day([0, 1, 999, 1_000], ONE_BY_ONE, limit=1, queue=0).door.refused == 3


@given(arrivals, batchings, st.one_of(st.none(), st.integers(0, 6)), st.one_of(st.none(), st.integers(0, 9)))
def test_nobody_is_lost_overtaken_or_let_in_beyond_the_limits(
    times_ps: list[int], batching: Batching, room: int | None, queue: int | None
) -> None:
    limit = None if room is None else batching.most + room
    queue = None if queue is None else batching.most - 1 + queue
    told = day(times_ps, batching, limit, queue)
    assert len(told.left) + told.door.refused == told.door.arrived == len(times_ps)
    assert told.left == sorted(told.left)
    assert all(came <= went_in < left for came, went_in, left in told.left)
    if queue is None:
        assert [came for came, _, _ in told.left] == times_ps
    for _, went_in, _ in told.left:
        inside = sum(a <= went_in < b for _, a, b in told.left)
        assert limit is None or inside <= limit
    assert all(going <= batching.most or batching.most == 1 or limit is None for _, going in told.went_in)


@given(arrivals, st.integers(2, 6), st.integers(1, 5_000))
def test_at_an_open_door_nobody_waits_beyond_the_patience(
    times_ps: list[int], size: int, patience_ps: int
) -> None:
    told = day(times_ps, TimeOut(size, patience_ps * 1e-12))
    assert all(went_in - came <= patience_ps for came, went_in, _ in told.left)


@given(batchings)
def test_a_policy_is_read_as_it_is_written(batching: Batching) -> None:
    again = batching_from_text(batching_text(batching))
    assert (type(again), again.most, again.patience_ps) == (
        type(batching),
        batching.most,
        batching.patience_ps,
    )


ALLOWED = "allowed: one of 'none', 'fixed 8', 'timeout 8 1 ms'"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", f"--batch: empty; {ALLOWED}"),
        ("often", f"--batch: 'often' is no kind of batching; {ALLOWED}"),
        ("fixed", f"--batch: 'fixed' is not written like 'fixed 8'; {ALLOWED}"),
        ("fixed x", f"--batch: 'x' is no whole number of requests; {ALLOWED}; write it like 'fixed 8'"),
        ("fixed 0", "--batch: Fixed.size is 0; allowed: a whole number from 1"),
        ("timeout 8 1", f"--batch: '1' has no unit; {ALLOWED}; write it like 'timeout 8 1 ms'"),
    ],
)
def test_a_wrong_policy_is_told(text: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        batching_from_text(text)
    assert str(caught.value) == told
