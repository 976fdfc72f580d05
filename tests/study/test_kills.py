"""kill -9 at random moments: what is there when a study has come to its end is what an undisturbed one leaves."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.study.studies import MANY, everything, study_of
from xbarsim.study import store as store_module
from xbarsim.study.query import query
from xbarsim.study.search import Search, search
from xbarsim.study.store import Store
from xbarsim.study.study_file import load_study
from xbarsim.study.sweep import sweep

POINTS, ASKED = 80, 32


def _swept(file: str, store: str, workers: int) -> None:
    """In a process of its own. Parts are small, so that sealing happens all the time."""
    store_module.SEAL_ROWS, store_module.PART_ROWS = 5, 40
    sweep(load_study(file), store, workers=workers)


def _searched(file: str, store: str, workers: int) -> None:
    store_module.SEAL_ROWS, store_module.PART_ROWS = 5, 40
    search(load_study(file), Search(ASKED), store, workers=workers)


def _grown(store: Path) -> tuple[object, ...]:
    """Changes with every point that is kept."""
    parts = sorted((store / "points").glob("part-*.parquet"))
    journal = store / "points" / "open.jsonl"
    try:
        waiting = journal.stat().st_size
    except FileNotFoundError:  # sealed a moment ago
        waiting = 0
    return (waiting, *((part.name, part.stat().st_mtime_ns) for part in parts))


def _wait(process: BaseProcess, store: Path, chance: random.Random) -> None:
    """Until a moment that is as likely in the start-up or the design of the study as among its points."""
    if chance.random() < 0.3:
        process.join(chance.uniform(0, 0.3))
        return
    before = _grown(store)
    while process.is_alive() and _grown(store) == before:
        time.sleep(0.001)
    process.join(chance.uniform(0, 0.15))


@pytest.mark.parametrize(
    ("work", "kills"),
    [(_swept, 5), (_searched, 2), pytest.param(_swept, 20, marks=pytest.mark.slow),
     pytest.param(_searched, 20, marks=pytest.mark.slow)],
)  # fmt: skip
def test_a_study_killed_again_and_again_ends_with_the_same_points(
    work: Callable[[str, str, int], None], kills: int, tmp_path: Path
) -> None:
    """With two workers every fifth time; in the end it goes on to its end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    study_of(tmp_path, MANY)
    store, undisturbed = tmp_path / "store", tmp_path / "undisturbed"

    def started(folder: Path, workers: int = 1) -> BaseProcess:
        process = context.Process(target=work, args=(str(tmp_path / "study.yaml"), str(folder), workers))
        process.start()
        return process

    whole = started(undisturbed)
    chance, codes = random.Random(kills), []
    for kill in range(kills):
        process = started(store, 2 if kill % 5 == 4 else 1)
        _wait(process, store, chance)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        codes.append(process.exitcode)
    kept = len(Store(store).keys())
    last = started(store)
    for process in (whole, last):
        process.join()
        assert process.exitcode == 0
    assert set(codes) <= {-signal.SIGKILL, 0} and codes.count(-signal.SIGKILL) >= kills // 2
    points = POINTS if work is _swept else ASKED
    assert 0 < kept <= points == len(everything(store))  # some were kept, and nothing is there twice
    assert everything(store) == everything(undisturbed)
    assert members(store) == members(undisturbed)


def members(store: Path) -> tuple[object, ...]:
    return query(Store(store), "SELECT * FROM studies ORDER BY number").rows
