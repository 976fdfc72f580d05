"""What may be asked of a chip's life: ages, load, policies, and how much is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xbarsim.engine.granularity import Granularity
from xbarsim.maintenance.policy import Policy
from xbarsim.scenario.arrivals import Arrivals
from xbarsim.scenario.batching import demand_count

YEAR_S = 31_557_600.0  # Julian, as the unit 'year' has it
AGES_S = (1.0, 60.0, 3600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0, YEAR_S, 10 * YEAR_S)
MOST_IN_FULL = 2_000_000  # requests of a run without jumps


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

    def __post_init__(self) -> None:
        if not self.policies:
            raise ValueError("Lifetime.policies is empty; allowed: at least one Policy()")
        rising = all(a < b for a, b in zip(self.ages_s, self.ages_s[1:], strict=False))
        if not self.ages_s or self.ages_s[0] <= 0 or not rising:
            raise ValueError(f"Lifetime.ages_s is {self.ages_s!r}; allowed: seconds above 0, rising")
        for name in ("networks", "windows", "requests"):
            demand_count(f"Lifetime.{name}", getattr(self, name))
        demand_count("Lifetime.seed", self.seed, 0)
        if self.samples is not None:
            demand_count("Lifetime.samples", self.samples)
        _demand_load(self.load)

    @property
    def load(self) -> tuple[tuple[float, Arrivals], ...]:
        """Streams, each with the age from which it comes."""
        if isinstance(self.arrivals, Arrivals):
            return ((0.0, self.arrivals),)
        return tuple(self.arrivals)


def _demand_load(load: Sequence[tuple[float, Arrivals]]) -> None:
    """Raises: ValueError for streams without order, or of which nobody knows how many requests they bring."""
    starts = [start_s for start_s, _ in load]
    if not load or starts[0] != 0 or sorted(set(starts)) != starts:
        raise ValueError(f"Lifetime.arrivals begin at {starts!r} seconds; allowed: rising ages, the first 0")
    for _, arrivals in load:
        if arrivals.mean_rate_hz is None:
            raise ValueError(
                f"Lifetime.arrivals: {type(arrivals).__name__} has no rate that goes on for years; "
                f"give Poisson(rate_hz), Constant or OnOff"
            )
