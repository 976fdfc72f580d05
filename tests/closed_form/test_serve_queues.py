"""A chip under load against queues with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from tests import queue_formulas as known
from tests.graphs import chain_of_products, one_product
from tests.serve_help import Watched, bench, run, stint
from tests.small_chips import accumulator, array, buffer, chip_tree, load, sar, tile
from xbarsim.scenario.arrivals import Poisson, Saturated
from xbarsim.scenario.batching import Fixed, TimeOut
from xbarsim.scenario.serve_measure import bottlenecks
from xbarsim.scenario.serve_run import stream_of_seed
from xbarsim.spec.chip import Chip

REQUESTS = 10_000
CONFIDENCE = 0.999  # about ten intervals are made here


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Chip:
    """One tile of eight arrays: a product is one pass through array, converter and adder."""
    tree = chip_tree(tile(array=array(count=8), adc=sar(count=8), buffer=buffer(), accumulator=accumulator()))
    return load(tmp_path_factory.mktemp("serve"), tree)


def alone_ps(chip: Chip) -> int:
    """One request on the idle chip."""
    books = run(chip, [one_product(16, 8)], [stint(Saturated(), 1, limit=1)]).books[0]
    assert books.shortest_ps is not None
    return books.shortest_ps


def by_recurrence(arrivals_ps: Sequence[int], service_ps: int) -> list[int]:
    """Sojourn times of G/D/1, first come, first served."""
    free_ps, sojourns = 0, []
    for come_ps in arrivals_ps:
        free_ps = max(come_ps, free_ps) + service_ps
        sojourns.append(free_ps - come_ps)
    return sojourns


@pytest.mark.parametrize("load_", (0.3, 0.8))
def test_a_chip_that_takes_one_request_at_a_time_is_m_d_1(chip: Chip, load_: float) -> None:
    service_ps = alone_ps(chip)
    arrivals = Poisson(load_ * 1e12 / service_ps)
    watched = Watched(bench(chip, [one_product(16, 8)]))
    books = watched.run([stint(arrivals, REQUESTS, limit=1)]).books[0]
    rng = stream_of_seed(0, 0, "one product")
    times_ps = list(islice(arrivals.times_ps(rng), REQUESTS))
    assert watched.latencies_ps[:REQUESTS] == by_recurrence(times_ps, service_ps)
    estimate = books.latencies.estimate("mean", CONFIDENCE)
    exact_ps = (1 + known.mean_wait_m_d_1(load_)) * service_ps
    assert estimate.low_ps is not None and estimate.high_ps is not None
    assert estimate.low_ps <= exact_ps <= estimate.high_ps
    # Utilisation law: the share of time with somebody inside is throughput times service.
    assert float(books.inside.mean()) == pytest.approx(load_, rel=0.03)


def test_a_pipeline_waits_as_its_slowest_station_does(chip: Chip) -> None:
    """Constant services in a row: the sum of all waits is that before the slowest one alone, in any order.

    Source: Friedman, Reduction methods for tandem queuing systems, Operations Research 13 (1965) 121.
    """
    latency_ps = alone_ps(chip)
    served = bench(chip, [one_product(16, 8)])
    saturated = served.run([stint(Saturated(), 200)], 0)
    slowest_ps = max(s.busy_ps // (s.servers * saturated.books[0].completed) for s in stations(saturated))
    arrivals = Poisson(0.8 * 1e12 / slowest_ps)
    watched = Watched(served)
    watched.run([stint(arrivals, 2_000)])
    times_ps = list(islice(arrivals.times_ps(stream_of_seed(0, 0, "one product")), 2_000))
    expected = [s_ps - slowest_ps + latency_ps for s_ps in by_recurrence(times_ps, slowest_ps)]
    assert watched.latencies_ps[:2_000] == expected


def stations(done):  # type: ignore[no-untyped-def]
    return done.shop.stations.values()


@pytest.mark.parametrize("widths", ([16, 8], [16, 8, 8], [40, 8, 8, 8]))
def test_the_saturation_point_is_that_of_the_slowest_station(chip: Chip, widths: list[int]) -> None:
    done = run(chip, [chain_of_products(widths)], [stint(Saturated(), 400)])
    books = done.books[0]
    start = books.marks.at(books.warm_up().cut)
    assert books.end is not None
    interval_ps = (books.end.time_ps - start.time_ps) / (books.end.completed - start.completed)
    first = bottlenecks(done)[0]
    assert 1e12 / interval_ps == pytest.approx(first.bound_per_s, rel=1e-9)
    assert first.busy_share == pytest.approx(1, abs=0.02)


def test_who_finds_the_only_place_taken_is_refused_as_erlang_says(chip: Chip) -> None:
    """M/G/1/1: the share of refused requests is a / (1 + a), whatever the service (Erlang 1917, Sevastyanov 1957)."""
    service_ps = alone_ps(chip)
    for offered in (0.5, 2.0):
        arrivals = Poisson(offered * 1e12 / service_ps)
        books = run(chip, [one_product(16, 8)], [stint(arrivals, 8_000, limit=1, queue=0)]).books[0]
        assert books.door.refused / books.door.arrived == pytest.approx(offered / (1 + offered), abs=0.015)
        assert books.waited_ps == 0


def test_a_batch_waits_for_its_last_request(chip: Chip) -> None:
    """Batches of k of a Poisson stream: a request waits (k - 1) / (2 rate) on average for its batch to fill."""
    rate_hz, size = 1e4, 8
    books = run(chip, [one_product(16, 8)], [stint(Poisson(rate_hz), 16_000, Fixed(size))]).books[0]
    wait_s = books.waited_ps / books.completed * 1e-12
    assert wait_s == pytest.approx((size - 1) / (2 * rate_hz), rel=0.03)


def test_nobody_waits_longer_than_the_time_out_at_an_idle_chip(chip: Chip) -> None:
    watched = Watched(bench(chip, [one_product(16, 8)]))
    done = watched.run([stint(Poisson(1e4), 4_000, TimeOut(8, 1e-4))])
    latency_ps = alone_ps(chip)
    # Seven more of its batch may be before it in the array.
    assert max(watched.latencies_ps) <= 100_000_000 + 8 * latency_ps
    assert done.books[0].watch is None


def test_the_same_seed_gives_the_same_times_and_another_one_others(chip: Chip, tmp_path: Path) -> None:
    asked = [stint(Poisson(1e6), 500)]
    ends = [run(chip, [one_product(16, 8)], asked, seed).books[0].latencies.total_ps for seed in (1, 1, 2)]
    assert ends[0] == ends[1] != ends[2]
