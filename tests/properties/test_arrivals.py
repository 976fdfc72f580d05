"""Request streams: never falling, exact where they can be, with the gaps that their name promises."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.scenario.arrivals import PS_PER_S, Arrivals, Constant, OnOff, Poisson, Recorded, Saturated
from xbarsim.scenario.arrivals_text import arrivals_from_text, read_arrivals

RATES_HZ = st.floats(1e-6, 1e12)
PERIODS_S = st.floats(1e-9, 1e9)
STREAMS = st.one_of(
    st.builds(Poisson, RATES_HZ),
    st.builds(Constant, RATES_HZ),
    st.builds(OnOff, st.floats(1, 1e12), PERIODS_S, PERIODS_S),
    st.just(Saturated()),
)


def first(arrivals: Arrivals, count: int, seed: int = 0) -> list[int]:
    return list(islice(arrivals.times_ps(np.random.default_rng(seed)), count))


@given(STREAMS, st.integers(0, 2**32))
def test_times_are_whole_never_fall_and_are_the_same_again(arrivals: Arrivals, seed: int) -> None:
    times_ps = first(arrivals, 5_000, seed)
    assert all(type(time_ps) is int for time_ps in times_ps)
    assert times_ps[0] >= 0
    assert all(a <= b for a, b in pairwise(times_ps))
    assert first(arrivals, 5_000, seed) == times_ps


@given(st.integers(1, 10**12), st.integers(0, 1_000))
def test_constant_arrival_n_is_at_n_over_the_rate_without_drift(rate_hz: int, n: int) -> None:
    skipped = islice(Constant(rate_hz).times_ps(np.random.default_rng(0)), n, None)
    assert next(skipped) == round(Fraction(n * PS_PER_S, rate_hz))


def test_a_constant_rate_is_meant_as_it_is_written() -> None:
    assert first(Constant(0.1), 4) == [0, 10 * PS_PER_S, 20 * PS_PER_S, 30 * PS_PER_S]
    assert first(Constant(3e11), 7) == [0, 3, 7, 10, 13, 17, 20]


def test_poisson_gaps_are_exponential() -> None:
    """Kolmogorov's distance of n samples from the law stays below 1.95 / sqrt(n) in 99.9 % of all cases."""
    times_ps = first(Poisson(2_000), 100_000)
    gaps = np.sort(np.diff(np.array([0, *times_ps]))) / (PS_PER_S / 2_000)
    expected, n = 1 - np.exp(-gaps), len(gaps)
    distance = max(np.max(np.arange(1, n + 1) / n - expected), np.max(expected - np.arange(n) / n))
    assert distance < 1.95 / math.sqrt(n)


def test_a_long_poisson_stream_loses_no_picosecond() -> None:
    """The gaps that were drawn, added up exactly, are where the times are: after two million, as after two."""
    arrivals, count = Poisson(0.01), 2_000_000 // 4096 * 4096
    rng = np.random.default_rng(3)
    exact_ps = math.fsum(
        math.fsum(rng.exponential(PS_PER_S / 0.01, 4096).tolist()) for _ in range(count // 4096)
    )
    *_, last_ps = islice(arrivals.times_ps(np.random.default_rng(3)), count)
    assert abs(last_ps - exact_ps) <= 1e-15 * exact_ps


@pytest.mark.parametrize(("on_s", "off_s"), [(1e-3, 9e-3), (1e-2, 1e-2), (1e-4, 1e-5)])
def test_bursts_have_their_mean_rate_and_spread(on_s: float, off_s: float) -> None:
    """Gaps are t + K off periods: mean (1 + off / on) / rate, variance of the same mixture in closed form.

    With t of mean m = 1 / rate and K given t Poisson(t / on): var = m² (1 + off/on)² + 2 m off² / on.
    """
    arrivals = OnOff(5_000, on_s, off_s)
    gaps_s = np.diff(first(arrivals, 400_000)) / PS_PER_S
    mean_s = 1 / arrivals.mean_rate_hz
    variance = (1 / 5_000 * (1 + off_s / on_s)) ** 2 + 2 / 5_000 * off_s**2 / on_s
    assert mean_s == pytest.approx((1 + off_s / on_s) / 5_000)
    assert abs(gaps_s.mean() - mean_s) < 4 * math.sqrt(variance / len(gaps_s))
    assert gaps_s.var() == pytest.approx(variance, rel=0.05)


def test_mean_rates_are_known_where_they_can_be() -> None:
    assert Poisson(2_000).mean_rate_hz == 2_000
    assert Constant(1_000).mean_rate_hz == 1_000
    assert OnOff(5_000, 1e-3, 9e-3).mean_rate_hz == pytest.approx(500)
    assert Recorded([0, 10**6, 3 * 10**6]).mean_rate_hz == pytest.approx(2 / 3e-6)
    assert Recorded([5]).mean_rate_hz is None
    assert Recorded([5, 5]).mean_rate_hz is None
    assert Saturated().mean_rate_hz is None


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=30).map(sorted))
def test_a_recorded_trace_is_read_back_as_it_was_written(tmp_path_factory, times_ps: list[int]) -> None:
    path = tmp_path_factory.mktemp("trace") / "arrivals.csv"
    path.write_text("# recorded\n" + "\n".join(f"{time_ps} ps" for time_ps in times_ps))
    assert first(read_arrivals(path), 100) == times_ps
    path.write_text("time [ps]\n" + "\n".join(str(time_ps) for time_ps in times_ps))
    assert first(arrivals_from_text(f"trace:{path}"), 100) == times_ps


def test_a_trace_may_mix_units_comments_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "arrivals.csv"
    path.write_text("# from the gateway\narrival time (us)\n\n0\n12.5\n13_000 ns  # late\n1e-3 s\n")
    assert first(read_arrivals(path), 100) == [0, 12_500_000, 13_000_000, 1_000_000_000]


@pytest.mark.parametrize(
    ("text", "arrivals"),
    [
        ("poisson 2000 Hz", Poisson(2000.0)),
        ("  Poisson 2kHz ", Poisson(2000.0)),
        ("constant 1 kHz", Constant(1000.0)),
        ("onoff 5 kHz 1 ms 9 ms", OnOff(5000.0, 1e-3, 9e-3)),
        ("onoff 5kHz 1ms 9ms", OnOff(5000.0, 1e-3, 9e-3)),
        ("saturated", Saturated()),
    ],
)
def test_streams_are_written_in_a_few_words(text: str, arrivals: Arrivals) -> None:
    assert arrivals_from_text(text) == arrivals
