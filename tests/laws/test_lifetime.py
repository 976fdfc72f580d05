"""A chip's life: jumps against the whole of it, conservation, and what upkeep costs and buys."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import xbarsim as xs
from xbarsim.engine.granularity import Granularity
from xbarsim.maintenance.policy import policy_from_text
from xbarsim.scenario.lifetime_result import TAIL, LifetimeResult, PolicyLife
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.scenario.store import result_from_json, result_to_json

YEAR_S = 31_557_600.0
BRIEF: dict[str, object] = {"windows": 4, "requests": 200}  # where latency is not looked at closely
GAP_PS = 1e9  # between requests, where nothing else is said
POLICIES = (
    "never",
    "every 2 s",
    "every 3 s, staggered, in turn",
    "every 3 s, staggered, when idle",
    "every 4 s above 0.05, global compensation every 3 s",
)


@cache
def chip() -> xs.api.Chip:  # type: ignore[name-defined]
    return xs.load_chip("pcm-selfcorrect")


def lived(policies: tuple[str, ...], **settings: object) -> LifetimeResult:
    asked = {"arrivals": xs.Constant(1000.0), "networks": 1, "samples": 100, "tolerance": 0.05} | settings
    scenario = Lifetime(policies=tuple(map(policy_from_text, policies)), **asked)  # type: ignore[arg-type]
    return xs.simulate(chip(), xs.load_workload("cnn_digits"), scenario)


def only(policy: str, **settings: object) -> PolicyLife:
    return lived((policy,), **settings).policies[0]


# --- jumps -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
def test_jumps_cost_what_the_whole_costs_and_wait_as_long(policy: str) -> None:
    """Counts, energy, wear and accuracy are equal; of the latencies, quantiles within 5 %, or what is longer than the
    time between requests within that, the mean within 10 %."""
    settings = {"ages_s": (1.0, 6.0, 12.0), "requests": 6000}
    jumped, whole = only(policy, **settings), only(policy, **settings, jump=False)
    assert jumped.energy == whole.energy
    assert jumped.wear == whole.wear and jumped.log == whole.log
    for a, b in zip(jumped.ages, whole.ages, strict=True):
        bare = {"tail": b.tail, "affected": b.affected}
        assert replace(a, **bare) == b
    assert jumped.tail.requests == whole.tail.requests == whole.tail.simulated == 12_000
    for name in ("p50", "p99", "p99.9"):
        told, known = (life.tail.quantiles_ps[TAIL.index(name)] or 0.0 for life in (jumped, whole))
        assert told == pytest.approx(known, rel=0.05, abs=GAP_PS if known > GAP_PS else 0.0)
    assert jumped.tail.mean_ps == pytest.approx(whole.tail.mean_ps, rel=0.1)


def test_jumps_among_requests_that_come_by_chance() -> None:
    """The number of requests is that to be expected; the mean latency of those that met upkeep agrees within 15 %,
    five times what the number of them lets it scatter."""
    settings = {"arrivals": xs.Poisson(1000.0), "ages_s": (15.0,), "windows": 64}
    jumped, whole = only("every 0.25 s", **settings), only("every 0.25 s", **settings, jump=False)
    assert jumped.requests == 15_000
    assert abs(whole.requests - 15_000) < 5 * 15_000**0.5
    assert jumped.affected.mean_ps == pytest.approx(whole.affected.mean_ps, rel=0.15)
    assert jumped.affected.requests == pytest.approx(whole.affected.requests, rel=0.15)


def test_both_engines_live_alike() -> None:
    lives = [
        lived(
            POLICIES[1:4],
            ages_s=(3.0,),
            arrivals=xs.Constant(50.0),
            windows=1,
            requests=30,
            granularity=one,
        )
        for one in Granularity
    ]
    assert lives[0].policies == lives[1].policies


def test_a_load_that_changes() -> None:
    load = ((0.0, xs.Constant(1000.0)), (5.0, xs.Constant(10.0)))
    jumped = only("every 2 s", arrivals=load, ages_s=(2.0, 20.0), **BRIEF)
    whole = only("every 2 s", arrivals=load, ages_s=(2.0, 20.0), **BRIEF, jump=False)
    assert [row.age_s for row in jumped.ages] == [2.0, 5.0, 20.0]
    assert [row.requests for row in jumped.ages] == [2000, 3000, 150] == [row.requests for row in whole.ages]
    assert jumped.energy == whole.energy


def test_loads_are_told_as_they_are_written() -> None:
    load = ((0.0, xs.Constant(10.0)), (86_400.0, xs.Constant(2.0)), (100_000.0, xs.Constant(1.0)))
    told = lived(("never",), arrivals=load, ages_s=(1e6,), **BRIEF).arrivals
    assert told == "constant 10 Hz, then constant 2 Hz from 1 d, then constant 1 Hz from 100000 s"


# --- closed forms ----------------------------------------------------------------------------------


def test_requests_of_a_clock_wait_for_what_is_left_of_a_turn() -> None:
    """A turn of length L keeps L × rate requests; on average they wait half of it."""
    life = only("every 1 s", ages_s=(100.0,))
    turn_s, alone_s = life.turn_ps * 1e-12, 9.425625e-6
    assert life.affected.requests / 100 == pytest.approx(turn_s * 1000, abs=1)
    assert life.affected.mean_ps == pytest.approx((turn_s / 2 + alone_s) * 1e12, rel=0.05)
    assert life.lost == pytest.approx(turn_s)


def test_a_year_of_corrections_is_as_many_writes() -> None:
    """Every 300 s for 365 days: 105,120 corrections."""
    life = only("every 300 s", ages_s=(365 * 86_400.0,), **BRIEF)
    assert life.ages[-1].corrections == 3 * 105_120
    assert life.ages[-1].writes == 105_121 == life.ages[-1].most_writes
    cells = {unit: 2 * rows * columns for unit, rows, columns in (("0", 9, 8), ("3", 72, 12), ("6", 192, 10))}
    written = next(row for row in life.energy if row.action == "cell written")
    assert written.count == sum(cells.values()) * 105_120
    assert written.energy_pj == pytest.approx(written.count * 15 * 103)


def test_cells_wear_out_when_their_writes_say_so() -> None:
    life = only("every 1 s", ages_s=(1e6, 1e7, 3e7), **BRIEF)
    assert life.wear is not None and life.wear.failed > 5000
    for cell in life.wear.first_failed:
        assert cell.age_s == cell.writes - 1  # written once when new, then every second
    assert life.ages[-1].stuck is not None and life.ages[-1].stuck > 0.9
    assert life.ages[0].stuck == 0


# --- what upkeep costs and buys ----------------------------------------------------------------------


def test_without_correction_accuracy_falls_and_with_it_stays() -> None:
    settings = {"ages_s": (60.0, 86_400.0, 10 * YEAR_S), "networks": 5, "samples": None} | BRIEF
    never, often = lived(("never", "every 300 s"), **settings).policies
    accuracies = [[row.accuracy or 0 for row in life.ages] for life in (never, often)]
    assert accuracies[0][0] - accuracies[0][-1] > 0.2
    assert np.ptp(accuracies[1]) < 0.06
    assert accuracies[1][-1] > accuracies[0][-1] + 0.2


def test_staggered_rounds_have_the_shorter_tail() -> None:
    settings = {"arrivals": xs.Poisson(1000.0), "ages_s": (3600.0,), "networks": 3, "requests": 1000}
    lives = lived(
        ("every 1 s", "every 1 s, staggered", "every 1 s, staggered, when idle"), **settings
    ).policies
    p99 = [life.tail.quantiles_ps[TAIL.index("p99")] or 0.0 for life in lives]
    assert p99[0] > 1.5 * p99[1] > 30 * p99[2]
    accuracies = [life.ages[-1].accuracy or 0.0 for life in lives]
    assert np.ptp(accuracies) < 0.05
    first, *others = (sum(row.correcting_pj for row in life.ages) for life in lives)
    assert others == pytest.approx([first, first], rel=1e-12)


def test_a_shorter_time_between_corrections_wears_cells_out_sooner() -> None:
    """The first cell ends when it was written as often as it survives: after so many times the time between."""
    lives = lived(("every 1 s", "every 60 s", "every 300 s"), ages_s=(86_400.0,), **BRIEF).policies
    ends_s = [life.ages[-1].age_s + life.wear.remaining_s[0][1] for life in lives if life.wear is not None]
    for end_s, period_s in zip(ends_s[1:], (60.0, 300.0), strict=True):
        assert end_s == pytest.approx(ends_s[0] * period_s, rel=1e-3)
    spent = [life.ages[-1].correcting_pj for life in lives]
    assert spent[0] == pytest.approx(60 * spent[1]) == pytest.approx(300 * spent[2])


def test_a_monitor_writes_less_and_tells_its_floor() -> None:
    often, asked = lived(("every 1 h", "every 1 h above 0.1"), ages_s=(2 * 86_400.0,), **BRIEF).policies
    assert asked.ages[-1].corrections < often.ages[-1].corrections
    assert asked.ages[-1].probes == 3 * 48
    assert set(asked.floors) == {"0", "3", "6"} and not often.floors
    assert all(floor < 0.1 for floor in asked.floors.values())
    assert asked.ages[-1].probing_pj > 0 == often.ages[-1].probing_pj
    assert any(distance is not None and distance > 0.1 for row in asked.log for distance in row.distances)


# --- the result ------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_is_read_back() -> None:
    settings = {"ages_s": (60.0, 3600.0), "networks": 2, "arrivals": xs.Poisson(100.0)} | BRIEF
    first, second = (lived(("every 60 s", "never"), **settings) for _ in range(2))
    text = result_to_json(first)
    assert text == result_to_json(second)
    assert result_from_json(text, __file__) == first  # type: ignore[arg-type]
    assert result_to_json(lived(("every 60 s", "never"), **settings, seed=1)) != text


def test_more_tiles_leave_the_noise_of_the_others() -> None:
    """The same life on a chip with more tiles: the same cells, the same accuracy."""
    more = xs.load_chip("pcm-selfcorrect", ["tile.count=25"])
    scenario = Lifetime(
        xs.Constant(100.0), (policy_from_text("every 1 h"),), (60.0, 86_400.0), networks=2, **BRIEF
    )  # type: ignore[arg-type]
    work = xs.load_workload("cnn_digits")
    few, many = (xs.simulate(one, work, scenario).policies[0] for one in (chip(), more))
    assert [row.accuracies for row in few.ages] == [row.accuracies for row in many.ages]


def test_without_weights_time_and_energy_are_told() -> None:
    scenario = Lifetime(xs.Constant(100.0), (policy_from_text("every 1 h"),), (86_400.0,))
    result = xs.simulate(chip(), xs.load_workload("lenet_digits"), scenario)
    life = result.policies[0]
    assert result.accuracy_float is None and life.wear is None
    assert life.ages[-1].accuracies == () and life.ages[-1].corrections > 0
    assert (
        "the workload does not name both weights and data: accuracy and wear are not simulated" in life.notes
    )
