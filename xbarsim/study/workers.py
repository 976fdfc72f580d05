"""Many points at once: processes on this machine, each warm, each with one thread."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from queue import SimpleQueue

from xbarsim.errors import SimulationError
from xbarsim.study.evaluate import Bench, Job, told_row
from xbarsim.study.figures import Value
from xbarsim.study.journal import Row
from xbarsim.study.worker import ONE_THREAD

_TRIES = 2  # of a point whose worker ended: another's memory may have been the reason
_AHEAD = 2  # points that a worker has been given: the next one waits at its door


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rows_of(jobs: Iterable[Job], workers: int) -> Iterator[Row]:
    """The rows of all points, as they are finished. With one worker they are run in this process."""
    if workers > 1:
        yield from _Crew(jobs, workers).rows()
        return
    bench = Bench()
    for job in jobs:
        yield bench.row(job)


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
        threading.Thread(target=self._listen, daemon=True).start()

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
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class _Crew:
    """Hands points to workers; a point whose worker ends is given to another, and fails the second time."""

    def __init__(self, jobs: Iterable[Job], workers: int):
        self.jobs, self.workers = iter(jobs), workers
        self.again: deque[Job] = deque()
        self.bench = Bench()
        self.ended: dict[str, int] = {}
        self.crew: set[_Worker] = set()
        self.heard: SimpleQueue[tuple[_Worker, Row | None]] = SimpleQueue()

    def rows(self) -> Iterator[Row]:
        try:
            self._fill()
            while self.crew:
                worker, row = self.heard.get()
                if row is not None:
                    worker.given.popleft()
                    yield row
                    self._supply(worker)
                else:
                    yield from self._lost(worker)
                    self._fill()
        finally:
            for worker in self.crew:
                worker.end()

    def _fill(self) -> None:
        """As many workers as there is work for."""
        while len(self.crew) < self.workers:
            job = self._next()
            if job is None:
                return
            worker = _Worker(self.heard)
            self.crew.add(worker)
            worker.give(job)

    def _supply(self, worker: _Worker) -> None:
        while len(worker.given) < _AHEAD:
            job = self._next()
            if job is None:
                break
            worker.give(job)
        if not worker.given:
            self._part_with(worker)

    def _next(self) -> Job | None:
        return self.again.popleft() if self.again else next(self.jobs, None)

    def _lost(self, worker: _Worker) -> Iterator[Row]:
        """Only the point that it was at may be to blame; those that waited go back as they are."""
        at, waiting = [*worker.given][:1], [*worker.given][1:]
        self._part_with(worker)
        self.again.extend(waiting)
        for job in at:
            self.ended[job.key] = self.ended.get(job.key, 0) + 1
            if self.ended[job.key] < _TRIES:
                self.again.append(job)
                continue
            yield told_row(job, self.bench.names(job.point), _ended(worker.process.returncode))

    def _part_with(self, worker: _Worker) -> None:
        self.crew.discard(worker)
        worker.end()


def _ended(code: int) -> Callable[[], dict[str, Value]]:
    """In place of a run: says how its process ended."""

    def run() -> dict[str, Value]:
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise SimulationError(f"its process ended {_TRIES} times ({why}); out of memory?")

    return run
