"""What is kept of a long sequence: nothing is lost by merging, and errors stay within their bounds."""

from __future__ import annotations

from fractions import Fraction
from functools import partial, reduce
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.scenario.digest import SKETCH_ERROR, Digest, cell_of, exact_sum, merged, middle_of
from xbarsim.scenario.pairwise import FIRST_SIZE, Pairwise
from xbarsim.scenario.statistics import EXACT_UP_TO, Latencies, around, quantile_of
from xbarsim.scenario.time_weighted import TimeWeighted

LARGEST = 2**63 - 1
NUMBERS = st.integers(0, LARGEST) | st.integers(0, 5_000)
LISTS = st.lists(NUMBERS, min_size=1, max_size=60)
QUANTILES = st.fractions(0, 1).filter(lambda q: 0 < q < 1)


def digest(values: list[int], coarse: bool = False) -> Digest:
    made = Digest(np.array(values, dtype=np.int64))
    if coarse:
        made.coarsen()
    return made


# --- histogram and digest ----------------------------------------------------------------------------


@given(NUMBERS, NUMBERS)
def test_cells_are_in_the_order_of_their_numbers(a: int, b: int) -> None:
    cells = cell_of(np.array(sorted((a, b))))
    assert cells[0] <= cells[1] < 2**15


@given(NUMBERS)
def test_the_middle_of_a_cell_lies_in_it_and_is_near_all_its_numbers(value: int) -> None:
    cell = int(cell_of(np.array([value]))[0])
    middle = middle_of(cell)
    assert int(cell_of(np.array([middle]))[0]) == cell
    assert abs(middle - value) <= SKETCH_ERROR * value
    assert value >= 1024 or middle == value


def test_cells_follow_one_another_without_a_gap() -> None:
    edges = np.array(sorted({2**k + d for k in range(1, 63) for d in (-1, 0, 1)}))
    numbers = np.unique(np.concatenate([np.arange(10_000), edges]))
    steps = np.diff(cell_of(numbers[:10_000]))
    assert set(steps.tolist()) == {0, 1}
    for k in range(11, 63):
        below, at = cell_of(np.array([2**k - 1, 2**k])).tolist()
        assert at == below + 1


@given(LISTS, QUANTILES)
def test_a_quantile_is_the_smallest_number_that_enough_do_not_exceed(values: list[int], q: Fraction) -> None:
    expected = min(v for v in values if sum(w <= v for w in values) >= q * len(values))
    assert digest(values).quantile(q) == expected
    assert abs(digest(values, coarse=True).quantile(q) - expected) <= SKETCH_ERROR * expected


@given(st.lists(LISTS, min_size=1, max_size=5), st.lists(st.booleans(), min_size=5, max_size=5), QUANTILES)
def test_merging_digests_loses_nothing(lists: list[list[int]], coarse: list[bool], q: Fraction) -> None:
    values = list(chain(*lists))
    exact = not any(coarse[: len(lists)])
    at_once = digest(values, not exact)
    for merge in (merged, partial(reduce, Digest.merge)):
        whole = merge([digest(part, c) for part, c in zip(lists, coarse, strict=False)])
        assert (whole.count, whole.total, whole.largest) == (len(values), sum(values), max(values))
        assert whole.exact == exact
        assert whole.quantile(q) == at_once.quantile(q)
        assert whole.above(values[0]) == at_once.above(values[0])


@given(LISTS, NUMBERS)
def test_what_lies_above_a_number_is_counted(values: list[int], number: int) -> None:
    assert digest(values).above(number) == sum(value > number for value in values)
    cell = int(cell_of(np.array([number]))[0])
    above = sum(int(one) > cell for one in cell_of(np.array(values)))
    assert digest(values, coarse=True).above(number) == above


@given(st.lists(st.integers(0, LARGEST), max_size=50))
def test_sums_are_exact_beyond_64_bits(values: list[int]) -> None:
    assert exact_sum(np.array(values, dtype=np.int64)) == sum(values)


# --- batches -----------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 90), max_size=12), st.sampled_from([2, 4, 6, 16]))
def test_batches_are_consecutive_equal_and_few(pieces: list[int], capacity: int) -> None:
    store = Pairwise(capacity, lambda values: values.tolist(), list.__add__)
    numbers = np.arange(sum(pieces))
    for start, end in pairwise(np.cumsum([0, *pieces])):
        store.extend(numbers[start:end])
    assert list(chain(*store.all())) == numbers.tolist()
    assert store.count == len(numbers)
    assert len(store.closed) < capacity
    assert all(len(batch) == store.size for batch in store.closed)
    assert store.size in [FIRST_SIZE * 2**k for k in range(12)]


@given(st.lists(st.integers(0, 10**13), max_size=300), st.integers(1, 50))
def test_latencies_are_the_same_one_by_one_and_in_pieces(values: list[int], piece: int) -> None:
    one_by_one, in_pieces = Latencies(), Latencies()
    for value in values:
        one_by_one.add(value)
    for start in range(0, len(values), piece):
        in_pieces.extend(values[start : start + piece])
    assert one_by_one.count == in_pieces.count == len(values)
    assert one_by_one.total_ps == in_pieces.total_ps == sum(values)
    assert one_by_one.largest_ps == in_pieces.largest_ps == max(values, default=0)
    for figure in ("mean", "p50", "p95"):
        assert one_by_one.estimate(figure) == in_pieces.estimate(figure)


def test_memory_does_not_grow_with_the_run() -> None:
    latencies, rng = Latencies(), np.random.default_rng(0)
    kept = []
    for _ in range(40):
        latencies.extend(rng.integers(10**8, 10**10, 50_000))
        digests = latencies._digests.all()
        cells = sum(len(one.counts) for one in digests if one.counts is not None)
        kept.append((len(latencies._means.closed), sum(len(p) for one in digests for p in one.parts), cells))
    assert all(means < 4096 and numbers <= EXACT_UP_TO for means, numbers, _ in kept)
    assert max(cells for *_, cells in kept) <= 256 * (
        len(np.unique(cell_of(np.arange(10**8, 10**10, 10**4)))) + 1
    )
    assert latencies.count == 2_000_000


def test_quantiles_are_exact_up_to_a_number_and_then_of_bounded_error() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(10**8, 10**10, EXACT_UP_TO + 1)
    latencies = Latencies()
    latencies.extend(values[:-1])
    few = latencies.estimate("p99")
    assert (few.value_ps, few.error) == (np.quantile(values[:-1], 0.99, method="inverted_cdf"), 0.0)
    latencies.extend(values[-1:])
    many = latencies.estimate("p99")
    exact_ps = np.quantile(values, 0.99, method="inverted_cdf")
    assert many.error == SKETCH_ERROR
    assert many.value_ps != exact_ps
    assert abs(many.value_ps - exact_ps) <= SKETCH_ERROR * exact_ps


# --- figures -----------------------------------------------------------------------------------------


def test_too_few_samples_give_no_figure_and_say_how_many_are_needed() -> None:
    latencies = Latencies()
    assert latencies.estimate("mean").value_ps is None
    latencies.extend(np.full(100, 3))
    mean, p99, p999 = (latencies.estimate(figure) for figure in ("mean", "p99", "p99.9"))
    assert mean.value_ps == 3
    assert mean.note == "too few samples for an interval: 100, needed about 160"
    assert p99.value_ps is None
    assert p99.note == "too few samples for a value: 100, needed about 1000"
    assert p999.needed == 10_000


def test_equal_latencies_have_an_interval_of_no_width() -> None:
    latencies = Latencies()
    latencies.extend(np.full(10_000, 123))
    mean = latencies.estimate("mean")
    assert (mean.value_ps, mean.low_ps, mean.high_ps, mean.relative_half_width) == (123, 123, 123, 0)
    assert not mean.correlated


@pytest.mark.parametrize("figure", ["p0", "p100", "p", "q99", "median", "p99.9.9", "p-1", "p1e1"])
def test_figures_that_are_none(figure: str) -> None:
    with pytest.raises(ValueError, match="allowed: 'mean', or 'p' and a percentage above 0 and below 100"):
        Latencies().estimate(figure)


def test_figures_are_named_by_their_percentage() -> None:
    assert quantile_of("mean") is None
    assert [quantile_of(f) for f in ("p50", "p99.9")] == [Fraction(1, 2), Fraction(999, 1000)]


def test_values_below_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="a latency of -1 ps; allowed: from 0"):
        Latencies().extend([5, -1])
    with pytest.raises(ValueError, match=r"confidence is 1\.0; allowed: above 0 and below 1"):
        Latencies().estimate("mean", 1.0)


@given(st.floats(0.01, 0.999), st.floats(0, 0.1))
def test_an_interval_of_shares_keeps_within_0_and_1(q: float, arm: float) -> None:
    low, high = around(q, arm)
    assert 0 <= low <= q * (1 + 1e-12)
    assert q * (1 - 1e-12) <= high <= 1


# --- time-weighted -----------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-5, 9)), max_size=30), st.integers(0, 30))
def test_the_mean_over_time_is_that_of_every_picosecond(steps: list[tuple[int, int]], begun_ps: int) -> None:
    weighted, seen, value = TimeWeighted(0, begun_ps), [], 0
    time_ps = begun_ps
    for pause_ps, change in steps:
        seen += [value] * pause_ps
        time_ps, value = time_ps + pause_ps, value + max(change, -value)
        weighted.add(time_ps, value - weighted.value)
    weighted.advance(time_ps + 7)
    seen += [value] * 7
    assert weighted.area == sum(seen)
    assert weighted.mean() == Fraction(sum(seen), len(seen))
    assert weighted.largest == max(seen)


def test_time_does_not_run_backwards() -> None:
    weighted = TimeWeighted()
    weighted.add(5, 1)
    with pytest.raises(ValueError, match="a change at 4 ps after one at 5 ps: time does not run backwards"):
        weighted.add(4, 1)
