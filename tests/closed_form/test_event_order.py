"""What happens at one picosecond happens in the order of the Phase table, and first come, first served."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xbarsim.engine.chain import Chain, Stage, flow
from xbarsim.engine.clock import Clock, Listener, Phase
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.mvm import Counter
from xbarsim.engine.requests import run_requests
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Edge, Network, Stream

History = list[tuple[object, ...]]


class Log(Listener):
    def __init__(self) -> None:
        self.served_log: History = []

    def served(self, stage: Stage, tag: object, start_ps: int, end_ps: int) -> None:
        self.served_log.append((tag, stage.meta, start_ps, end_ps))


def test_the_table_is_decide_release_deliver_start_sample() -> None:
    assert [(phase.name, int(phase)) for phase in sorted(Phase)] == [
        ("DECIDE", 0),
        ("RELEASE", 1),
        ("DELIVER", 2),
        ("START", 3),
        ("SAMPLE", 9),
    ]


@settings(deadline=None)
@given(st.permutations([(time_ps, phase) for time_ps in (0, 5, 7) for phase in Phase]))
def test_events_pass_by_time_then_by_phase_however_they_were_made(made: list[tuple[int, Phase]]) -> None:
    clock, log = Clock(), []
    for time_ps, phase in made:
        clock.at(time_ps, phase, lambda phase=phase: log.append((clock.now, phase)))
    clock.run()
    assert log == sorted(made)


def test_equals_pass_in_the_order_in_which_they_were_made() -> None:
    clock, log = Clock(), []
    for name in "abc":
        for phase in (Phase.SAMPLE, Phase.RELEASE):
            clock.at(10, phase, lambda name=name, phase=phase: log.append(f"{name} {phase.name}"))
    clock.run()
    assert log == ["a RELEASE", "b RELEASE", "c RELEASE", "a SAMPLE", "b SAMPLE", "c SAMPLE"]


def test_a_signal_fired_while_data_is_delivered_passes_after_all_of_it_was() -> None:
    clock, log = Clock(), []
    counter = Counter(clock)
    for value in (1, 2):
        signal = counter.reach(value)
        assert signal is not None
        signal.callbacks.append(lambda _, value=value: log.append(f"{value} reached at {counter.value}"))
    clock.at(3, Phase.START, lambda: log.append("start made before"))
    clock.at(3, Phase.SAMPLE, lambda: log.append("sample"))
    clock.at(3, Phase.DELIVER, lambda: counter.raise_to(1))
    clock.at(3, Phase.DELIVER, lambda: counter.raise_to(2))
    clock.run()
    assert log == ["start made before", "1 reached at 2", "2 reached at 2", "sample"]


def test_a_server_released_at_an_instant_is_had_by_who_waits_not_by_who_comes_then() -> None:
    """The first job is out at 100. One has waited since 40; one comes at 100, one at 150."""
    clock, log = Clock(), Log()
    clock.listen(log)
    station = Station(clock, "adc")
    stage = Stage((station,), 100, meta="convert")
    for name, time_ps in (("late", 150), ("just then", 100), ("waits", 40), ("first", 0)):
        clock.at(time_ps, Phase.DELIVER, lambda name=name: flow(clock, (stage,), name))
    clock.run()
    assert log.served_log == [
        ("first", "convert", 0, 100),
        ("waits", "convert", 100, 200),
        ("just then", "convert", 200, 300),
        ("late", "convert", 300, 400),
    ]
    assert station.waited_ps == 60 + 100 + 150
    assert station.waited_for == {"first": 60, "waits": 100, "just then": 150}


def test_who_comes_as_a_waiting_one_is_handed_a_server_begins_behind_it() -> None:
    """Both servers are out at 100: one goes to who waits, the other to who comes then, in this order."""
    clock, log = Clock(), Log()
    clock.listen(log)
    station = Station(clock, "adc", servers=2)
    stage = Stage((station,), 100, meta="convert")
    for name, time_ps in (("comes", 100), ("waits", 40), ("first", 0), ("second", 0)):
        clock.at(time_ps, Phase.DELIVER, lambda name=name: flow(clock, (stage,), name))
    clock.run()
    assert log.served_log == [
        ("first", "convert", 0, 100),
        ("second", "convert", 0, 100),
        ("waits", "convert", 100, 200),
        ("comes", "convert", 100, 200),
    ]


def test_one_that_comes_as_a_server_is_released_does_not_wait() -> None:
    clock = Clock()
    station = Station(clock, "adc")
    for time_ps in (0, 100, 200):
        clock.at(time_ps, Phase.DELIVER, lambda: flow(clock, (Stage((station,), 100),), "job"))
    clock.run()
    assert (clock.now, station.waited_ps, station.waited_for) == (300, 0, {})


def test_jobs_that_come_together_are_served_in_the_order_in_which_they_came() -> None:
    clock, log = Clock(), Log()
    clock.listen(log)
    station = Station(clock, "bus", servers=2)
    for name in "dacb":
        flow(clock, (Stage((station,), 10, meta="carry"),), name)
    clock.run()
    assert log.served_log == [
        ("d", "carry", 0, 10),
        ("a", "carry", 0, 10),
        ("c", "carry", 10, 20),
        ("b", "carry", 10, 20),
    ]


def test_a_wait_backwards_is_refused() -> None:
    clock = Clock()
    clock.at(5, Phase.START, lambda: clock.at(4, Phase.START, lambda: None))
    with pytest.raises(ValueError, match="a wait of -1 ps at 5 ps: time does not run backwards"):
        clock.run()


def _busy_network(
    copies: int, positions: int, times: list[int], granularity: Granularity = Granularity.MVM
) -> History:
    """A small network with a shared link and a shared converter, many things at the same instant."""
    clock, log = Clock(), Log()
    clock.listen(log)
    link, adc = Station(clock, "link"), Station(clock, "adc", servers=2)
    streams: list[Stream] = []
    for i, time_ps in enumerate(times):
        work = tuple(
            Chain(
                (
                    Stage((Station(clock, f"array {i}.{c}"),), time_ps, 3, meta="read", holds=True),
                    Stage((adc,), 5, 3, meta="convert"),
                )
            )
            for c in range(copies)
        )
        streams.append(Stream(f"layer{i}", positions, work))
    for a, b in pairwise(streams):
        index = range(positions)
        sent = Chain((Stage((link,), 5, meta="send"),))
        edge = Edge(a.name, b.name, positions, index, index, 4, (sent,))
        a.outputs, b.inputs = (edge,), (edge,)
    completions = run_requests(Engine(granularity, (Network("", tuple(streams)),)).open(clock), 2)
    return [*log.served_log, *((completion,) for completion in completions)]


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(1, 6), st.lists(st.sampled_from([0, 5, 10]), min_size=1, max_size=4))
def test_the_same_run_has_the_same_history(copies: int, positions: int, times: list[int]) -> None:
    assert _busy_network(copies, positions, times) == _busy_network(copies, positions, times)
    assert _busy_network(copies, positions, times) == _busy_network(
        copies, positions, times, Granularity.BURST
    )
