"""When requests come: streams of arrival times in whole picoseconds, never falling.

All randomness is drawn from the generator that is handed in, in blocks, so a stream needs a generator of its
own. The same generator gives the same times.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count, pairwise, repeat
from numbers import Real
from operator import index

import numpy as np

from xbarsim.errors import shown

PS_PER_S = 10**12
RATES_HZ = (1e-6, 1e12)  # up to one a picosecond: more could not be told apart
PERIODS_S = (1e-9, 1e9)
_BLOCK = 4096  # gaps drawn at once
_Gaps = Callable[[int], np.ndarray]


class Arrivals(ABC):
    """When requests come."""

    @property
    @abstractmethod
    def mean_rate_hz(self) -> float | None:
        """Requests per second in the long run; None if nothing but the run can tell."""

    @abstractmethod
    def times_ps(self, rng: np.random.Generator) -> Iterator[int]:
        """Arrival times, never falling; without end, except those of a recorded trace."""


@dataclass(frozen=True)
class Poisson(Arrivals):
    """Requests that know nothing of one another: gaps are exponentially distributed with mean 1 / rate_hz."""

    rate_hz: float

    def __post_init__(self) -> None:
        _demand_within(self, "rate_hz", RATES_HZ)

    @property
    def mean_rate_hz(self) -> float:
        return float(self.rate_hz)

    def times_ps(self, rng: np.random.Generator) -> Iterator[int]:
        mean_ps = PS_PER_S / float(self.rate_hz)
        return _summed(lambda size: rng.exponential(mean_ps, size))


@dataclass(frozen=True)
class Constant(Arrivals):
    """Requests like a clock: request n = 0, 1, … comes at n / rate_hz, each rounded by itself: no drift.

    The rate is taken as it is written in decimal: 0.1 Hz is one request each ten seconds.
    """

    rate_hz: float

    def __post_init__(self) -> None:
        _demand_within(self, "rate_hz", RATES_HZ)

    @property
    def mean_rate_hz(self) -> float:
        return float(self.rate_hz)

    def times_ps(self, rng: np.random.Generator) -> Iterator[int]:
        gap_ps = PS_PER_S / Fraction(str(self.rate_hz))
        if gap_ps.denominator == 1:
            return count(0, gap_ps.numerator)
        return (round(n * gap_ps) for n in count())


@dataclass(frozen=True)
class OnOff(Arrivals):
    """Bursts: on and off periods, exponentially distributed; while on, Poisson arrivals at rate_hz.

    An interrupted Poisson process (Kuczura, Bell System Technical Journal 52, 1973). It begins with an on
    period. As every arrival falls into an on period, and periods have no memory, the gaps are independent:
        gap = t + the sum of K off periods,  t ~ Exp(rate_hz),  K ~ Poisson(t / on_s).

    rate_hz: while on; on_s, off_s: mean lengths of the periods.
    """

    rate_hz: float
    on_s: float
    off_s: float

    def __post_init__(self) -> None:
        _demand_within(self, "rate_hz", RATES_HZ)
        for name in ("on_s", "off_s"):
            _demand_within(self, name, PERIODS_S)

    @property
    def mean_rate_hz(self) -> float:
        """rate_hz × on_s / (on_s + off_s)."""
        return float(self.rate_hz * self.on_s / (self.on_s + self.off_s))

    def times_ps(self, rng: np.random.Generator) -> Iterator[int]:
        mean_ps, on_ps, off_ps = PS_PER_S / self.rate_hz, self.on_s * PS_PER_S, self.off_s * PS_PER_S

        def gaps_ps(size: int) -> np.ndarray:
            while_on_ps = rng.exponential(mean_ps, size)
            pauses = rng.poisson(while_on_ps / on_ps)
            return while_on_ps + off_ps * rng.standard_gamma(pauses)

        return _summed(gaps_ps)


@dataclass(frozen=True)
class Recorded(Arrivals):
    """Requests at recorded times, once through; `read_arrivals` reads them from a file.

    recorded_ps: whole picoseconds, never falling; kept as a tuple.
    name: what to call them in a result.
    """

    recorded_ps: Sequence[int] = field(repr=False)
    name: str = ""

    def __post_init__(self) -> None:
        try:
            times_ps = tuple(index(time_ps) for time_ps in self.recorded_ps)
        except TypeError:
            raise ValueError(f"Recorded.recorded_ps is {_told(self.recorded_ps)}; {_WHOLE}") from None
        if not times_ps:
            raise ValueError("Recorded.recorded_ps is empty; allowed: one arrival time or more")
        for n, (before_ps, time_ps) in enumerate(pairwise((0, *times_ps))):
            if time_ps < before_ps:
                raise ValueError(f"Recorded.recorded_ps[{n}] is {time_ps}, below {before_ps}; {_WHOLE}")
        object.__setattr__(self, "recorded_ps", times_ps)

    @property
    def mean_rate_hz(self) -> float | None:
        """Gaps over the time from the first to the last; None if that is no time."""
        elapsed_ps = self.recorded_ps[-1] - self.recorded_ps[0]
        return (len(self.recorded_ps) - 1) * PS_PER_S / elapsed_ps if elapsed_ps else None

    def times_ps(self, rng: np.random.Generator) -> Iterator[int]:
        return iter(self.recorded_ps)


@dataclass(frozen=True)
class Saturated(Arrivals):
    """There is always another request at the door: all come at time 0, and the chip takes what it can."""

    @property
    def mean_rate_hz(self) -> None:
        return None

    def times_ps(self, rng: np.random.Generator) -> Iterator[int]:
        return repeat(0)


_WHOLE = "allowed: whole picoseconds from 0, never falling"


def _summed(gaps_ps: _Gaps) -> Iterator[int]:
    """Times from gaps; gaps_ps(size) draws a block of them, none below 0.

    The last time of a block is kept as a whole number, and only what rounding left of it goes on as a float.
    So a float never holds more than a block: it is good to 2^-53 of a block, however long the run, and as the
    sum of a block never falls, neither do the rounded times.
    """
    base_ps, rest_ps = 0, 0.0
    while True:
        offsets_ps = rest_ps + np.cumsum(gaps_ps(_BLOCK))
        whole_ps = np.rint(offsets_ps)
        yield from [base_ps + int(offset_ps) for offset_ps in whole_ps.tolist()]
        base_ps += int(whole_ps[-1])
        rest_ps = float(offsets_ps[-1] - whole_ps[-1])


def _demand_within(arrivals: Arrivals, name: str, allowed: tuple[float, float]) -> None:
    value, (least, most) = getattr(arrivals, name), allowed
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= float(value) <= most:
        kind = type(arrivals).__name__
        raise ValueError(f"{kind}.{name} is {_told(value)}; allowed: a number from {least:g} to {most:g}")


def _told(value: object) -> str:
    return shown(value) if isinstance(value, str | list | tuple | dict) else repr(value)
