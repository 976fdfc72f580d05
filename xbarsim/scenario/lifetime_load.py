"""Requests over a chip's life: streams from some time on, and when a stretch has seen enough of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import floor

import numpy as np

from xbarsim.scenario.arrivals import PS_PER_S, Arrivals, Constant


class Load:
    """Requests over the chip's life: streams one after another, each from some time on, the first from 0.

    A stream of constant rate goes on as the clock says; one that draws is drawn anew wherever it is entered.
    """

    def __init__(self, streams: Sequence[tuple[int, Arrivals]], seed: int, name: str):
        self.streams, self.seed, self.name = tuple(streams), seed, name

    def only(self, stream: int, draw: int = 0) -> Load:
        """One of the streams for ever; `draw`: drawn anew, if it draws."""
        begin_ps, arrivals = self.streams[stream]
        return Load(
            [(begin_ps if isinstance(arrivals, Constant) else 0, arrivals)], self.seed + draw, self.name
        )

    def draws(self, stream: int) -> bool:
        return not isinstance(self.streams[stream][1], Constant)

    def stream_at(self, time_ps: int) -> int:
        """Which stream comes at a time."""
        return max(number for number, (begin_ps, _) in enumerate(self.streams) if begin_ps <= time_ps)

    def requests(self, start_ps: int, end_ps: int) -> int:
        """From start on, before the end, within one stream: exactly, or as many as are to be expected."""
        begin_ps, arrivals = self.streams[self.stream_at(start_ps)]
        rate_hz = Fraction(str(arrivals.mean_rate_hz))
        if not isinstance(arrivals, Constant):
            return round((end_ps - start_ps) * rate_hz / PS_PER_S)
        gap_ps = PS_PER_S / rate_hz
        return self._before(end_ps - begin_ps, gap_ps) - self._before(start_ps - begin_ps, gap_ps)

    @staticmethod
    def _before(time_ps: int, gap_ps: Fraction) -> int:
        """How many of the times round(n gap) are smaller."""
        number = max(0, floor(time_ps / gap_ps) - 1)
        while round(number * gap_ps) < time_ps:
            number += 1
        return number

    def from_ps(self, start_ps: int) -> Iterator[int]:
        """Times of the requests from some time on, counted from there."""
        ends = (*(begin for begin, _ in self.streams[1:]), None)
        for number, ((begin_ps, arrivals), end_ps) in enumerate(zip(self.streams, ends, strict=True)):
            if end_ps is not None and end_ps <= start_ps:
                continue
            first_ps = max(begin_ps, start_ps)
            for time_ps in self._one(number, arrivals, begin_ps, first_ps):
                if end_ps is not None and time_ps >= end_ps:
                    break
                yield time_ps - start_ps

    def _one(self, number: int, arrivals: Arrivals, begin_ps: int, first_ps: int) -> Iterator[int]:
        if isinstance(arrivals, Constant):
            gap_ps = PS_PER_S / Fraction(str(arrivals.rate_hz))
            return (begin_ps + round(n * gap_ps) for n in count(self._before(first_ps - begin_ps, gap_ps)))
        key = (number, first_ps, *self.name.encode())
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))
        return (first_ps + time_ps for time_ps in arrivals.times_ps(rng))


@dataclass
class Source:
    """Requests that come, and when no more do."""

    def next_ps(self) -> int | None:
        raise NotImplementedError

    def calm(self) -> bool:
        """Upkeep is over, and nobody is inside: whether no more requests are wanted."""
        return False


@dataclass
class Given(Source):
    times: Sequence[int]

    def __post_init__(self) -> None:
        self._left = iter(self.times)

    def next_ps(self) -> int | None:
        return next(self._left, None)


@dataclass
class UntilEnd(Source):
    """All that come before the end."""

    times: Iterator[int]
    end_ps: int

    def next_ps(self) -> int | None:
        time_ps = next(self.times, None)
        return time_ps if time_ps is not None and time_ps < self.end_ps else None


@dataclass
class UntilCalm(Source):
    """All that come until upkeep is over and its traces are gone; `most` in any case."""

    times: Iterator[int]
    most: int
    over: bool = False

    def next_ps(self) -> int | None:
        self.most -= 1
        return None if self.over or self.most < 0 else next(self.times, None)

    def calm(self) -> bool:
        self.over = True
        return True
