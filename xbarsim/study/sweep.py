"""sweep: every point of a study that is not in the store yet, run and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from xbarsim.errors import Problem, SpecError
from xbarsim.study.columns import DONE
from xbarsim.study.design import Designed, design
from xbarsim.study.evaluate import Bench, Job
from xbarsim.study.explored import Explored, Outcome, broken
from xbarsim.study.store import Writer, writing
from xbarsim.study.study import Study
from xbarsim.study.workers import Workers, working

STORE = Path("runs") / "store"  # of all studies, if nobody says where


@dataclass(frozen=True)
class Tally:
    """How far a study is.

    known: points that were in the store; done, failed: of those that were run; best: the row that is the best in
    the first goal, of those that keep the constraints.
    """

    total: int
    known: int
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    best: Mapping[str, Any] | None = None

    @property
    def left(self) -> int:
        return self.total - self.known - self.done - self.failed

    @property
    def per_s(self) -> float:
        return (self.done + self.failed) / self.seconds if self.seconds else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until the end, at the rate so far; None before there is one."""
        return self.left / self.per_s if self.per_s else None


Watch = Callable[[Tally], None]


def sweep(
    study: Study,
    store: str | Path = STORE,
    workers: int | str | None = None,
    watch: Watch | None = None,
    retry_failed: bool = False,
) -> Explored:
    """Run the points of a study that the store does not hold yet.

    workers: processes, as many as this process has cores, if None; or the address of a Dask scheduler. The results
    do not depend on it. watch: told a Tally behind each point. retry_failed: run those that failed once more.
    Raises: SpecError if the store or the workers cannot be used.
    """
    if study.strategy.kind == "search":
        found, fix = "'search' asks for its points one by one", "run `xbarsim search`, or choose another kind"
        raise SpecError([Problem(study.path, 0, "strategy", found, "", fix)])
    return run_all(study, design(study), store, workers, watch, retry_failed)


def run_all(
    study: Study,
    designed: Sequence[Designed],
    store: str | Path = STORE,
    workers: int | str | None = None,
    watch: Watch | None = None,
    retry_failed: bool = False,
) -> Explored:
    """Run these points of a study that the store does not hold yet; parameters as of `sweep`."""
    bench = Bench()
    jobs = [bench.job(one.point) for one in designed]
    with working(workers) as crew, writing(store) as writer:
        writer.enrol(study.name, [job.key for job in jobs])
        ran = _run(study, jobs, writer, crew, watch, retry_failed)
    rows = writer.rows(job.key for job in jobs)
    outcomes = tuple(
        Outcome(number, one.labels, rows[job.key])
        for number, (one, job) in enumerate(zip(designed, jobs, strict=True), 1)
    )
    return Explored(study, outcomes, ran, str(writer.folder))


def _run(
    study: Study, jobs: Sequence[Job], writer: Writer, crew: Workers, watch: Watch | None, retry: bool
) -> int:
    if retry:
        writer.forget(
            {key for key, row in writer.rows(job.key for job in jobs).items() if row["status"] != DONE}
        )
    known = writer.keys()
    wanted = {job.key: job for job in jobs}
    fresh = [job for key, job in wanted.items() if key not in known]
    counted = Counter(study, Tally(len(wanted), len(wanted) - len(fresh)), watch)
    for row in crew.rows(fresh):
        writer.add([row])
        counted.count(row)
    return len(fresh)


class Counter:
    """Keeps the tally of a study and tells it on."""

    def __init__(self, study: Study, tally: Tally, watch: Watch | None):
        self.study, self.tally, self.watch = study, tally, watch
        self.began_s = monotonic()
        self._tell()

    def count(self, row: Mapping[str, Any], ran: bool = True) -> None:
        """One more point; ran: not found in the store."""
        done, tally = row["status"] == DONE, self.tally
        self.tally = replace(
            tally,
            known=tally.known + (not ran),
            done=tally.done + (ran and done),
            failed=tally.failed + (ran and not done),
            seconds=monotonic() - self.began_s,
            best=self._better(row) if done else tally.best,
        )
        self._tell()

    def _tell(self) -> None:
        if self.watch is not None:
            self.watch(self.tally)

    def _better(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        best, goals = self.tally.best, self.study.goals
        if not goals or row[goals[0].figure] is None or broken(row, self.study.constraints):
            return best
        goal = goals[0]
        worse = best is not None and goal.sign * row[goal.figure] >= goal.sign * best[goal.figure]
        return best if worse else row
