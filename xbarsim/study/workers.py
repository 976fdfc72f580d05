"""Many points at once: processes on this machine, each warm, each with one thread; or machines at an address."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Protocol

from xbarsim.errors import Problem, SimulationError, SpecError, shown
from xbarsim.study.evaluate import Bench, Job, told_row
from xbarsim.study.figures import Value
from xbarsim.study.journal import Row
from xbarsim.study.worker import ONE_THREAD

_TRIES = 2  # of a point whose worker ended: another's memory may have been the reason
_AHEAD = 2  # points that a worker has been given: the next one waits at its door
MOST_WORKERS = 1024


class Workers(Protocol):
    """Those who run points. They may be asked again and again, and stay warm in between."""

    def rows(self, jobs: Iterable[Job]) -> Iterator[Row]:
        """The rows of all points, as they are finished."""
        ...

    def close(self) -> None: ...


@contextmanager
def working(workers: int | str | None) -> Iterator[Workers]:
    """So many processes (one for each core, if None; 1: this process itself), or those of a Dask scheduler.

    workers: a number, or an address like "tcp://10.0.0.1:8786". Raises: SpecError if it is neither, or nobody is
    at the address.
    """
    asked = asked_workers(workers)
    if isinstance(asked, str):
        from xbarsim.study.cluster import Cluster

        crew: Workers = Cluster(asked)
    else:
        crew = Crew(asked) if asked > 1 else Alone()
    try:
        yield crew
    finally:
        crew.close()


def asked_workers(workers: int | str | None) -> int | str:
    """A number, or an address. Raises: SpecError."""
    text = str(cores() if workers is None else workers).strip()
    if "://" in text:
        return text
    if text.isdecimal() and 1 <= int(text) <= MOST_WORKERS:
        return int(text)
    allowed = f"a number from 1 to {MOST_WORKERS:,}, or the address of a Dask scheduler"
    raise SpecError(
        [Problem("--workers", 0, "", shown(workers), allowed, "write it like 4 or tcp://host:8786")]
    )


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Alone:
    """This process."""

    def __init__(self) -> None:
        self.bench = Bench()

    def rows(self, jobs: Iterable[Job]) -> Iterator[Row]:
        for job in jobs:
            yield self.bench.row(job)

    def close(self) -> None:
        """Nothing is left behind."""


class _Worker:
    """A process, the points that it has been given, and a thread that listens to it."""

    def __init__(self, heard: SimpleQueue[tuple[_Worker, Row | None]]):
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "xbarsim.study.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | ONE_THREAD | {"PYTHONPATH": paths},
            start_new_session=True,  # Ctrl-C is for us: we end the workers
        )  # fmt: skip
        self.given: deque[Job] = deque()
        self.heard = heard
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def give(self, job: Job) -> None:
        self.given.append(job)
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: the listener tells
            pickle.dump(job, self.process.stdin)
            self.process.stdin.flush()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while True:
            try:
                row: Row | None = pickle.load(self.process.stdout)
            except (EOFError, pickle.UnpicklingError):
                row = None
            self.heard.put((self, row))
            if row is None:
                return

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()  # it has come to the end of what there is to hear
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class Crew:
    """Hands points to processes; a point whose worker ends is given to another, and fails the second time."""

    def __init__(self, workers: int):
        self.workers = workers
        self.jobs: Iterator[Job] = iter(())
        self.again: deque[Job] = deque()
        self.bench = Bench()
        self.ended: dict[str, int] = {}
        self.crew: list[_Worker] = []
        self.heard: SimpleQueue[tuple[_Worker, Row | None]] = SimpleQueue()

    def rows(self, jobs: Iterable[Job]) -> Iterator[Row]:
        self.jobs = iter(jobs)
        self._fill()
        while any(worker.given for worker in self.crew):
            worker, row = self.heard.get()
            if row is not None:
                worker.given.popleft()
                yield row
                self._supply(worker, _AHEAD)
            else:
                yield from self._lost(worker)
                self._fill()

    def close(self) -> None:
        for worker in self.crew:
            worker.end()
        self.crew = []

    def _fill(self) -> None:
        """Something to do for everybody; no more workers than there is work for."""
        for worker in self.crew:
            self._supply(worker, 1)
        while len(self.crew) < self.workers:
            job = self._next()
            if job is None:
                return
            self.crew.append(_Worker(self.heard))
            self.crew[-1].give(job)

    def _supply(self, worker: _Worker, ahead: int) -> None:
        while len(worker.given) < ahead:
            job = self._next()
            if job is None:
                return
            worker.give(job)

    def _next(self) -> Job | None:
        return self.again.popleft() if self.again else next(self.jobs, None)

    def _lost(self, worker: _Worker) -> Iterator[Row]:
        """Only the point that it was at may be to blame; those that waited go back as they are."""
        self.crew.remove(worker)
        worker.end()
        at, waiting = [*worker.given][:1], [*worker.given][1:]
        self.again.extend(waiting)
        for job in at:
            self.ended[job.key] = self.ended.get(job.key, 0) + 1
            if self.ended[job.key] < _TRIES:
                self.again.append(job)
                continue
            yield told_row(job, self.bench.names(job.point), _ended(worker.process.returncode))


def _ended(code: int) -> Callable[[], dict[str, Value]]:
    """In place of a run: says how its process ended."""

    def run() -> dict[str, Value]:
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise SimulationError(f"its process ended {_TRIES} times ({why}); out of memory?")

    return run
