"""Points on a Dask cluster, given the address of its scheduler. The only importer of dask.distributed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from xbarsim.errors import DataError, Problem, SimulationError, SpecError, one_line
from xbarsim.study.evaluate import Bench, Job, code_version, told_row
from xbarsim.study.journal import Row
from xbarsim.study.point import Point

try:
    from distributed import Client, as_completed
    from distributed.scheduler import KilledWorker
except ImportError:
    raise DataError("dask.distributed is not installed; pip install 'xbarsim[cluster]'") from None

_AHEAD = 4  # points for each thread of the cluster: enough that none waits, few enough to be handed out late
_PATIENCE_S = 30  # for the scheduler, and for the first worker
_warm = threading.local()


class Cluster:
    """The workers of a scheduler. Dask gives a point whose worker ended to another one; the fourth such end fails it.

    Every worker must have the same xbarsim, and see the study's files under the same paths.
    Raises: SpecError if nobody is at the address, or a worker has another xbarsim.
    """

    def __init__(self, address: str, patience_s: float = _PATIENCE_S):
        self.address = address
        try:
            self.client: Any = Client(address, timeout=patience_s, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError, TimeoutError) as error:
            fix = "start one with `dask scheduler`, and give the address that it prints"
            raise self._refused(f"no scheduler answers ({one_line(str(error))})", fix) from None
        try:
            self._demand_workers(patience_s)
        except BaseException:
            self.close()
            raise

    def rows(self, jobs: Iterable[Job]) -> Iterator[Row]:
        """As they are finished; no more points are handed out at a time than the cluster can take."""
        left, bench = iter(jobs), Bench()
        running: dict[Any, Job] = {}
        done: Any = as_completed(loop=self.client.loop)  # type: ignore[no-untyped-call]
        while True:
            while len(running) < _AHEAD * self._threads():
                job = next(left, None)
                if job is None:
                    break
                future = self.client.submit(run_point, _rooted(job), pure=False)
                running[future] = job
                done.add(future)
            if not running:
                return
            future = next(done)
            yield self._row(future, running.pop(future), bench)

    def close(self) -> None:
        """The cluster itself stays as it is."""
        self.client.close()

    def _row(self, future: Any, job: Job, bench: Bench) -> Row:
        try:
            row: Row = future.result()
            return row
        except KilledWorker:
            why = "every worker that was given it ended; out of memory?"
        except Exception as error:  # of the cluster: what goes wrong with a point stands in its row
            why = f"{type(error).__name__}: {one_line(str(error))}"
        finally:
            future.release()

        def lost() -> Any:
            raise SimulationError(why)

        return told_row(job, bench.names(job.point), lost)

    def _threads(self) -> int:
        """Workers come and go."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return max(1, sum(int(worker["nthreads"]) for worker in workers.values()))

    def _demand_workers(self, patience_s: float) -> None:
        try:
            self.client.wait_for_workers(1, timeout=patience_s)
        except TimeoutError:
            raise self._refused("no worker has come", "start some with `dask worker ADDRESS`") from None
        own = code_version()
        for worker, version in self.client.run(code_version).items():
            if version != own:
                found = f"the worker at {worker} has xbarsim {version}, here it is {own}"
                raise self._refused(found, "install the same on both, and start the workers anew")

    def _refused(self, found: str, fix: str) -> SpecError:
        return SpecError([Problem(f"--workers {self.address}", 0, "", found, "", fix)])


def run_point(job: Job) -> Row:
    """On a worker. The chips and networks of one point are warm for the next one of the same thread."""
    if not hasattr(_warm, "bench"):
        _warm.bench = Bench()
    bench: Bench = _warm.bench

    def run() -> Any:
        if bench.job(job.point).key != job.key:
            told = f"{job.point.chip} or {job.point.workload} is another file there"
            raise SimulationError(f"the worker sees other files than we do: {told}")
        return bench.figures(job.point)

    return told_row(job, bench.names(job.point), run)


def _rooted(job: Job) -> Job:
    """With full paths, for the worker stands elsewhere; the address of a point does not depend on them."""
    point = job.point
    rooted: Point = replace(point, chip=_full(point.chip), workload=_full(point.workload))
    return replace(job, point=rooted)


def _full(text: str) -> str:
    is_path = os.sep in text or Path(text).suffix in (".yaml", ".yml")
    return str(Path(text).resolve()) if is_path else text
