"""search: the best points of a design space without running all of them (ask and tell, by Optuna's samplers)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from xbarsim.errors import Problem, SpecError, XbarsimError
from xbarsim.study.bounds import bounds_of, hopeless
from xbarsim.study.columns import DONE
from xbarsim.study.design import Designed, at
from xbarsim.study.evaluate import Bench, Job, code_version
from xbarsim.study.explored import Explored, Outcome, Pruned, broken
from xbarsim.study.pareto import non_dominated, signed
from xbarsim.study.space import distributions, params_of, place_of
from xbarsim.study.store import Writer, writing
from xbarsim.study.study import Strategy, Study
from xbarsim.study.sweep import STORE, Counter, Tally, Watch
from xbarsim.study.workers import cores, rows_of

Sampler = Literal["tpe", "nsga2", "random"]
BATCH = 8  # asked for at once, whatever the number of workers: the results must not depend on it
_BARREN = 30  # batches without a new point: there are hardly any left


@dataclass
class _Search:
    """What is known so far."""

    study: Study
    bench: Bench
    asker: optuna.Study
    prune: bool
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    places: dict[str, Designed] = field(default_factory=dict)  # in the order in which they were asked for
    pruned: dict[str, Pruned] = field(default_factory=dict)


def search(
    study: Study,
    points: int,
    store: str | Path = STORE,
    workers: int | None = None,
    watch: Watch | None = None,
    sampler: Sampler = "tpe",
    seed: int = 0,
    prune: bool = True,
    warm: bool = True,
) -> Explored:
    """Run so many points of a study's space, each asked for in the light of those before.

    points: to be run, beyond what the store holds. sampler: "tpe" (Ozaki et al., "Multiobjective tree-structured
    Parzen estimator", JAIR 73 (2022)), "nsga2" (Deb et al., IEEE Trans. Evolutionary Computation 6 (2002) 182) or
    "random". prune: leave out points whose area or roof already says that they cannot be among the best; they are
    told, with the reason. warm: begin with the points of this space that the store holds.
    Raises: SpecError if the study has no goals, or the store cannot be used.
    """
    if not study.goals:
        raise SpecError(
            [Problem(study.path, 0, "goals", "missing", "", "a search needs something to look for")]
        )
    told = _Search(study, Bench(), _asker(study, sampler, seed), prune)
    counted = Counter(study, Tally(points, 0), watch)
    with writing(store) as writer:
        known = _warm(told, writer) if warm else 0
        _go_on(told, writer, points, workers or cores(), counted)
        writer.enrol(study.name, list(told.places))
    outcomes = tuple(
        Outcome(number, one.labels, told.rows[key])
        for number, (key, one) in enumerate(told.places.items(), 1)
    )
    ran = counted.tally.done + counted.tally.failed
    asked = replace(study, strategy=Strategy("search", points, seed))
    notes = _notes(told, sampler, known)
    return Explored(asked, outcomes, ran, str(writer.folder), notes, tuple(told.pruned.values()))


def _go_on(told: _Search, writer: Writer, points: int, workers: int, counted: Counter) -> None:
    """Batch by batch until so many points are run, or nothing new is asked for any more."""
    ran = barren = 0
    while ran < points and barren < _BARREN:
        batch = _batch(told, writer, min(BATCH, points - ran))
        fresh = {job.key: job for _, job, _ in batch if job.key not in told.rows}
        for row in rows_of(fresh.values(), min(workers, max(1, len(fresh)))):
            writer.add([row])
            told.rows[row["key"]] = row
            counted.count(row)
        for trial, job, designed in batch:
            told.places.setdefault(job.key, designed)
            _tell(told, trial, told.rows[job.key])
        ran += len(fresh)
        barren = 0 if fresh else barren + 1


def _batch(told: _Search, writer: Writer, size: int) -> list[tuple[Trial, Job, Designed]]:
    """Points that are asked for, without those that need not be run."""
    batch = []
    front = _front(told)
    for _ in range(size):
        trial = told.asker.ask(distributions(told.study.axes))
        designed = at(told.study, place_of(told.study.axes, trial.params))
        job = told.bench.job(designed.point)
        if job.key not in told.rows:
            told.rows |= writer.rows([job.key])
        reason = _hopeless(told, job, front) if told.prune and job.key not in told.rows else ""
        if reason:
            told.pruned[job.key] = Pruned(designed.labels, reason)
            told.asker.tell(trial, state=TrialState.FAIL)
            continue
        batch.append((trial, job, designed))
    return batch


def _hopeless(told: _Search, job: Job, front: Sequence[Sequence[float]]) -> str:
    if job.key in told.pruned:
        return told.pruned[job.key].reason
    try:
        bounds = bounds_of(told.bench.chip(job.point), told.bench.work(job.point))
    except XbarsimError:
        return ""  # it fails when it is run, and is kept with its error
    return hopeless(bounds, told.study.constraints, told.study.goals, front)


def _front(told: _Search) -> list[list[float]]:
    """Figures of the best points so far."""
    goals, constraints = told.study.goals, told.study.constraints
    rows = [row for row in told.rows.values() if row["status"] == DONE and not broken(row, constraints)]
    if not rows:
        return []
    figures = [[row[goal.figure] for goal in goals] for row in rows]
    return [one for one, best in zip(figures, non_dominated(signed(figures, goals)), strict=True) if best]


def _tell(told: _Search, trial: Trial, row: Mapping[str, Any]) -> None:
    values, excess = _told_values(told.study, row)
    if values is None:
        told.asker.tell(trial, state=TrialState.FAIL)
        return
    trial.set_user_attr("excess", excess)
    told.asker.tell(trial, values)


def _told_values(study: Study, row: Mapping[str, Any]) -> tuple[list[float] | None, list[float]]:
    """Goals, less being better (None where a point failed or a figure is unknown), and how far beyond each bound."""
    values = [row[goal.figure] for goal in study.goals]
    bounded = [row[bound.figure] for bound in study.constraints]
    if row["status"] != DONE or any(value is None for value in (*values, *bounded)):
        return None, []
    excess = [bound.excess(value) for bound, value in zip(study.constraints, bounded, strict=True)]
    return [goal.sign * value for goal, value in zip(study.goals, values, strict=True)], excess


def _asker(study: Study, sampler: Sampler, seed: int) -> optuna.Study:
    """An Optuna study in memory: the store is what lasts."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what Optuna may change one day
        bounded: Any = {"constraints_func": _excess} if study.constraints else {}
        samplers: dict[str, Any] = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed, constant_liar=True, **bounded),
            "nsga2": lambda: optuna.samplers.NSGAIISampler(population_size=2 * BATCH, seed=seed, **bounded),
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        }
        directions = ["minimize"] * len(study.goals)
        return optuna.create_study(sampler=samplers[sampler](), directions=directions)


def _excess(trial: FrozenTrial) -> list[float]:
    return list(trial.user_attrs["excess"])


def _warm(told: _Search, writer: Writer) -> int:
    """Tell what the store holds of this space already; how many points that is."""
    count = 0
    for designed, params, row in _known(told, writer):
        key = row["key"]
        told.rows[key] = row
        told.places[key] = designed
        values, excess = _told_values(told.study, row)
        if values is not None:
            space = distributions(told.study.axes)
            attrs = {"excess": excess}
            told.asker.add_trial(
                optuna.trial.create_trial(params=params, distributions=space, values=values, user_attrs=attrs)
            )
        count += 1
    return count


def _known(told: _Search, writer: Writer) -> Iterator[tuple[Designed, dict[str, Any], Mapping[str, Any]]]:
    """Rows of the store that are points of this space: those whose settings lead back to their own address."""
    rows = sorted(writer.all_rows(code_version()), key=lambda row: str(row["key"]))
    for row in rows:
        params = params_of(told.study.axes, row["settings"])
        if params is None:
            continue
        designed = at(told.study, place_of(told.study.axes, params))
        if told.bench.job(designed.point).key == row["key"]:
            yield designed, params, row


def _notes(told: _Search, sampler: str, known: int) -> tuple[str, ...]:
    notes = [f"searched by Optuna's sampler '{sampler}', {BATCH} points at a time"]
    if known:
        notes.append(f"{known:,} points of this space were in the store, and were where the search began")
    if told.pruned:
        notes.append(
            f"{len(told.pruned):,} points were not simulated: their area, or the roof of their arrays, already says "
            "that they cannot be among the best"
        )
    return tuple(notes)
