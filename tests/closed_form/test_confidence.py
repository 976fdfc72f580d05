"""Confidence intervals hold the truth as often as they say, on correlated sequences whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from xbarsim.scenario.precision import Precision, Watch
from xbarsim.scenario.statistics import Latencies

REPLICATIONS = 200
UNIT_PS = 1_000_000  # one unit of time of the models
OFFSET = 20.0  # keeps the autoregressive sequence above 0

Sequence = Callable[[np.random.Generator, int], np.ndarray]  # (rng, length) -> values in units


def autoregressive(rng: np.random.Generator, length: int) -> np.ndarray:
    """AR(1) of mean OFFSET, correlation 0.9, unit innovations; begins at the mean, not with its spread."""
    values, last = np.empty(length), 0.0
    for n, step in enumerate(rng.normal(size=length).tolist()):
        last = 0.9 * last + step
        values[n] = last
    return values + OFFSET


def time_in_m_m_1(rng: np.random.Generator, length: int, load: float = 0.7) -> np.ndarray:
    """Times in the system of an M/M/1 queue that begins empty, service time 1: Lindley's recurrence, solved."""
    service, gap = rng.exponential(1.0, length), rng.exponential(1 / load, length)
    walk = np.concatenate([[0.0], np.cumsum(service[:-1] - gap[1:])])
    return walk - np.minimum.accumulate(walk) + service


def in_ps(values: np.ndarray) -> np.ndarray:
    return np.rint(values * UNIT_PS).astype(np.int64)


def observed(values: np.ndarray) -> Latencies:
    latencies = Latencies()
    latencies.extend(in_ps(values))
    return latencies


def quantile_m_m_1(q: float, load: float = 0.7) -> float:
    """The time in an M/M/1 system is exponential with mean 1 / (1 - load)."""
    return -math.log(1 - q) / (1 - load)


@pytest.mark.parametrize(
    ("sequence", "length", "truths"),
    [
        pytest.param(autoregressive, 10_000, {"mean": OFFSET}, id="autoregressive"),
        pytest.param(
            time_in_m_m_1,
            20_000,
            {"mean": 1 / 0.3, "p50": quantile_m_m_1(0.5), "p95": quantile_m_m_1(0.95)},
            id="M/M/1",
        ),
        pytest.param(
            time_in_m_m_1, 100_000, {"p99": quantile_m_m_1(0.99)}, id="M/M/1 p99", marks=pytest.mark.slow
        ),
    ],
)
def test_an_interval_at_95_percent_holds_the_truth_in_at_least_90(
    sequence: Sequence, length: int, truths: dict[str, float]
) -> None:
    """Every replication counts: one without an interval as a miss, one with correlated batches as it comes out."""
    held = dict.fromkeys(truths, 0)
    for seed in range(REPLICATIONS):
        latencies = observed(sequence(np.random.default_rng(seed), length))
        for figure, truth in truths.items():
            estimate = latencies.estimate(figure, 0.95)
            if estimate.low_ps is not None and estimate.high_ps is not None:
                held[figure] += estimate.low_ps <= truth * UNIT_PS <= estimate.high_ps
    assert all(count >= 0.90 * REPLICATIONS for count in held.values()), held


def test_an_interval_that_took_correlated_values_for_independent_would_not() -> None:
    """The same sequences, a batch for each value: what the choice of batches is for."""
    held = 0
    for seed in range(REPLICATIONS):
        values = time_in_m_m_1(np.random.default_rng(seed), 20_000)
        arm = 1.96 * values.std(ddof=1) / math.sqrt(len(values))
        held += abs(values.mean() - 1 / 0.3) <= arm
    assert held < 0.4 * REPLICATIONS


@pytest.mark.parametrize(("figure", "truth"), [("mean", 1 / 0.3), ("p95", quantile_m_m_1(0.95))])
def test_a_run_that_stops_when_it_is_precise_is_still_mostly_right(figure: str, truth: float) -> None:
    """Looking again and again costs a little: 5 % asked, 12 % allowed."""
    rule, held, lengths = Precision(figure, 0.1, 0.95, 1_000, 400_000), 0, set()
    for seed in range(100):
        values_ps = in_ps(time_in_m_m_1(np.random.default_rng(seed), rule.most))
        latencies, watch = Latencies(), Watch(rule)
        while not watch.done(latencies):
            latencies.extend(values_ps[latencies.count : watch.next_look])
        assert watch.precise
        estimate = latencies.estimate(figure)
        assert estimate.low_ps is not None and estimate.high_ps is not None
        assert estimate.relative_half_width <= 0.1
        held += estimate.low_ps <= truth * UNIT_PS <= estimate.high_ps
        lengths.add(latencies.count)
    assert held >= 88
    assert max(lengths) < rule.most
