"""One life under one policy: decisions in years, windows in picoseconds, strung together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from xbarsim.maintenance.life import Life
from xbarsim.maintenance.policy import Policy
from xbarsim.maintenance.schedule import PS_PER_S, Bout, Group, Part, Rounds, groups
from xbarsim.maintenance.story import Entry, Span, Story
from xbarsim.scenario.bench import Progress
from xbarsim.scenario.lifetime_energy import Costs, Jobs, added
from xbarsim.scenario.lifetime_latency import Sample, tail
from xbarsim.scenario.lifetime_load import Load
from xbarsim.scenario.lifetime_result import AgeRow
from xbarsim.scenario.lifetime_run import LifetimeBench, Stretch
from xbarsim.scenario.lifetime_sample import Sampler
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.scenario.upkeep import Turn

COMPENSATING = -1  # the group of turns that measure drift compensation
_CROWDED = 0.5  # share of the time that windows may fill, for turns to be told apart
_IN_A_ROW = 20_000  # requests simulated of a span in which they are not


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

    def due(self, until_ps: int | None = None) -> list[tuple[int, Turn]]:
        """Every turn at its time, in their order."""
        limit = self.end_ps if until_ps is None else until_ps
        every = [(due, turn) for turn, bout in self.turns for due in _up_to(bout, limit)]
        return sorted(every, key=lambda one: one[0])


@dataclass
class PolicyRun:
    """A policy, lived through. lives: networks whose cells are simulated; the first one's decisions are the chip's."""

    bench: LifetimeBench
    policy: Policy
    scenario: Lifetime
    load: Load
    lives: Sequence[Life]
    parts: tuple[Part, ...]
    by_tile: tuple[Part, ...]
    probes: dict[str, int]  # vectors of the monitor's probe, by matrix
    rows: dict[str, int]  # inputs of each matrix: vectors by which compensation is measured
    log: list[Entry] = field(default_factory=list)
    extrapolated: int = 0
    crowded: bool = False
    settled: bool = True
    stints: list[Stint] = field(default_factory=list)
    accuracies: list[tuple[float, ...]] = field(default_factory=list)
    wear: list[tuple[float, float, int, float] | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.groups: tuple[Group, ...] = groups(self.policy, self.parts, self.by_tile)
        self.in_lines = self.policy.priority != "upkeep first"
        self.turns: dict[tuple[int, tuple[int, ...]], Turn] = {}
        sampled = self.scenario.windows, self.scenario.requests
        self.sampler = Sampler(self.bench, self.load, self.policy.priority, *sampled)

    def live(self, ages_ps: Sequence[int], progress: Progress | None) -> None:
        """Through all ages; then what happened between them."""
        stories = [Story(self.policy, self.groups, life) for life in self.lives]
        stories = stories or [Story(self.policy, self.groups, None)]
        start_ps = 0
        for number, age_ps in enumerate(ages_ps):
            spans = [story.until(age_ps) for story in stories]
            self._note(spans[0], start_ps, age_ps)
            self.accuracies.append(tuple(life.accuracy(age_ps / PS_PER_S) for life in self.lives))
            self.wear.append(self._worn(age_ps))
            start_ps = age_ps
            if progress is not None:
                progress(number + 1, len(ages_ps))
        if self.scenario.jump:
            for stint in self.stints:
                self._sample(stint)
        else:
            self._run_through()

    def _note(self, span: Span, start_ps: int, end_ps: int) -> None:
        bouts = [*span.bouts, *self._compensation(start_ps, end_ps)]
        turns = [(self._turn(bout), bout) for bout in bouts]
        stream, requests = self.load.stream_at(start_ps), self.load.requests(start_ps, end_ps)
        self.stints.append(Stint(start_ps, end_ps, stream, requests, turns))
        self.log += span.log
        self.extrapolated += span.extrapolated

    def _worn(self, age_ps: int) -> tuple[float, float, int, float] | None:
        if not self.lives:
            return None
        life, writes = self.lives[0], self.lives[0].writes()
        return life.stuck(), float(writes.mean()), int(writes.max()), life.oldest_s(age_ps / PS_PER_S)

    # --- turns ---------------------------------------------------------------------------------

    def _compensation(self, start_ps: int, end_ps: int) -> list[Bout]:
        if self.policy.compensate_every_s is None:
            return []
        rounds = Rounds.of(self.policy.compensate_every_s)
        before, until = rounds.number(start_ps), rounds.number(end_ps)
        if until == before:
            return []
        return [Bout(COMPENSATING, (), rounds.at_ps(before), until - before, rounds.period_ps)]

    def _turn(self, bout: Bout) -> Turn:
        """What is begun; equal turns are one."""
        key = (bout.group, bout.written)
        if key not in self.turns:
            self.turns[key] = self._made(bout)
        return self.turns[key]

    def _made(self, bout: Bout) -> Turn:
        upkeep = self.bench.upkeep
        if bout.group == COMPENSATING:
            return upkeep.turn(dict.fromkeys(self.rows, False), self.rows, self.in_lines)
        parts = self.groups[bout.group].parts
        written = {part.layer: number in bout.written for number, part in enumerate(parts)}
        vectors = self.probes if self.policy.threshold is not None else {}
        return upkeep.turn(written, vectors, self.in_lines, parts[0].tile)

    # --- what is simulated -----------------------------------------------------------------------

    def _sample(self, stint: Stint) -> None:
        """Windows around some turns of each kind, and requests in between; where turns crowd, some time in a row."""
        around = {}
        for turn in stint.counts:
            due_ps = [
                due for one, bout in stint.turns if one is turn for due in _first(bout, self.scenario.windows)
            ]
            around[turn] = self.sampler.around(stint.stream, turn, sorted(due_ps))
        self.settled &= all(one.settled for one in around.values())
        filled_ps = sum(times * around[turn].calm_ps for turn, times in stint.counts.items())
        if around and filled_ps > _CROWDED * (stint.end_ps - stint.start_ps):
            self._sample_in_a_row(stint)
            return
        met = [
            Sample(around[turn].latency_ps, times * around[turn].met) for turn, times in stint.counts.items()
        ]
        others = max(0.0, stint.requests - sum(one.requests for one in met))
        quiet = self.sampler.quiet(stint.stream)
        stint.samples, stint.affected = [*met, Sample(quiet.latency_ps, others)], met

    def _sample_in_a_row(self, stint: Stint) -> None:
        self.crowded = True
        rate = stint.requests / (stint.end_ps - stint.start_ps)
        end_ps = min(stint.end_ps, stint.start_ps + round(_IN_A_ROW / rate) if rate else stint.end_ps)
        stretch = self.bench.through(
            self.load, stint.due(end_ps), self.policy.priority, stint.start_ps, end_ps
        )
        share = stint.requests / max(1, len(stretch.latency_ps))
        stint.samples = [Sample(stretch.latency_ps, stint.requests)]
        met = _met(stretch)
        stint.affected = [Sample(met, len(met) * share)]

    def _run_through(self) -> None:
        """All of it as events."""
        due = [one for stint in self.stints for one in stint.due()]
        end_ps = self.stints[-1].end_ps
        self.whole: Stretch = self.bench.through(self.load, due, self.policy.priority, 0, end_ps)
        for stint in self.stints:
            came = self.whole.arrived_ps
            inside = (came >= stint.start_ps) & (came < stint.end_ps)
            stint.requests = int(inside.sum())
            stint.samples = [Sample(self.whole.latency_ps[inside], stint.requests)]
            met = _met(self.whole, inside)
            stint.affected = [Sample(met, len(met))]

    # --- what comes out --------------------------------------------------------------------------

    @cached_property
    def _one_turn(self) -> dict[Turn, Stretch]:
        return {turn: self.bench.one_turn(turn) for turn in self.turns.values()}

    @cached_property
    def _one_request(self) -> Jobs:
        return self.bench.one_request().jobs

    def jobs(self, stints: Sequence[Stint]) -> Jobs:
        """Of some spans: each request and each turn of a kind does the same as the next."""
        parts = [(stint.requests, self._one_request) for stint in stints]
        parts += [(n, self._one_turn[turn].jobs) for stint in stints for turn, n in stint.counts.items()]
        return added(parts)

    def lost(self, stints: Sequence[Stint]) -> float:
        """Share of the time in which turns keep the chip from computing."""
        turns = sum((stint.counts for stint in stints), Counter[Turn]())
        lost_ps = sum(n * self._one_turn[turn].elapsed_ps for turn, n in turns.items())
        return min(1.0, lost_ps / sum(stint.end_ps - stint.start_ps for stint in stints))

    @property
    def turn_ps(self) -> int:
        return max((stretch.elapsed_ps for stretch in self._one_turn.values()), default=0)

    def age_rows(self, costs: Costs) -> tuple[AgeRow, ...]:
        return tuple(
            self._age_row(costs, stint, accuracies, wear)
            for stint, accuracies, wear in zip(self.stints, self.accuracies, self.wear, strict=True)
        )

    def _age_row(
        self,
        costs: Costs,
        stint: Stint,
        accuracies: tuple[float, ...],
        wear: tuple[float, float, int, float] | None,
    ) -> AgeRow:
        spent = costs.spent(self.jobs([stint]), stint.end_ps - stint.start_ps)
        stuck, writes, most, oldest_s = wear or (None, None, None, None)
        counts = stint.counts
        return AgeRow(
            stint.end_ps / PS_PER_S, accuracies, stuck, writes, most, oldest_s, stint.requests, counts.total(),
            sum(n * len(turn.corrected) for turn, n in counts.items()),
            sum(n * turn.probes for turn, n in counts.items()),
            tail(stint.samples, stint.requests), tail(stint.affected, stand_for(stint.affected)),
            self.lost([stint]),
            spent.inference_pj, spent.correcting_pj, spent.probing_pj, spent.static_pj,
        )  # fmt: skip


def stand_for(samples: Sequence[Sample]) -> int:
    return round(sum(one.requests for one in samples))


def _up_to(bout: Bout, end_ps: int) -> list[int]:
    number = (end_ps - bout.first_ps) // bout.period_ps + 1 if end_ps >= bout.first_ps else 0
    return [bout.first_ps + k * bout.period_ps for k in range(min(bout.times, max(0, number)))]


def _first(bout: Bout, most: int) -> list[int]:
    """Times of at most so many of its turns, spread over it."""
    chosen = np.unique(np.linspace(0, bout.times - 1, min(most, bout.times)).astype(int))
    return [bout.first_ps + int(k) * bout.period_ps for k in chosen]


def _met(stretch: Stretch, inside: np.ndarray | None = None) -> np.ndarray:
    """Latencies of the requests that were inside while a turn was at work, or came into its wake."""
    came, went = stretch.arrived_ps, stretch.arrived_ps + stretch.latency_ps
    met = np.zeros(len(came), dtype=bool)
    for begun_ps, _, calm_ps in stretch.turns:
        met |= (went > begun_ps) & (came <= calm_ps)
    return stretch.latency_ps[met if inside is None else met & inside]
