"""search: the best points of a design space without running all of them (ask and tell)."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, product
from pathlib import Path
from typing import Any

from xbarsim.errors import Problem, SpecError, XbarsimError
from xbarsim.study.asker import Asked, Asker, Sampler
from xbarsim.study.bounds import BEATEN, Hopeless, bounds_of, hopeless, may_tell
from xbarsim.study.columns import DONE
from xbarsim.study.design import Designed, at
from xbarsim.study.evaluate import Bench, Job
from xbarsim.study.explored import Explored, Outcome, Pruned, broken
from xbarsim.study.pareto import non_dominated, signed
from xbarsim.study.space import place_of
from xbarsim.study.store import Writer, writing
from xbarsim.study.study import Strategy, Study
from xbarsim.study.sweep import STORE, Counter, Tally, Watch
from xbarsim.study.warm import beginning, forget_beginning
from xbarsim.study.workers import Workers, working

BATCH = 8  # asked for at once, whatever the number of workers: the results must not depend on it
_ASKS = 4  # of the sampler, for each point that is wanted: it may well ask for what is known
_DRAWS = 200  # at random, for each point that is wanted, before the space counts as exhausted


@dataclass(frozen=True)
class Search:
    """How to search.

    points: how many to look at, beyond those that the store holds of this space when the search begins.
    sampler: "tpe" (Ozaki et al., "Multiobjective tree-structured Parzen estimator", JAIR 73 (2022) 1209), "nsga2"
    (Deb et al., IEEE Trans. Evolutionary Computation 6 (2002) 182) or "random". seed: of the sampler.
    prune: leave out points whose area or roof already says that they cannot be among the best.
    warm: begin with what the store holds. batch: points that are asked for at once.
    """

    points: int
    sampler: Sampler = "tpe"
    seed: int = 0
    prune: bool = True
    warm: bool = True
    batch: int = BATCH


@dataclass
class _Wanted:
    """A point that is to be run, and all who asked for it."""

    job: Job
    designed: Designed
    asked: list[Asked]


@dataclass
class _State:
    """What is known so far. rows, places and pruned: by address; places in the order in which they were asked for."""

    study: Study
    how: Search
    asker: Asker
    others: Iterator[Asked]
    bench: Bench = field(default_factory=Bench)
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    places: dict[str, Designed] = field(default_factory=dict)
    pruned: dict[str, tuple[Designed, Hopeless]] = field(default_factory=dict)


def search(
    study: Study,
    how: Search | int,
    store: str | Path = STORE,
    workers: int | str | None = None,
    watch: Watch | None = None,
) -> Explored:
    """Look at so many points of a study's space, each asked for in the light of those before.

    how: a Search, or its number of points; of a study with `for_each` they are shared out among the places of those
    axes, each of which is searched by itself. A search that was interrupted, asked for once more in the same words,
    takes the path that it would have taken; what it finds in the store is not run again.
    workers, watch: as for `sweep`.
    Raises: SpecError if the study has no goals, or the store or the workers cannot be used.
    """
    how = Search(how) if isinstance(how, int) else how
    if not study.goals:
        fix = "a search needs something to look for"
        raise SpecError([Problem(study.path, 0, "goals", "missing", "", fix)])
    states = [_state(part, one) for part, one in parts_of(study, how)]
    counted = Counter(study, Tally(how.points, 0), watch)
    with working(workers) as crew, writing(store) as writer:
        known = sum([_begin(state, writer) for state in states])
        for state in states:
            _go_on(state, writer, crew, counted)
        writer.enrol(study.name, [key for state in states for key in state.places])
        for state in states:
            forget_beginning(writer, state.study)
    places = [(state.rows[key], one) for state in states for key, one in state.places.items()]
    outcomes = tuple(Outcome(number, one.labels, row) for number, (row, one) in enumerate(places, 1))
    pruned = [gone for state in states for gone in state.pruned.values()]
    told = replace(study, strategy=Strategy("search", how.points, how.seed))
    ran, notes = counted.tally.done + counted.tally.failed, _notes(how, known, len(places), pruned)
    left_out = tuple(Pruned(one.labels, why.reason, why.by) for one, why in pruned)
    return Explored(told, outcomes, ran, str(writer.folder), notes, left_out)


def parts_of(study: Study, how: Search) -> list[tuple[Study, Search]]:
    """A search for each place of the `for_each` axes, each with its share of the points; the study itself without."""
    fixed = [axis for axis in study.axes if axis.name in study.for_each]
    parts = list(product(*(axis.options for axis in fixed)))
    found = []
    for number, options in enumerate(parts):
        taken = {axis.name: option for axis, option in zip(fixed, options, strict=True)}
        axes = tuple(replace(a, options=(taken[a.name],)) if a.name in taken else a for a in study.axes)
        name = ", ".join((study.name, *(f"{axis} {option.label}" for axis, option in taken.items())))
        points = how.points // len(parts) + (number < how.points % len(parts))
        found.append((replace(study, axes=axes, name=name), replace(how, points=points)))
    return found


def _state(study: Study, how: Search) -> _State:
    asker = Asker(study, how.sampler, how.seed)
    return _State(study, how, asker, asker.others())


def _begin(state: _State, writer: Writer) -> int:
    """Tell what the store holds of this space; how many points that is."""
    for params, designed, row in beginning(writer, state.study, state.how, state.bench):
        state.rows[row["key"]] = row
        state.places[row["key"]] = designed
        state.asker.tell(Asked(params), state.asker.of_row(row))
    return len(state.places)


def _go_on(state: _State, writer: Writer, crew: Workers, counted: Counter) -> None:
    """Batch by batch until so many points are looked at, or none is left."""
    stored, left = writer.keys(), state.how.points
    while left:
        batch = _batch(state, min(state.how.batch, left))
        if not batch:
            return
        found = writer.rows(key for key in batch if key in stored)
        for row in chain(found.values(), _ran(batch, found, writer, crew)):
            state.rows[row["key"]] = row
            counted.count(row, row["key"] not in found)
        for key, wanted in batch.items():
            state.places[key] = wanted.designed
            for asked in wanted.asked:
                state.asker.tell(asked, state.asker.of_row(state.rows[key]))
        left -= len(batch)


def _ran(
    batch: Mapping[str, _Wanted], found: Mapping[str, Any], writer: Writer, crew: Workers
) -> Iterator[Mapping[str, Any]]:
    for row in crew.rows(wanted.job for key, wanted in batch.items() if key not in found):
        writer.add([row])
        yield row


def _batch(state: _State, size: int) -> dict[str, _Wanted]:
    """New points, by address: those that the sampler asks for, and where it has no new ones, some at random."""
    batch: dict[str, _Wanted] = {}
    front = _front(state)
    asks = (state.asker.ask() for _ in range(_ASKS * size))
    for asked in chain(asks, islice(state.others, _DRAWS * size)):
        _look(state, asked, batch, front)
        if len(batch) == size:
            break
    return batch


def _look(state: _State, asked: Asked, batch: dict[str, _Wanted], front: list[list[float]]) -> None:
    """Into the batch, if it is new and not hopeless; else the sampler is told at once."""
    designed = at(state.study, place_of(state.study.axes, asked.params))
    job = state.bench.job(designed.point)
    if job.key in batch:
        batch[job.key].asked.append(asked)
    elif job.key in state.rows:
        if asked.trial is not None:
            state.asker.tell(asked, state.asker.of_row(state.rows[job.key]))
    elif (why := _hopeless(state, job, designed, front)) is not None:
        hoped = state.asker.hoped(why.hoped) if why.by == BEATEN else state.asker.beyond({why.by: why.excess})
        state.asker.tell(asked, hoped)
    else:
        batch[job.key] = _Wanted(job, designed, [asked])


def _hopeless(state: _State, job: Job, designed: Designed, front: list[list[float]]) -> Hopeless | None:
    if not state.how.prune or not may_tell(state.study):
        return None
    if job.key not in state.pruned:
        try:
            bounds = bounds_of(state.bench.chip(job.point), state.bench.work(job.point))
        except XbarsimError:
            return None  # it fails when it is run, and is kept with its error
        why = hopeless(bounds, state.study, front)
        if why is None:
            return None
        state.pruned[job.key] = designed, why
    return state.pruned[job.key][1]


def _front(state: _State) -> list[list[float]]:
    """Figures of the best points so far, by goal."""
    goals, constraints = state.study.goals, state.study.constraints
    rows = [row for row in state.rows.values() if row["status"] == DONE and not broken(row, constraints)]
    if not rows:
        return []
    figures = [[row[goal.figure] for goal in goals] for row in rows]
    return [one for one, best in zip(figures, non_dominated(signed(figures, goals)), strict=True) if best]


def _notes(
    how: Search, known: int, places: int, pruned: Sequence[tuple[Designed, Hopeless]]
) -> tuple[str, ...]:
    notes = [f"searched by Optuna's sampler '{how.sampler}', {how.batch} points at a time, seed {how.seed}"]
    if known:
        notes.append(f"{known:,} points of this space were in the store, and were where the search began")
    if places - known < how.points:
        looked = places - known
        notes.append(f"{how.points:,} points were asked for; beyond these {looked:,} the space has no more")
    if pruned:
        by = Counts(why.by for _, why in pruned)
        told = ", ".join(
            _WHY.get(name, f"{name} beyond its bound") + f": {n:,}" for name, n in by.most_common()
        )
        notes.append(
            f"{len(pruned):,} points were not simulated, for cheap bounds spoke against them ({told})"
        )
    return tuple(notes)


_WHY = {BEATEN: "beaten by a known point even at their best"}
