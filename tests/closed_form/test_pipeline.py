"""Layers one behind the other: exact times of pipelines, windows, credits, copies, requests, deadlocks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xbarsim.engine.chain import Chain, Par, Seq, Stage
from xbarsim.engine.clock import Clock, Listener, Phase
from xbarsim.engine.flow import Engine, stations_of
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.mvm import Counter
from xbarsim.engine.requests import run_requests
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Edge, Stream
from xbarsim.engine.stream import Network as NetworkOf
from xbarsim.errors import SimulationError

NOTHING = Chain(())


class Log(Listener):
    def __init__(self) -> None:
        self.served_log: dict[object, list[tuple[int, int]]] = {}

    def served(self, stage: Stage, tag: object, start_ps: int, end_ps: int) -> None:
        self.served_log.setdefault(tag, []).append((start_ps, end_ps))


class Network:
    """Layers with one private station each, and what was seen of them."""

    def __init__(self) -> None:
        self.clock, self.log = Clock(), Log()
        self.clock.listen(self.log)
        self.streams: dict[str, Stream] = {}

    def layer(self, name: str, positions: int, *times_ps: int, chunk: int = 1) -> Stream:
        """A layer with one copy for each service time."""
        copies = tuple(
            Chain((Stage((Station(self.clock, f"{name}.{i}"),), time_ps),))
            for i, time_ps in enumerate(times_ps)
        )
        self.streams[name] = Stream(name, positions, copies or (NOTHING,), chunk=chunk)
        return self.streams[name]

    def connect(
        self,
        producer: str,
        consumer: str,
        last: list[int] | None = None,
        first: list[int] | None = None,
        capacity: int | None = None,
    ) -> Edge:
        """Data at no cost; element by element unless it is said otherwise."""
        a, b = self.streams[producer], self.streams[consumer]
        index = list(range(b.positions))
        edge = Edge(
            producer, consumer, a.positions, last or index, first or last or index, capacity, (NOTHING,)
        )
        a.outputs, b.inputs = (*a.outputs, edge), (*b.inputs, edge)
        return edge

    def run(self, requests: int = 1, arrivals_ps: list[int] | None = None) -> list[int]:
        """On both engines, which must see the same services, the same end and the same errors."""
        networks = (NetworkOf("", tuple(self.streams.values())),)
        results = []
        for granularity in Granularity:
            self.clock, self.log = Clock(), Log()
            self.clock.listen(self.log)
            for station in stations_of(networks, {}):
                station.renew(self.clock)
            flow = Engine(granularity, networks).open(self.clock)
            try:
                results.append(
                    (run_requests(flow, requests, arrivals_ps), self.log.served_log, self.clock.now)
                )
            except SimulationError as error:
                results.append((str(error), self.log.served_log, self.clock.now))
        burst, reference = results
        assert burst == reference
        if isinstance(burst[0], str):
            raise SimulationError(burst[0])
        return burst[0]

    def served(self, name: str) -> list[tuple[int, int]]:
        return self.log.served_log[name]


# --- D/D/1 and D/D/c -------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(1, 12), st.integers(1, 3))
def test_a_chain_of_layers_fills_once_and_then_runs_at_its_slowest(
    times_ps: list[int], positions: int, requests: int
) -> None:
    """D/D/1 in tandem: job n of n is through at sum(times) + (n - 1) * max(times)."""
    network = Network()
    for i, time_ps in enumerate(times_ps):
        network.layer(f"l{i}", positions, time_ps)
    for a, b in pairwise(range(len(times_ps))):
        network.connect(f"l{a}", f"l{b}")
    slowest_ps = max(times_ps)
    jobs = [(request + 1) * positions for request in range(requests)]
    assert network.run(requests) == [sum(times_ps) + (n - 1) * slowest_ps for n in jobs]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 4)), min_size=1, max_size=4),
    st.integers(0, 20),
    st.integers(1, 15),
)
def test_layers_on_several_servers_keep_the_recurrence_of_d_d_c(
    layers: list[tuple[int, int]], source_ps: int, positions: int
) -> None:
    """D[n, s] = max(D[n, s-1], D[n-c, s]) + service[s]; the source admits one job every source_ps."""
    network = Network()
    network.layer("source", positions, source_ps)
    for i, (time_ps, servers) in enumerate(layers):
        units = Station(network.clock, f"l{i}", servers)
        # The latch before the units takes no time: so the next position may come while they are at work.
        work = Chain((Stage((), 0), Stage((units,), time_ps)))
        network.streams[f"l{i}"] = Stream(f"l{i}", positions, (work,))
        network.connect("source" if i == 0 else f"l{i - 1}", f"l{i}")
    out_ps = [(n + 1) * source_ps for n in range(positions)]
    begins_ps = out_ps
    for time_ps, servers in layers:
        admitted_ps, left_ps = 0, []
        for n, come_ps in enumerate(begins_ps):
            free_ps = left_ps[n - servers] if n >= servers else 0
            admitted_ps = max(come_ps, admitted_ps, free_ps)
            left_ps.append(admitted_ps + time_ps)
        begins_ps = left_ps
    assert network.run() == [begins_ps[-1]]


def test_two_copies_take_turns_and_double_the_rate() -> None:
    network = Network()
    network.layer("source", 5, 10)
    network.layer("layer", 5, 20, 20)
    network.connect("source", "layer")
    assert network.run() == [70]
    assert network.served("layer") == [(10, 30), (20, 40), (30, 50), (40, 60), (50, 70)]


def test_copies_do_the_positions_that_are_theirs() -> None:
    """Stripes: copy 0 owns positions 0, 1 and 4; results go on in order, though copy 1 is first with 2."""
    network = Network()
    layer = network.layer("layer", 5, 10, 10)
    layer.owners = [0, 0, 1, 1, 0]
    network.layer("reader", 5, 0)
    network.connect("layer", "reader")
    assert network.run() == [30]
    assert network.served("layer") == [(0, 10), (0, 10), (10, 20), (10, 20), (20, 30)]
    assert [start for start, _ in network.served("reader")] == [10, 20, 20, 20, 30]


def test_a_job_of_several_positions_waits_for_the_last_it_needs_and_delivers_all() -> None:
    network = Network()
    network.layer("source", 6, 10)
    network.layer("lines", 6, 5, chunk=4)
    network.layer("sink", 6, 1)
    network.connect("source", "lines")
    network.connect("lines", "sink")
    assert network.run() == [67]
    assert network.served("lines") == [(40, 45), (60, 65)]
    assert network.served("sink") == [(45, 46), (46, 47), (47, 48), (48, 49), (65, 66), (66, 67)]


# --- sliding windows, line buffers, credits --------------------------------------------------------


def windows(size: int, kernel: int, stride: int) -> tuple[list[int], list[int]]:
    """Last and first needed raster position of every output of a padded square convolution."""
    pad, out = kernel // 2, -(-size // stride)
    last, first = [], []
    for row in range(out):
        for column in range(out):
            rows = [r for r in range(row * stride - pad, row * stride - pad + kernel) if 0 <= r < size]
            columns = [
                c for c in range(column * stride - pad, column * stride - pad + kernel) if 0 <= c < size
            ]
            last.append(rows[-1] * size + columns[-1])
            first.append(rows[0] * size + columns[0])
    last = [max(last[: i + 1]) for i in range(len(last))]
    first = [min(first[i:]) for i in range(len(first))]
    return last, first


def window_by_hand(
    size: int, last: list[int], first: list[int], make_ps: int, use_ps: int, capacity: int, requests: int
) -> list[int]:
    """Both layers step by step: the producer needs room for its next position, the consumer its window."""
    made_ps: list[int] = []
    used_ps: list[int] = []
    inputs, outputs = size * size, len(last)
    while len(used_ps) < outputs * requests:
        i, o = len(made_ps), len(used_ps)
        if i < inputs * requests:
            # Position i may be begun when at most capacity - 1 of those before it are still needed.
            must_be_freed = i + 1 - capacity
            by = next((n for n in range(o + 1) if freed(n, inputs, outputs, first) >= must_be_freed), None)
            if by is not None:
                room_ps = used_ps[by - 1] if by else 0
                made_ps.append(max(room_ps, made_ps[-1] if made_ps else 0) + make_ps)
                continue
        request, position = divmod(o, outputs)
        data_ps = made_ps[request * inputs + last[position]]
        used_ps.append(max(data_ps, used_ps[-1] if used_ps else 0) + use_ps)
    return [used_ps[(request + 1) * outputs - 1] for request in range(requests)]


def freed(used: int, inputs: int, outputs: int, first: list[int]) -> int:
    request, position = divmod(used, outputs)
    return request * inputs + first[position]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(2, 6),
    st.sampled_from([1, 2, 3, 5]),
    st.integers(1, 3),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 12),
    st.integers(1, 3),
)
def test_a_sliding_window_reads_line_buffers_as_a_loop_over_positions_says(
    size: int, kernel: int, stride: int, make_ps: int, use_ps: int, spare: int, requests: int
) -> None:
    last, first = windows(size, kernel, stride)
    capacity = max(a - b for a, b in zip(last, first, strict=True)) + 1 + spare
    network = Network()
    network.layer("producer", size * size, make_ps)
    network.layer("consumer", len(last), use_ps)
    network.connect("producer", "consumer", last, first, capacity)
    assert network.run(requests) == window_by_hand(size, last, first, make_ps, use_ps, capacity, requests)


def test_a_3x3_window_begins_when_its_second_line_has_come() -> None:
    """A map of 4 x 4, a position every 10 ps: output 0 needs input 5, so it begins at 60."""
    last, first = windows(4, 3, 1)
    assert (last[0], first[0], last[5], first[5]) == (5, 0, 10, 0)
    network = Network()
    network.layer("producer", 16, 10)
    network.layer("consumer", 16, 1)
    network.connect("producer", "consumer", last, first)
    assert network.run() == [166]
    assert [start for start, _ in network.served("consumer")] == [
        60, 70, 80, 81, 100, 110, 120, 121, 140, 150, 160, 161, 162, 163, 164, 165,
    ]  # fmt: skip


def test_a_slow_reader_holds_its_producer_back() -> None:
    """Room for two: the producer begins position i when the reader is done with position i - 2."""
    network = Network()
    network.layer("producer", 5, 10)
    network.layer("reader", 5, 30)
    network.connect("producer", "reader", capacity=2)
    assert network.run() == [160]
    assert network.served("producer") == [(0, 10), (10, 20), (40, 50), (70, 80), (100, 110)]
    assert network.served("reader") == [(10, 40), (40, 70), (70, 100), (100, 130), (130, 160)]


def test_two_readers_hold_their_producer_back_by_the_slower_one() -> None:
    network = Network()
    network.layer("producer", 4, 10)
    network.layer("fast", 4, 1)
    network.layer("slow", 4, 50)
    network.connect("producer", "fast", capacity=1)
    network.connect("producer", "slow", capacity=1)
    assert network.run() == [240]
    assert network.served("producer") == [(0, 10), (60, 70), (120, 130), (180, 190)]
    assert network.served("fast") == [(10, 11), (70, 71), (130, 131), (190, 191)]


def test_back_pressure_goes_through_every_layer() -> None:
    network = Network()
    for name, time_ps in (("a", 1), ("b", 1), ("c", 100)):
        network.layer(name, 6, time_ps)
    network.connect("a", "b", capacity=1)
    network.connect("b", "c", capacity=1)
    assert network.run() == [607]
    assert [start for start, _ in network.served("a")] == [0, 2, 103, 204, 305, 406]
    assert [start for start, _ in network.served("b")] == [1, 102, 203, 304, 405, 506]
    assert [start for start, _ in network.served("c")] == [2, 103, 204, 305, 406, 507]


def test_what_a_reader_never_needs_does_not_fill_its_buffer() -> None:
    """The reader wants only the last of five positions (the last token): room for one is enough. The second
    request begins when the reader has let go of the first one's last position."""
    network = Network()
    network.layer("tokens", 5, 10)
    network.layer("last", 1, 7)
    network.connect("tokens", "last", [4], [4], capacity=1)
    assert network.run(2) == [57, 114]


# --- requests in time ------------------------------------------------------------------------------


def test_requests_begin_when_they_arrive_or_when_the_one_before_lets_them() -> None:
    network = Network()
    network.layer("source", 2, 10)
    network.layer("layer", 2, 10)
    network.connect("source", "layer")
    assert network.run(4, [0, 5, 100, 300]) == [30, 50, 130, 330]
    assert network.served("source") == [
        (0, 10), (10, 20), (20, 30), (30, 40), (100, 110), (110, 120), (300, 310), (310, 320),
    ]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=12).map(sorted), st.integers(0, 60))
def test_arrivals_in_time_keep_lindleys_recurrence(arrivals_ps: list[int], service_ps: int) -> None:
    network = Network()
    network.layer("server", 1, service_ps)
    expected, free_ps = [], 0
    for come_ps in arrivals_ps:
        free_ps = max(come_ps, free_ps) + service_ps
        expected.append(free_ps)
    assert network.run(len(arrivals_ps), arrivals_ps) == expected


def test_a_request_is_complete_when_the_last_of_its_ends_is() -> None:
    network = Network()
    network.layer("source", 1, 10)
    for name, time_ps in (("short", 5), ("long", 40)):
        network.layer(name, 1, time_ps)
        network.connect("source", name)
    assert network.run(2) == [50, 90]


def test_work_with_nothing_to_do_takes_no_time() -> None:
    for nothing in (NOTHING, Par(()), Seq(()), Par((NOTHING, Seq(())))):
        network = Network()
        network.streams["idle"] = Stream("idle", 3, (nothing,))
        assert network.run(2) == [0, 0]


# --- counters --------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.permutations(range(8)), st.lists(st.integers(0, 8), max_size=6))
def test_a_counter_rises_over_the_gapless_prefix_and_wakes_who_waits_for_it(
    order: list[int], wanted: list[int]
) -> None:
    clock, log = Clock(), []
    counter = Counter(clock)
    for name, value in enumerate(wanted):
        signal = counter.reach(value)
        assert (signal is None) == (value == 0)
        if signal is not None:
            signal.callbacks.append(lambda _, name=name: log.append((clock.now, name)))
    for time_ps, item in enumerate(order):
        clock.at(time_ps, Phase.DELIVER, lambda item=item: counter.complete(item))
    clock.run()
    reached_ps = [max((order.index(item) for item in range(value)), default=0) for value in range(9)]
    expected = sorted((reached_ps[value], value, name) for name, value in enumerate(wanted) if value)
    assert log == [(time_ps, name) for time_ps, _, name in expected]
    assert (counter.value, counter.early) == (8, set())


# --- deadlocks -------------------------------------------------------------------------------------


def residual(skip_capacity: int) -> Network:
    """source -> conv (window of three) -> add, and source -> add past it."""
    network = Network()
    network.layer("source", 6, 10)
    network.layer("conv", 6, 10)
    network.layer("add", 6, 1)
    network.connect("source", "conv", [2, 3, 4, 5, 5, 5], [0, 1, 2, 3, 4, 5], capacity=4)
    network.connect("conv", "add")
    network.connect("source", "add", capacity=skip_capacity)
    return network


def test_a_skip_connection_with_too_little_room_is_a_deadlock_that_names_the_cycle() -> None:
    with pytest.raises(SimulationError) as error:
        residual(skip_capacity=2).run()
    assert str(error.value) == (
        "deadlock at 20 ps: a cycle of waits\n"
        "  add waits for data of conv\n"
        "  conv waits for data of source\n"
        "  source waits for room in the buffer of add\n"
        "Raise the capacity of the buffers named, or lower the number of copies."
    )


def test_a_skip_connection_with_just_enough_room_is_done() -> None:
    """Begun at 30, conv gives a position every 10 ps; source goes on when add has done one."""
    network = residual(skip_capacity=3)
    assert network.run() == [124]
    assert network.served("source") == [(0, 10), (10, 20), (20, 30), (41, 51), (62, 72), (83, 93)]


def test_chains_that_hold_what_the_other_wants_are_a_deadlock_that_names_both_stations() -> None:
    network = Network()
    a, b = Station(network.clock, "array"), Station(network.clock, "converter")
    for name, (first, then) in {"there": (a, b), "back": (b, a)}.items():
        work = Chain((Stage((first,), 10, holds=True), Stage((then,), 10)))
        network.streams[name] = Stream(name, 1, (work,))
    with pytest.raises(SimulationError) as error:
        network.run()
    assert str(error.value) == (
        "deadlock at 10 ps: a cycle of waits\n"
        "  back waits for array\n"
        "  array is held by there\n"
        "  there waits for converter\n"
        "  converter is held by back\n"
        "Raise the capacity of the buffers named, or lower the number of copies."
    )


# --- Little's law ----------------------------------------------------------------------------------


class Queue(Station):
    """A station that also writes down how long its queue is, and from when to when."""

    __slots__ = ("area", "length", "since_ps")

    def __init__(self, clock: Clock, name: str, servers: int):
        super().__init__(clock, name, servers)
        self.area, self.length, self.since_ps = 0, 0, 0

    def _changed(self) -> None:
        self.area += self.length * (self.clock.now - self.since_ps)
        self.length, self.since_ps = len(self.queue), self.clock.now

    def request(self, who: object = None):  # type: ignore[no-untyped-def]
        signal = super().request(who)
        self._changed()
        if signal is not None:
            signal.callbacks.append(lambda _: self._changed())
        return signal


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=4),
    st.integers(1, 2),
    st.integers(1, 10),
    st.integers(1, 3),
)
def test_littles_law_time_average_of_a_queue_times_elapsed_is_the_summed_waiting(
    layers: list[tuple[int, int]], servers: int, positions: int, copies: int
) -> None:
    network = Network()
    bus, adc = Queue(network.clock, "bus", 1), Queue(network.clock, "adc", servers)
    for i, (bus_ps, adc_ps) in enumerate(layers):
        work = Chain((Stage((bus,), bus_ps), Stage((adc,), adc_ps, 2)))
        network.streams[f"l{i}"] = Stream(f"l{i}", positions, (work,) * copies)
    network.run(2)
    for queue in (bus, adc):
        queue._changed()
        assert queue.area == queue.waited_ps == sum(queue.waited_for.values())
