"""Where a sequence is steady, which batches pass for independent, and when a run may end."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.scenario.precision import Precision, Watch
from xbarsim.scenario.statistics import Latencies
from xbarsim.scenario.steady_state import correlated, half_width, joined, mser, warm_up

# --- warm-up and independence ------------------------------------------------------------------------


@given(st.lists(st.integers(0, 1000), min_size=6, max_size=40))
def test_mser_is_its_formula(values: list[int]) -> None:
    means = np.array(values, dtype=float)

    def error(cut: int) -> float:
        rest = means[cut:]
        return float(np.sum((rest - rest.mean()) ** 2)) / len(rest) ** 2

    cut = mser(means)
    assert cut <= len(means) - 6
    assert error(cut) <= min(error(d) for d in range(len(means) - 5)) + 1e-6


def test_a_start_that_is_unlike_the_rest_is_cut() -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(900, 1_100, 4_000)
    values[:200] += 5_000
    latencies = Latencies()
    latencies.extend(values)
    assert (latencies.warm_up().cut, latencies.warm_up().visible) == (200, True)
    mean = latencies.estimate("mean")
    assert mean.samples == 3_800
    assert mean.value_ps == pytest.approx(values[200:].mean())


def test_an_overloaded_queue_has_no_steady_state() -> None:
    rng = np.random.default_rng(3)
    waits = np.cumsum(100 + rng.integers(-50, 50, 5_000))
    latencies = Latencies()
    latencies.extend(waits)
    assert not latencies.warm_up().visible
    assert not Precision(relative=0.9, least=1).met(latencies)


def test_a_handful_shows_no_steady_state() -> None:
    assert not warm_up(np.ones(10), 5).visible
    assert warm_up(np.ones(11), 5).visible


def test_correlation_is_seen_where_it_is_and_not_where_it_is_not() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(1_000, 129))
    seen = sum(correlated(row[1:]) for row in noise)
    assert 30 <= seen <= 70  # 5 %
    moving = noise[:, 1:] + noise[:, :-1]  # lag-1 autocorrelation 0.5
    assert all(correlated(row) for row in moving[:200])
    assert not any(correlated(np.diff(row)) for row in noise[:200])
    assert not correlated(np.ones(50))


def test_half_widths_are_those_of_students_tables() -> None:
    figures = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    spread = figures.std(ddof=1) / math.sqrt(10)
    assert half_width(figures, 0.95) == pytest.approx(2.262 * spread, rel=1e-3)
    assert half_width(figures, 0.99) == pytest.approx(3.250 * spread, rel=1e-3)
    with pytest.raises(ValueError, match="an interval from 1 figures; allowed: from 2"):
        half_width(figures[:1], 0.95)


def test_joined_leaves_the_oldest_out() -> None:
    assert joined(np.arange(7.0), 3).tolist() == [2.0, 5.0]


# --- stopping ----------------------------------------------------------------------------------------


def test_looks_grow_by_half_from_the_least_to_the_most() -> None:
    assert list(Precision(least=1_000, most=6_000).looks()) == [1_000, 1_500, 2_250, 3_375, 5_063, 6_000]
    assert list(Precision(least=1_000, most=1_000).looks()) == [1_000]


def watched(values: np.ndarray, wanted: Precision) -> tuple[int, bool]:
    """How many numbers a run takes, one by one, and whether it is precise then."""
    latencies, watch = Latencies(), Watch(wanted)
    for value in values.tolist():
        latencies.add(value)
        if watch.done(latencies):
            break
    return latencies.count, watch.precise


def test_a_run_ends_when_the_figure_is_known_at_two_looks_in_a_row_or_at_most() -> None:
    rng = np.random.default_rng(5)
    even, rising = rng.integers(90, 110, 9_000), np.arange(9_000)
    assert watched(even, Precision(least=1_000, most=6_000)) == (1_500, True)
    assert watched(even, Precision(least=1_000, most=1_000)) == (1_000, True)
    assert watched(rising, Precision(least=1_000, most=6_000)) == (6_000, False)
    assert watched(even, Precision("p99.9", least=1_000, most=6_000)) == (6_000, False)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"figure": "median"}, "Precision.figure is 'median'; allowed: 'mean', or 'p' and a percentage"),
        ({"relative": 0}, "Precision.relative is 0; allowed: a number above 0 and below 1"),
        ({"confidence": 1.0}, "Precision.confidence is 1.0; allowed: a number above 0 and below 1"),
        ({"least": 0}, "Precision.least is 0; allowed: a whole number from 1"),
        ({"least": 9, "most": 8}, "Precision.most is 8; allowed: a whole number from 9"),
    ],
)
def test_precisions_that_cannot_be(fields: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError) as error:
        Precision(**fields)
    assert str(error.value).startswith(text)
