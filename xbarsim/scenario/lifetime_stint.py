"""A span of ages in a life: the turns of upkeep and the requests that come in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from xbarsim.maintenance.schedule import Bout
from xbarsim.scenario.lifetime_latency import Sample
from xbarsim.scenario.upkeep import Turn


@dataclass
class Stint:
    """A span of ages: its turns, each with times and how far apart, and its requests."""

    start_ps: int
    end_ps: int
    stream: int
    requests: int
    turns: list[tuple[Turn, Bout]]
    samples: list[Sample] = field(default_factory=list)
    affected: list[Sample] = field(default_factory=list)

    @property
    def counts(self) -> Counter[Turn]:
        found: Counter[Turn] = Counter()
        for turn, bout in self.turns:
            found[turn] += bout.times
        return found

    @property
    def due_before_end(self) -> Counter[Turn]:
        """Without those that are due as it ends, whose wake lies beyond it."""
        found = self.counts
        found.subtract(turn for turn, bout in self.turns if bout.last_ps == self.end_ps)
        return found

    def due(self, until_ps: int | None = None) -> list[tuple[int, Turn]]:
        """Every turn at its time, in their order."""
        limit = self.end_ps if until_ps is None else until_ps
        every = [(due, turn) for turn, bout in self.turns for due in _up_to(bout, limit)]
        return sorted(every, key=lambda one: one[0])


@dataclass(frozen=True)
class Worn:
    """Cells of the first network at an age: share that is stuck, writes on average and at most; oldest_s: age of
    those that were not written for longest, as accuracy was looked at."""

    stuck: float
    writes: float
    most_writes: int
    oldest_s: float


def _up_to(bout: Bout, end_ps: int) -> list[int]:
    number = (end_ps - bout.first_ps) // bout.period_ps + 1 if end_ps >= bout.first_ps else 0
    return [bout.first_ps + k * bout.period_ps for k in range(min(bout.times, max(0, number)))]


def first_times(bout: Bout, most: int) -> list[int]:
    """Times of at most so many of its turns, spread over it."""
    chosen = np.unique(np.linspace(0, bout.times - 1, min(most, bout.times)).astype(int))
    return [bout.first_ps + int(k) * bout.period_ps for k in chosen]
