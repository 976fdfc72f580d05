"""Years of a chip by jumps against twenty seconds of it with every request an event, in one process."""

from __future__ import annotations

from typing import Any

import pytest

import xbarsim as xs
from benchmarks.conftest import Row
from benchmarks.measure import timed_s
from xbarsim.scenario.lifetime_result import LifetimeResult

RATE_HZ, PERIOD_S = 1000.0, 300.0
IN_FULL_S, IN_FULL_PERIOD_S = 20.0, 5.0
DAY_S = 86_400.0
LIVES = {"a minute": 60.0, "a day": DAY_S, "a year": 365 * DAY_S, "10 years": 3650 * DAY_S}
LOOKS_S = (3600.0, DAY_S, 30 * DAY_S, 365 * DAY_S)  # at accuracy, on the whole test set


def life(
    chip: Any, work: Any, seconds: float, period_s: float = PERIOD_S, jump: bool = True
) -> LifetimeResult:
    """Of one network."""
    ages_s = (*(age_s for age_s in LOOKS_S if age_s < seconds), seconds)
    asked = xs.Lifetime(xs.Constant(RATE_HZ), (xs.Policy(period_s),), ages_s, networks=1, jump=jump)
    return xs.simulate(chip, work, asked)


@pytest.fixture(scope="module")
def chip_and_work() -> tuple[Any, Any]:
    return xs.load_chip("pcm-selfcorrect"), xs.load_workload("cnn_digits")


@pytest.fixture(scope="module")
def whole_s(chip_and_work: tuple[Any, Any]) -> float:
    """What a request takes that is simulated, as jumps count and spend the same."""
    jumped = life(*chip_and_work, IN_FULL_S, IN_FULL_PERIOD_S)
    found: list[LifetimeResult] = []
    took_s = timed_s(lambda: found.append(life(*chip_and_work, IN_FULL_S, IN_FULL_PERIOD_S, jump=False)))
    assert jumped.energy == found[0].energy and jumped.requests == found[0].requests == RATE_HZ * IN_FULL_S
    return took_s / jumped.requests


@pytest.mark.parametrize("name", LIVES)
def test_life(benchmark: Any, row: Row, chip_and_work: tuple[Any, Any], whole_s: float, name: str) -> None:
    """The self-correcting chip, all cells written anew every 300 s."""
    seconds = LIVES[name]
    benchmark.pedantic(life, (*chip_and_work, seconds), rounds=3, warmup_rounds=1)
    row(
        "lifetime", life=name, requests=round(seconds * RATE_HZ), corrections=int(seconds // PERIOD_S),
        jumps_s=benchmark.stats.stats.min, whole_s=whole_s * seconds * RATE_HZ,
    )  # fmt: skip
