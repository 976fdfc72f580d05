"""What may be asked of a chip's life: ages, load, policies, and how much is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from xbarsim.engine.granularity import Granularity
from xbarsim.maintenance.policy import Policy, is_number
from xbarsim.maintenance.schedule import PS_PER_S
from xbarsim.scenario.arrivals import Arrivals, Recorded
from xbarsim.scenario.batching import demand_count

YEAR_S = 31_557_600.0  # Julian, as the unit 'year' has it
AGES_S = (1.0, 60.0, 3600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0, YEAR_S, 10 * YEAR_S)
MOST_IN_FULL = 2_000_000  # requests, and rounds, of a run without jumps
MOST_ROUNDS = 10**15  # fewer than whole numbers that a float tells apart
MOST_PS = 1 << 61  # a run in one go: the clock in compiled code ends at twice that
_SHORTER = "give an earlier last age, or let it jump"


@dataclass(frozen=True)
class Lifetime:
    """A chip's life, from the day its weights are written.

    arrivals: requests; or several streams one after another, each with the age in seconds from which it comes, the
        first from 0.
    policies: ways to look after the cells, each lived through on its own.
    ages_s: when accuracy is looked at; the last is the end.
    networks: with programming and read noise of their own, over which accuracy spreads.
    weights: which of the workload's files of weights; the first if none is named.
    seed: of everything random.
    windows: turns of upkeep that are simulated event by event for each span of ages and kind of turn.
    requests: simulated of the time between them, for each stream.
    jump: between windows; without it every request and every turn of the whole life is an event.
    numerics: how products are computed; None: as the chip describes it.
    tolerance: how far a weight's code may be from it, in units of the weights, if it takes less conductance; for chips
        with a code memory.
    temperature_kelvin: of the cells; None: at which their numbers hold.
    samples: of the test set, that accuracy is measured on; None: all.
    """

    arrivals: Arrivals | Sequence[tuple[float, Arrivals]]
    policies: tuple[Policy, ...] = (Policy(),)
    ages_s: tuple[float, ...] = AGES_S
    networks: int = 5
    weights: str = ""
    seed: int = 0
    windows: int = 32
    requests: int = 5_000
    jump: bool = True
    numerics: Any = None
    tolerance: float = 0.0
    samples: int | None = None
    granularity: Granularity = Granularity.BURST
    temperature_kelvin: float | None = None

    def __post_init__(self) -> None:
        for name in ("networks", "windows", "requests"):
            demand_count(f"Lifetime.{name}", getattr(self, name))
        demand_count("Lifetime.seed", self.seed, 0)
        if self.samples is not None:
            demand_count("Lifetime.samples", self.samples)
        for name, wrong in (
            ("arrivals", wrong_load(self.arrivals)),
            ("policies", wrong_policies(self.policies)),
            ("ages_s", wrong_ages(self.ages_s)),
            ("tolerance", wrong_tolerance(self.tolerance)),
            ("temperature_kelvin", wrong_temperature(self.temperature_kelvin)),
        ):
            if wrong:
                raise ValueError(f"Lifetime.{name}: {wrong}")
        wrong = wrong_rounds(self.policies, self.ages_s)
        if wrong:
            raise ValueError(f"Lifetime.policies: {wrong}")
        wrong = "" if self.jump else wrong_in_full(self.load, self.policies, self.ages_s)
        if wrong:
            raise ValueError(f"Lifetime.jump is False, and {wrong}")

    @property
    def load(self) -> tuple[tuple[float, Arrivals], ...]:
        """Streams, each with the age from which it comes."""
        if isinstance(self.arrivals, Arrivals):
            return ((0.0, self.arrivals),)
        return tuple(self.arrivals)


# --- what is wrong with what is asked, as text; empty if nothing is ------------------------------------


def wrong_ages(ages_s: object) -> str:
    """Ages must be so far apart that picoseconds tell them apart."""
    allowed = "allowed: rising ages, at least 1 ps apart"
    if not isinstance(ages_s, Sequence) or isinstance(ages_s, str) or not ages_s:
        return f"{ages_s!r}; {allowed}"
    for before_s, age_s in pairwise((0.0, *ages_s)):
        if not is_number(age_s):
            return f"{age_s!r} is no age in seconds; {allowed}"
        if round(age_s * PS_PER_S) <= round(before_s * PS_PER_S):
            return f"{age_s:g} s follows {before_s:g} s; {allowed}"
    return ""


def wrong_policies(policies: object) -> str:
    allowed = "allowed: a tuple of Policy()"
    if not isinstance(policies, Sequence) or isinstance(policies, str) or not policies:
        return f"{policies!r}; {allowed}"
    strange = [policy for policy in policies if not isinstance(policy, Policy)]
    return f"{strange[0]!r}; {allowed}" if strange else ""


def wrong_tolerance(tolerance: object) -> str:
    if is_number(tolerance) and tolerance >= 0:  # type: ignore[operator]
        return ""
    return f"{tolerance!r}; allowed: a number from 0, in units of the weights"


def wrong_temperature(kelvin: object) -> str:
    if kelvin is None or (is_number(kelvin) and kelvin > 0):  # type: ignore[operator]
        return ""
    return f"{kelvin!r}; allowed: above 0 kelvin"


def wrong_load(load: object) -> str:
    """Streams must be in order, and of each it must be known how many requests it brings in years."""
    streams = ((0.0, load),) if isinstance(load, Arrivals) else load
    if not isinstance(streams, Sequence) or isinstance(streams, str) or not all(map(_is_stream, streams)):
        return f"{load!r}; allowed: Poisson(rate_hz), Constant or OnOff, or several with ages: ((0.0, Poisson(5.0)), …)"
    starts = [round(start_s * PS_PER_S) for start_s, _ in streams]
    if not starts or starts[0] != 0 or any(after <= before for before, after in pairwise(starts)):
        told = ", ".join(f"{start_s:g} s" for start_s, _ in streams)
        return f"streams begin at {told}; allowed: rising ages, at least 1 ps apart, the first 0 s"
    for _, arrivals in streams:
        if arrivals.mean_rate_hz is None or isinstance(arrivals, Recorded):
            kind = type(arrivals).__name__
            return f"{kind} has no rate that goes on for years; allowed: Poisson, Constant or OnOff"
    return ""


def wrong_rounds(policies: Sequence[Policy], ages_s: Sequence[float]) -> str:
    """Rounds and writes must be so few that they can be counted exactly."""
    for policy in policies:
        number = rounds_of(policy, ages_s[-1])
        if number > MOST_ROUNDS:
            return f"'{policy.text}' has {number:.3g} rounds until the last age; allowed: {MOST_ROUNDS:.0e}"
    return ""


def wrong_in_full(
    load: Sequence[tuple[float, Arrivals]], policies: Sequence[Policy], ages_s: Sequence[float]
) -> str:
    """Without jumps a life must be one that can be waited for."""
    end_s = ages_s[-1]
    ends = [*(start_s for start_s, _ in load[1:]), end_s]
    pairs = zip(load, ends, strict=True)
    requests = sum(
        (arrivals.mean_rate_hz or 0.0) * max(0.0, min(end, end_s) - start_s)
        for (start_s, arrivals), end in pairs
    )
    rounds = max(rounds_of(policy, end_s) for policy in policies)
    for number, what in ((requests, "requests come"), (rounds, "rounds of upkeep are due")):
        if number > MOST_IN_FULL:
            return f"{number:.3g} {what} until the last age; allowed: {MOST_IN_FULL:,}; {_SHORTER}"
    if end_s * PS_PER_S > MOST_PS:
        return f"the last age is {end_s:g} s; allowed: {MOST_PS / PS_PER_S:.3g} s; {_SHORTER}"
    return ""


def rounds_of(policy: Policy, age_s: float) -> float:
    """Rounds of correction and of compensation until an age."""
    periods = (policy.every_s, policy.compensate_every_s)
    return sum(age_s / every_s for every_s in periods if every_s is not None)


def _is_stream(stream: object) -> bool:
    """An age and what comes from then on."""
    if not isinstance(stream, tuple) or len(stream) != 2:
        return False
    return is_number(stream[0]) and isinstance(stream[1], Arrivals)
