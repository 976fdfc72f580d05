"""Table 1 of the published study, to the printed digit (checks T1 and T15)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xbarsim.training.times import Layer, share

# N = 512, n_s = 2, mean and most slots 5, 5 ns pulses, 40 ns products, 0.7 TFLOPS for four arrays, batch 100.
PAPER = Layer(512, 2, 5, 5, 100, 5, 40, 0.7e12 / 4)
PRINTED_NS = {"ttv2": 56.3, "c-ttv2": 56.3, "agad": 62.1, "mixed_precision": 3024.5, "in_memory_sgd": 30.9}
GATHERING = ("ttv2", "c-ttv2", "agad")


@pytest.mark.parametrize("algorithm", PRINTED_NS)
def test_time_of_a_sample(algorithm: str) -> None:
    assert share(algorithm, PAPER).time_ns == pytest.approx(PRINTED_NS[algorithm], abs=0.05)  # type: ignore[arg-type]


def test_fewest_transfers_and_pulses() -> None:
    fast = share("agad", replace(PAPER, every=10, mean_slots=1, most_slots=1)).time_ns
    assert fast == pytest.approx(17.1, abs=0.05)
    assert share("mixed_precision", PAPER).time_ns / fast == pytest.approx(176.8, abs=0.1)


@pytest.mark.parametrize(
    "every, ttv2, agad",
    [(1, 81.7, 93.4), (2, 56.3, 62.1), (5, 41.0, 43.4), (10, 35.9, 37.1), (50, 31.9, 32.1)],
)
def test_time_by_transfers(every: int, ttv2: float, agad: float) -> None:
    layer = replace(PAPER, every=every)
    assert share("ttv2", layer).time_ns == pytest.approx(ttv2, abs=0.05)
    assert share("agad", layer).time_ns == pytest.approx(agad, abs=0.05)


def test_two_phases_cost_what_the_text_says() -> None:
    twice = replace(PAPER, phases=2)
    assert share("ttv2", twice).time_ns == pytest.approx(83.8, abs=0.05)
    assert share("agad", twice).time_ns == pytest.approx(89.6, abs=0.05)


def test_storage_and_traffic() -> None:
    shares = {name: share(name, PAPER) for name in PRINTED_NS}  # type: ignore[arg-type]
    assert [s.storage_bytes for s in shares.values()] == [263_168, 263_168, 787_456, 364_544, 1_024]
    assert [round(s.memory_bits) for s in shares.values()] == [4_096, 4_608, 12_800, 41_943, 0]
    assert share("agad", replace(PAPER, single_mean=True)).operations == 2 * 512 + 3 * 512 / 2


def test_scaling() -> None:
    """T15: digital time grows with N, analog time does not; mixed precision grows with N^2, and falls behind early."""
    double = replace(PAPER, n=1024)
    for name in GATHERING:
        one, two = share(name, PAPER), share(name, double)  # type: ignore[arg-type]
        assert two.analog_ns == one.analog_ns and two.digital_ns == 2 * one.digital_ns
    ratio = share("mixed_precision", double).digital_ns / share("mixed_precision", PAPER).digital_ns
    assert ratio == pytest.approx(4, rel=0.01)

    def slower_from(name: str) -> int:
        sizes = (replace(PAPER, n=n) for n in range(1, 200))
        return next(s.n for s in sizes if share("mixed_precision", s).time_ns > share(name, s).time_ns)  # type: ignore[arg-type]

    assert (slower_from("ttv2"), slower_from("agad")) == (63, 64)


def test_message() -> None:
    with pytest.raises(ValueError, match="algorithm 'sgd'; allowed: 'ttv2'"):
        share("sgd", PAPER)  # type: ignore[arg-type]
