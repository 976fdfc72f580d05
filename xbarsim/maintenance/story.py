"""What happens to cells from one age to the next: rounds without end, told as runs of equal ones.

Without a threshold every round is the same, and a million take no longer than one. With a threshold the first round
in which a layer is found too far is drawn (`crossing`); after many such rounds in one span of ages, what is left of it
goes on at the rate that was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from xbarsim.maintenance.crossing import Found, first_found
from xbarsim.maintenance.life import Life
from xbarsim.maintenance.policy import Policy
from xbarsim.maintenance.schedule import PS_PER_S, Bout, Group

MOST_FOUND = 200  # rounds with corrections that are looked for in one span of ages


@dataclass(frozen=True)
class Entry:
    """A line of the log: layers that were written, how often and how far apart, and their distances before the first.

    at_s: the first time.
    """

    at_s: float
    layers: tuple[str, ...]
    distances: tuple[float | None, ...]
    times: int
    every_s: float


@dataclass
class Span:
    """From one age to the next. extrapolated: rounds that were told by the rate of those before."""

    bouts: list[Bout] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    extrapolated: int = 0

    def joined(self, later: Span) -> Span:
        """With what came after it."""
        bouts, log = [*self.bouts, *later.bouts], [*self.log, *later.log]
        return Span(bouts, log, self.extrapolated + later.extrapolated)


class Story:
    """The decisions of a policy over the life of one network.

    life: the network; without it only rounds that need no decision can be told. seed: of what probes find.
    """

    def __init__(self, policy: Policy, groups: Sequence[Group], life: Life | None, seed: int = 0):
        if policy.threshold is not None and life is None:
            raise ValueError("a threshold needs a network whose weights are known")
        self.policy, self.groups, self.life = policy, tuple(groups), life
        self.done = [0] * len(self.groups)  # rounds, by group
        self._rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(b"probing")))

    def until(self, age_ps: int) -> Span:
        """Go on to an age, that instant included."""
        span = Span()
        plain: list[tuple[int, Bout]] = []
        for number, group in enumerate(self.groups):
            end = group.rounds.number(age_ps)
            if self.policy.threshold is not None:
                self._found(span, number, end)
            elif end > self.done[number]:
                every_part = tuple(range(len(group.parts)))
                plain.append((number, self._bout(number, every_part, end - self.done[number])))
        for number, bout in sorted(plain, key=lambda one: (one[1].last_ps, one[0])):
            self._write(span, number, bout, (None,) * len(bout.written))
        return span

    def _bout(self, number: int, written: tuple[int, ...], times: int) -> Bout:
        """The next rounds of a group; they count as done."""
        rounds = self.groups[number].rounds
        first = self.done[number]
        self.done[number] += times
        return Bout(number, written, rounds.at_ps(first), times, rounds.period_ps)

    def _write(self, span: Span, number: int, bout: Bout, distances: tuple[float | None, ...]) -> None:
        parts = [self.groups[number].parts[index] for index in bout.written]
        span.bouts.append(bout)
        names = tuple(part.layer for part in parts)
        every_s = bout.period_ps / PS_PER_S
        span.log.append(Entry(bout.first_ps / PS_PER_S, names, distances, bout.times, every_s))
        if self.life is not None:
            for part in parts:
                self.life.correct(part.layer, part.blocks, bout.last_ps / PS_PER_S, bout.times, every_s)

    # --- with a threshold ------------------------------------------------------------------------

    def _found(self, span: Span, number: int, end: int) -> None:
        """The rounds of a group up to the number `end`, each decided on by what the probe says."""
        fired: Counter[tuple[int, ...]] = Counter()
        begin = self.done[number]
        while self.done[number] < end:
            if fired.total() == MOST_FOUND:
                self._extrapolate(span, number, end, fired, self.done[number] - begin)
                return
            found = self._first(number, end)
            quiet = (end if found is None else found.round) - self.done[number]
            if quiet:
                span.bouts.append(self._bout(number, (), quiet))
            if found is None:
                return
            written = tuple(sorted(found.distances))
            fired[written] += 1
            self._write(
                span, number, self._bout(number, written, 1), tuple(found.distances[part] for part in written)
            )

    def _first(self, number: int, end: int) -> Found | None:
        """The next round in which a layer is found too far; None: none before `end`."""
        life, group, limit = self.life, self.groups[number], self.policy.threshold
        assert life is not None and limit is not None

        def look(round_number: int) -> list[tuple[float, float]]:
            at_s = group.rounds.at_ps(round_number) / PS_PER_S
            return [life.outlook(part.layer, at_s) for part in group.parts]

        return first_found(look, self.done[number], end, limit, self._rng)

    def _extrapolate(
        self, span: Span, number: int, end: int, fired: Counter[tuple[int, ...]], seen: int
    ) -> None:
        """The rounds that are left, with corrections as often as so far, spread evenly."""
        left = end - self.done[number]
        span.extrapolated += left
        rounds = self.groups[number].rounds
        bouts = []
        for written, times in sorted(fired.items()):
            expected = min(round(left * times / seen), end - self.done[number])
            if not expected:
                continue
            every = left // expected
            begin = end - 1 - every // 2 - (expected - 1) * every  # the last one as long ago as on average
            bouts.append(Bout(number, written, rounds.at_ps(begin), expected, every * rounds.period_ps))
            self.done[number] += expected
        for bout in sorted(bouts, key=lambda one: one.last_ps):  # a layer may be in several
            self._write(span, number, bout, (None,) * len(bout.written))
        if self.done[number] < end:
            span.bouts.append(self._bout(number, (), end - self.done[number]))
