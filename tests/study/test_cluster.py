"""Points on a Dask cluster: the same results as on one process, whatever happens to its workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.study.studies import MANY, SMALL, everything, study_of
from xbarsim.errors import SpecError
from xbarsim.study.search import Search, search
from xbarsim.study.sweep import Tally, sweep

distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
WORKERS = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three processes of one thread each, on this machine; one that ends is started anew."""
    import dask

    with (
        dask.config.set({"distributed.worker.daemon": True}),
        distributed.LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as started,
    ):
        yield started


def pids(cluster: Any) -> list[int]:
    with distributed.Client(cluster, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def test_the_points_of_a_cluster_are_those_of_one_process(cluster: Any, tmp_path: Path) -> None:
    """Failures and all; also where the study and its chip are files beside each other, given by a short path."""
    study = study_of(tmp_path, SMALL)
    there = sweep(study, tmp_path / "there", workers=cluster.scheduler_address)
    here = sweep(study, tmp_path / "here", workers=1)
    assert (len(there.done), len(there.failed), there.ran) == (9, 3, 12)
    assert everything(tmp_path / "there") == everything(tmp_path / "here")
    assert [one.labels for one in there.front] == [one.labels for one in here.front]


def test_a_search_on_a_cluster_takes_the_same_path(cluster: Any, tmp_path: Path) -> None:
    study = study_of(tmp_path, MANY)
    there = search(study, Search(16), tmp_path / "there", workers=cluster.scheduler_address)
    here = search(study, Search(16), tmp_path / "here", workers=1)
    assert [one.labels for one in there.outcomes] == [one.labels for one in here.outcomes]
    assert everything(tmp_path / "there") == everything(tmp_path / "here")


def test_the_points_of_a_worker_that_is_killed_return_to_the_queue(cluster: Any, tmp_path: Path) -> None:
    study = study_of(tmp_path, MANY)
    victim = pids(cluster)[0]
    killed: list[int] = []

    def kill(tally: Tally) -> None:
        if tally.done == 10 and not killed:
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    found = sweep(study, tmp_path / "there", workers=cluster.scheduler_address, watch=kill)
    here = sweep(study, tmp_path / "here", workers=1)
    assert killed and victim not in pids(cluster)
    assert len(found.outcomes) == 80 and len(found.done) == len(here.done) == 56
    assert everything(tmp_path / "there") == everything(tmp_path / "here")


def test_files_that_differ_on_the_worker_are_told(cluster: Any, tmp_path: Path) -> None:
    """As if the worker's copy was another one: the address of the point says so, and it fails."""
    from dataclasses import replace

    from xbarsim.study.cluster import run_point
    from xbarsim.study.design import design
    from xbarsim.study.evaluate import Bench

    job = Bench().job(design(study_of(tmp_path, SMALL))[0].point)
    assert run_point(job)["status"] == "done"
    row = run_point(replace(job, key="of-another-file"))
    assert (
        row["error"] == "the worker sees other files than we do: tutorial or mlp_digits is another file there"
    )


def test_an_address_where_nobody_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xbarsim.study import cluster as door

    monkeypatch.setattr(door.Cluster.__init__, "__defaults__", (0.3,))
    with pytest.raises(SpecError, match=r"--workers tcp://127.0.0.1:9: no scheduler answers"):
        sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers="tcp://127.0.0.1:9")


def test_a_worker_with_other_code_is_refused(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xbarsim.study import cluster as door

    real = door.code_version()
    monkeypatch.setattr(door, "code_version", _OtherHere(real))
    with pytest.raises(SpecError, match=f"has xbarsim {real}, here it is 9.9".replace("+", r"\+")):
        sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers=cluster.scheduler_address)


class _OtherHere:
    """Says another version in this process than in those to which it is sent."""

    def __init__(self, real: str):
        self.real, self.home = real, os.getpid()

    def __call__(self) -> str:
        return "9.9" if os.getpid() == self.home else self.real
