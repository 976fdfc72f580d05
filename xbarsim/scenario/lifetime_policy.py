"""One life under one policy: decisions in years, windows in picoseconds, strung together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xbarsim.maintenance.life import Life
from xbarsim.maintenance.policy import Policy
from xbarsim.maintenance.schedule import PS_PER_S, Bout, Group, Part, Rounds, groups
from xbarsim.maintenance.story import Entry, Span, Story
from xbarsim.scenario.bench import Progress
from xbarsim.scenario.lifetime_energy import Costs, Jobs, added
from xbarsim.scenario.lifetime_latency import Sample, stand_for, tail
from xbarsim.scenario.lifetime_load import Load
from xbarsim.scenario.lifetime_result import AgeRow
from xbarsim.scenario.lifetime_run import LifetimeBench, Stretch
from xbarsim.scenario.lifetime_sample import Around, Sampler
from xbarsim.scenario.lifetime_spec import MOST_PS, Lifetime
from xbarsim.scenario.lifetime_stint import Stint, Worn, first_times
from xbarsim.scenario.upkeep import Turn

Writes = NDArray[np.int64]

COMPENSATING = -1  # the group of turns that measure drift compensation
_CROWDED = 0.5  # share of the time that windows may fill, for turns to be told apart
_IN_A_ROW = 20_000  # requests simulated of a span in which they are not
_TASKS_IN_A_ROW = 400_000  # and tasks of upkeep


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
    wear: list[Worn | None] = field(default_factory=list)
    writes: list[Writes] = field(default_factory=list)  # of every cell, at the last age and the one before

    def __post_init__(self) -> None:
        self.groups: tuple[Group, ...] = groups(self.policy, self.parts, self.by_tile)
        self.in_lines = self.policy.priority != "upkeep first"
        self.turns: dict[tuple[int, tuple[int, ...]], Turn] = {}
        sampled = self.scenario.windows, self.scenario.requests
        self.sampler = Sampler(self.bench, self.load, self.policy.priority, *sampled)

    def live(self, ages_ps: Sequence[int], progress: Progress | None) -> None:
        """Through all ages; then what happened between them."""
        stories = self._stories()
        start_ps = 0
        if self.lives:
            self.writes.append(self.lives[0].writes())
        for number, age_ps in enumerate(ages_ps):
            # What is due at this very instant comes after the look: cells are seen as old as they get.
            before = [story.until(age_ps - 1) for story in stories]
            oldest_s = self.lives[0].oldest_s(age_ps / PS_PER_S) if self.lives else 0.0
            self.accuracies.append(tuple(life.accuracy(age_ps / PS_PER_S) for life in self.lives))
            then = [story.until(age_ps) for story in stories]
            self._note(before[0].joined(then[0]), start_ps, age_ps)
            self.wear.append(self._worn(oldest_s))
            start_ps = age_ps
            if progress is not None:
                progress(number + 1, len(ages_ps))
        if self.scenario.jump:
            for stint in self.stints:
                self._sample(stint)
        else:
            self._run_through()

    def _stories(self) -> list[Story]:
        """Of each network; without any, of what needs no decision."""
        seeds = range(self.scenario.seed, self.scenario.seed + len(self.lives))
        stories = [
            Story(self.policy, self.groups, life, seed) for life, seed in zip(self.lives, seeds, strict=True)
        ]
        return stories or [Story(self.policy, self.groups, None)]

    def _note(self, span: Span, start_ps: int, end_ps: int) -> None:
        bouts = [*span.bouts, *self._compensation(start_ps, end_ps)]
        turns = [(self._turn(bout), bout) for bout in bouts]
        stream, requests = self.load.stream_at(start_ps), self.load.requests(start_ps, end_ps)
        self.stints.append(Stint(start_ps, end_ps, stream, requests, turns))
        self.log += span.log
        self.extrapolated += span.extrapolated

    def _worn(self, oldest_s: float) -> Worn | None:
        if not self.lives:
            return None
        writes = self.lives[0].writes()
        self.writes = [self.writes[-1], writes]
        return Worn(self.lives[0].stuck(), float(writes.mean()), int(writes.max()), oldest_s)

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
            return upkeep.turn(dict.fromkeys(self.rows, False), self.rows, {}, self.in_lines)
        parts = self.groups[bout.group].parts
        written = {part.layer: number in bout.written for number, part in enumerate(parts)}
        return upkeep.turn(written, self._before, self._after, self.in_lines, parts[0].tile)

    @property
    def _before(self) -> dict[str, int]:
        """Vectors by which the monitor looks at each matrix before it decides."""
        return self.probes if self.policy.threshold is not None else {}

    @property
    def _after(self) -> dict[str, int]:
        """Vectors by which a matrix is measured once it is written: what later answers are compared with."""
        compensating = self.policy.compensate_every_s is not None
        return {
            matrix: self._before.get(matrix, 0) + (rows if compensating else 0)
            for matrix, rows in self.rows.items()
        }

    # --- what is simulated -----------------------------------------------------------------------

    def _sample(self, stint: Stint) -> None:
        """Windows around some turns of each kind, and requests in between; where turns crowd, some time in a row.
        Where turns or requests pile up without end, latency has no meaning, and nothing is simulated."""
        if self.lost([stint]) >= 1:
            return
        around = {turn: self._around(stint, turn) for turn in stint.counts}
        if not all(one.settled for one in around.values()):
            self.settled = False
            return
        filled_ps = sum(times * around[turn].calm_ps for turn, times in stint.counts.items())
        if around and filled_ps > _CROWDED * (stint.end_ps - stint.start_ps):
            self._sample_in_a_row(stint)
            return
        is_last = stint is self.stints[-1]
        times = stint.due_before_end if is_last else stint.counts
        met = [one.sample(times[turn]) for turn, one in around.items()]
        # Wakes that reach beyond the end of a short span may meet more requests than come in it.
        share = min(1.0, stint.requests / max(1.0, sum(one.requests for one in met)))
        stint.affected = [Sample(one.latency_ps, share * one.requests) for one in met]
        others = max(0.0, stint.requests - sum(one.requests for one in met))
        stint.samples = [*stint.affected, Sample(self.sampler.quiet(stint.stream).latency_ps, others)]

    def _around(self, stint: Stint, turn: Turn) -> Around:
        most = self.scenario.windows
        due_ps = [due for one, bout in stint.turns if one is turn for due in first_times(bout, most)]
        return self.sampler.around(stint.stream, turn, sorted(due_ps))

    def _sample_in_a_row(self, stint: Stint) -> None:
        self.crowded = True
        span_ps = stint.end_ps - stint.start_ps
        tasks = sum(times * turn.tasks for turn, times in stint.counts.items())
        share = min(1.0, _IN_A_ROW / max(1, stint.requests), _TASKS_IN_A_ROW / tasks, MOST_PS / span_ps)
        end_ps = stint.start_ps + max(1, round(share * span_ps))
        stretch = self.bench.through(
            self.load, stint.due(end_ps), self.policy.priority, stint.start_ps, end_ps
        )
        met = _met(stretch)
        each = stint.requests / max(1, len(stretch.latency_ps))
        stint.samples, stint.affected = (
            [Sample(stretch.latency_ps, stint.requests)],
            [Sample(met, len(met) * each)],
        )

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
        wear: Worn | None,
    ) -> AgeRow:
        spent = costs.spent(self.jobs([stint]), stint.end_ps - stint.start_ps)
        cells = (None,) * 4 if wear is None else (wear.stuck, wear.writes, wear.most_writes, wear.oldest_s)
        counts = stint.counts
        return AgeRow(
            stint.end_ps / PS_PER_S, accuracies, *cells, stint.requests, counts.total(),
            sum(n * len(turn.corrected) for turn, n in counts.items()),
            sum(n * turn.probes for turn, n in counts.items()),
            tail(stint.samples, stint.requests), tail(stint.affected, stand_for(stint.affected)),
            self.lost([stint]),
            spent.inference_pj, spent.correcting_pj, spent.probing_pj, spent.static_pj,
        )  # fmt: skip


def _met(stretch: Stretch, inside: np.ndarray | None = None) -> np.ndarray:
    """Latencies of the requests that were inside while a turn was at work, or came into its wake."""
    came, went = stretch.arrived_ps, stretch.arrived_ps + stretch.latency_ps
    met = np.zeros(len(came), dtype=bool)
    for begun_ps, _, calm_ps in stretch.turns:
        met |= (went > begun_ps) & (came <= calm_ps)
    return stretch.latency_ps[met if inside is None else met & inside]
