"""Jobs through chains of stations, against the same physics written as plain loops over portions."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from xbarsim.engine.chain import Chain, Par, Seq, Stage, Work, at, carry, flow, perform, width
from xbarsim.engine.clock import Clock, Listener, Phase
from xbarsim.engine.station import Station

times = st.one_of(st.sampled_from([0, 1, 10]), st.integers(0, 60))


@dataclass(frozen=True)
class Plan:
    """A stage before it has a station; `alone`: it occupies nobody."""

    portion_ps: int
    portions: int
    delay_ps: int
    holds: bool
    alone: bool = False


def plans(portions: st.SearchStrategy[int], alone: st.SearchStrategy[bool]) -> st.SearchStrategy[Plan]:
    delays = st.one_of(st.just(0), times)
    return st.builds(Plan, times, portions, delays, st.booleans(), alone)


portion_counts = st.integers(1, 20)
# Mostly the same cut from end to end, as input slices are; else cut anew at some stages, as flits are.
chains = st.one_of(
    portion_counts.flatmap(lambda n: st.lists(plans(st.just(n), st.booleans()), min_size=1, max_size=6)),
    st.lists(plans(portion_counts, st.just(False)), min_size=1, max_size=6),
)
arrivals = st.lists(st.one_of(st.integers(0, 30), st.integers(0, 900)), min_size=1, max_size=6).map(sorted)


@dataclass
class Book:
    """What one station has to show at the end."""

    free_at_ps: int = 0
    jobs: int = 0
    busy_ps: int = 0
    held_ps: int = 0
    waited_ps: int = 0
    served: list[tuple[int, int, int]] = field(default_factory=list)  # (job, grant, end)


def by_hand(chain: list[Plan], come_ps: list[int]) -> tuple[list[int], list[Book]]:
    """Times at which the jobs are through, and every station's book: loops over jobs, stages, portions."""
    books = [Book() for _ in chain]
    through = []
    for job, come in enumerate(come_ps):
        portions = [come]
        grants = []
        for s, (plan, book) in enumerate(zip(chain, books, strict=True)):
            same_cut = plan.portions == len(portions)
            asks = portions[0] if same_cut else max(portions)
            grant = asks if plan.alone else max(asks, book.free_at_ps)
            starts, outs = [], []
            for k in range(plan.portions):
                ready = portions[k] if same_cut else grant
                starts.append(max(ready, grant, outs[-1] if outs else 0))
                outs.append(starts[-1] + plan.portion_ps)
            grants.append(grant)
            book.jobs += 1
            book.busy_ps += plan.portion_ps * plan.portions
            book.waited_ps += grant - asks
            book.served.append((job, grant, outs[-1]))
            if s and chain[s - 1].holds:
                books[s - 1].free_at_ps = starts[-1]
            book.free_at_ps = outs[-1]  # put off by the next stage where this one holds
            portions = [out + plan.delay_ps for out in outs]
        for grant, book in zip(grants, books, strict=True):
            book.held_ps += book.free_at_ps - grant
        through.append(max(portions))
    return through, books


class Log(Listener):
    def __init__(self) -> None:
        self.by_stage: dict[object, list[tuple[object, int, int]]] = {}

    def served(self, stage: Stage, tag: object, start_ps: int, end_ps: int) -> None:
        self.by_stage.setdefault(stage.meta, []).append((tag, start_ps, end_ps))


@settings(max_examples=3000, deadline=None)
@given(chains, arrivals)
def test_jobs_through_private_stations_keep_the_recurrence(chain: list[Plan], come_ps: list[int]) -> None:
    clock, log = Clock(), Log()
    clock.listen(log)
    stations = [Station(clock, f"s{s}") for s in range(len(chain))]
    stages = tuple(
        Stage(() if p.alone else (stations[s],), p.portion_ps, p.portions, p.delay_ps, s, p.holds)
        for s, p in enumerate(chain)
    )
    through: list[tuple[int, int]] = []

    def start(job: int) -> None:
        flow(clock, stages, job, done=lambda: through.append((job, clock.now)))

    for job, come in enumerate(come_ps):
        clock.at(come, Phase.DELIVER, lambda job=job: start(job))
    clock.run()
    expected, books = by_hand(chain, come_ps)
    assert through == list(enumerate(expected))
    for s, (plan, station, book) in enumerate(zip(chain, stations, books, strict=True)):
        station.close()
        assert log.by_stage[s] == book.served
        if not plan.alone:
            assert (station.jobs, station.busy_ps, station.held_ps, station.waited_ps, station.free) == (
                book.jobs,
                book.busy_ps,
                book.held_ps,
                book.waited_ps,
                1,
            )
            assert sum(station.waited_for.values()) == station.waited_ps


@settings(deadline=None)
@given(st.lists(st.tuples(times, st.integers(0, 400)), min_size=1, max_size=8), st.integers(1, 30))
def test_lines_carried_through_stages_are_the_portions_times(
    stages: list[tuple[int, int]], portions: int
) -> None:
    lines, by_portion = [(0, 0)], [0] * portions
    for portion_ps, grant_ps in stages:
        lines = carry(lines, grant_ps, portion_ps)
        out = grant_ps
        for k in range(portions):
            out = max(out, by_portion[k]) + portion_ps
            by_portion[k] = out
        assert [at(lines, k + 1) for k in range(portions)] == by_portion


@settings(max_examples=1000, deadline=None)
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), min_size=1, max_size=30).map(
        lambda jobs: sorted(jobs, key=lambda job: job[0])
    ),
)
def test_several_servers_keep_the_recurrence_of_kiefer_and_wolfowitz(
    servers: int, jobs: list[tuple[int, int]]
) -> None:
    """Job j begins at max(arrival, least of the servers' release times); one server: Lindley's recurrence."""
    clock, log = Clock(), Log()
    clock.listen(log)
    station = Station(clock, "adc", servers)
    for number, (come_ps, service_ps) in enumerate(jobs):
        stage = Stage((station,), service_ps, meta=0)
        clock.at(come_ps, Phase.DELIVER, lambda number=number, stage=stage: flow(clock, (stage,), number))
    clock.run()
    station.close()
    free_at_ps, expected, waited_ps = [0] * servers, [], 0
    for number, (come_ps, service_ps) in enumerate(jobs):
        free_at_ps.sort()
        start_ps = max(come_ps, free_at_ps[0])
        waited_ps += start_ps - come_ps
        free_at_ps[0] = start_ps + service_ps
        expected.append((number, start_ps, free_at_ps[0]))
    assert log.by_stage[0] == expected
    assert station.busy_ps == station.held_ps == sum(service_ps for _, service_ps in jobs)
    assert (station.waited_ps, sum(station.waited_for.values())) == (waited_ps, waited_ps)


def test_one_by_one_every_period_c_servers_serve_c_at_a_time() -> None:
    """D/D/c: eight jobs at once, 100 ps each, three servers: three at 0, three at 100, two at 200."""
    clock, log = Clock(), Log()
    clock.listen(log)
    station = Station(clock, "unit", servers=3)
    for number in range(8):
        flow(clock, (Stage((station,), 100, meta=0),), number)
    clock.run()
    assert [grant for _, grant, _ in log.by_stage[0]] == [0, 0, 0, 100, 100, 100, 200, 200]
    assert (station.busy_ps, station.waited_ps) == (800, 3 * 100 + 2 * 200)


# --- shared stations -------------------------------------------------------------------------------


@st.composite
def shared_work(
    draw: st.DrawFn, holding: bool
) -> tuple[list[int], list[tuple[int, list[Plan], list[list[int]]]]]:
    """(servers of each station, jobs: (arrival, stages, stations of each stage in the order they are named)).

    holding: stages may hold; then every job takes its stations upwards from stage to stage.
    """
    servers = draw(st.lists(st.integers(1, 3), min_size=2, max_size=5))
    jobs = []
    for _ in range(draw(st.integers(1, 8))):
        order = draw(st.permutations(range(len(servers))))
        cuts = sorted(draw(st.lists(st.integers(1, len(servers)), max_size=3)))
        if holding:
            order = sorted(order)
            gangs = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
        else:
            gangs = [
                list(draw(st.permutations(order)))[: draw(st.integers(0, 3))] for _ in range(len(cuts) + 1)
            ]
        one = plans(st.integers(1, 4), st.just(False))
        stages = [draw(one) for _ in gangs]
        if not holding:
            stages = [Plan(p.portion_ps, p.portions, p.delay_ps, False) for p in stages]
        jobs.append((draw(st.integers(0, 50)), stages, gangs))
    return servers, jobs


def _run_shared(servers: list[int], jobs: list[tuple[int, list[Plan], list[list[int]]]]) -> None:
    clock, log = Clock(), Log()
    clock.listen(log)
    stations = [Station(clock, f"s{i}", count) for i, count in enumerate(servers)]
    finished = []
    busy_by_hand = [0] * len(servers)
    for number, (come_ps, plan, gangs) in enumerate(jobs):
        stages = tuple(
            Stage(tuple(stations[i] for i in gang), p.portion_ps, p.portions, p.delay_ps, number, p.holds)
            for p, gang in zip(plan, gangs, strict=True)
        )
        for p, gang in zip(plan, gangs, strict=True):
            for i in gang:
                busy_by_hand[i] += p.portion_ps * p.portions

        def start(number: int = number, stages: tuple[Stage, ...] = stages) -> None:
            flow(clock, stages, number, done=lambda: finished.append(number))

        clock.at(come_ps, Phase.DELIVER, start)
    clock.run()
    assert sorted(finished) == list(range(len(jobs)))
    for i, station in enumerate(stations):
        station.close()
        assert (station.free, len(station.queue), station.due) == (station.servers, 0, [])
        assert station.busy_ps == busy_by_hand[i]
        blocked_ps = station.held_ps - station.busy_ps
        idle_ps = station.servers * clock.now - station.held_ps
        assert blocked_ps >= 0
        assert idle_ps >= 0
        assert station.busy_ps + blocked_ps + idle_ps == station.servers * clock.now


@settings(max_examples=400, deadline=None)
@given(shared_work(holding=False))
def test_jobs_that_need_several_stations_in_whatever_order_never_lock_each_other(work) -> None:  # type: ignore[no-untyped-def]
    _run_shared(*work)


@settings(max_examples=400, deadline=None)
@given(shared_work(holding=True))
def test_jobs_that_hold_never_lock_each_other_where_all_take_stations_upwards(work) -> None:  # type: ignore[no-untyped-def]
    _run_shared(*work)


def test_two_jobs_that_name_the_same_stations_in_opposite_order_both_pass() -> None:
    """Both stations are handed over at 10: were they taken as named, each job would hold what the other wants."""
    clock, log = Clock(), Log()
    clock.listen(log)
    a, b = Station(clock, "a"), Station(clock, "b")
    for tag, gang in (("first", (a,)), ("first", (b,)), ("ab", (a, b)), ("ba", (b, a))):
        flow(clock, (Stage(gang, 10 if tag == "first" else 100, meta=tag),), tag)
    clock.run()
    assert log.by_stage == {
        "first": [("first", 0, 10), ("first", 0, 10)],
        "ab": [("ab", 10, 110)],
        "ba": [("ba", 110, 210)],
    }


def test_a_station_named_twice_is_taken_once() -> None:
    clock = Clock()
    a = Station(clock, "a")
    flow(clock, (Stage((a, a), 100),), "job")
    clock.run()
    assert (clock.now, a.jobs, a.busy_ps) == (100, 1, 100)


def test_a_station_that_waits_for_another_of_its_gang_is_blocked_not_idle() -> None:
    """Bus b is taken until 100; port a is had at 0 and stands still until then, so the next waits for both."""
    clock, log = Clock(), Log()
    clock.listen(log)
    a, b = Station(clock, "a"), Station(clock, "b")
    flow(clock, (Stage((b,), 100, meta=0),), "first")
    flow(clock, (Stage((a, b), 30, meta=1),), "gang")
    flow(clock, (Stage((a,), 5, meta=2),), "last")
    clock.run()
    assert log.by_stage == {0: [("first", 0, 100)], 1: [("gang", 100, 130)], 2: [("last", 130, 135)]}
    assert [(s.busy_ps, s.held_ps - s.busy_ps, clock.now - s.held_ps) for s in (a, b)] == [
        (35, 100, 0),
        (130, 0, 5),
    ]
    assert (a.waited_for, b.waited_for) == ({"gang": 130}, {"first": 100})


# --- work of several chains ------------------------------------------------------------------------

works = st.recursive(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=3).map(
        lambda stages: ("chain", stages)
    ),
    lambda inner: st.tuples(st.sampled_from(["seq", "par"]), st.lists(inner, max_size=3)),
    max_leaves=10,
)


def _build(clock: Clock, tree: tuple[str, list]) -> Work:  # type: ignore[type-arg]
    kind, parts = tree
    if kind == "chain":
        return Chain(
            tuple(Stage((Station(clock, "own"),), time_ps, 1, delay_ps) for time_ps, delay_ps in parts)
        )
    inner = tuple(_build(clock, part) for part in parts)
    return Seq(inner) if kind == "seq" else Par(inner)


def _time_ps(tree: tuple[str, list]) -> int:  # type: ignore[type-arg]
    kind, parts = tree
    if kind == "chain":
        return sum(time_ps + delay_ps for time_ps, delay_ps in parts)
    inner = [_time_ps(part) for part in parts]
    return sum(inner) if kind == "seq" else max(inner, default=0)


@settings(max_examples=500, deadline=None)
@given(works, st.integers(0, 100))
def test_sequences_add_up_parallels_take_the_longest(tree, come_ps: int) -> None:  # type: ignore[no-untyped-def]
    clock, log = Clock(), []
    work = _build(clock, tree)
    clock.at(
        come_ps,
        Phase.DELIVER,
        lambda: perform(clock, work, "job", lambda: log.append("admitted"), lambda: log.append(clock.now)),
    )
    clock.run()
    assert sorted(log, key=str) == [come_ps + _time_ps(tree), *["admitted"] * width(work)]


def test_the_next_job_may_come_when_the_second_stage_begins_or_the_only_one_ends() -> None:
    for count, admitted_ps in ((1, 10), (2, 10), (3, 10)):
        clock, log = Clock(), []
        stages = tuple(Stage((Station(clock, f"s{i}"),), 10) for i in range(count))
        flow(clock, stages, "job", admit=lambda clock=clock, log=log: log.append(clock.now))
        clock.run()
        assert (log, clock.now) == ([admitted_ps], 10 * count)


def test_what_is_taken_over_late_is_held_until_then() -> None:
    """An array (3 portions of 10) before a converter (3 of 40) with one job: the array is free when the last
    portion goes into the converter, at 10 + 2 x 40; with its own buffer behind it, at 30."""
    for holds, held_ps in ((True, 90), (False, 30)):
        clock = Clock()
        array, adc = Station(clock, "array"), Station(clock, "adc")
        flow(clock, (Stage((array,), 10, 3, holds=holds), Stage((adc,), 40, 3)), "job")
        clock.run()
        assert (clock.now, array.busy_ps, array.held_ps, adc.held_ps) == (130, 30, held_ps, 120)


# --- power gating ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 80)), max_size=6).map(sorted), st.integers(0, 60)
)
def test_a_station_is_gated_in_every_idle_stretch_beyond_its_delay(
    jobs: list[tuple[int, int]], after_ps: int
) -> None:
    clock = Clock()
    station = Station(clock, "unit", gated_after_ps=after_ps)
    for come_ps, service_ps in jobs:
        stage = Stage((station,), service_ps)
        clock.at(come_ps, Phase.DELIVER, lambda stage=stage: flow(clock, (stage,), "job"))
    clock.at(600, Phase.SAMPLE, lambda: None)
    clock.run()
    station.close()
    gated_ps, free_at_ps = 0, 0
    for come_ps, service_ps in jobs:
        gated_ps += max(0, come_ps - free_at_ps - after_ps)
        free_at_ps = max(come_ps, free_at_ps) + service_ps
    assert station.gated_ps == gated_ps + max(0, clock.now - free_at_ps - after_ps)
