"""Sweeps: the same results however they are run, stopped and gone on with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.study.studies import SMALL, everything, study_of
from xbarsim.errors import SpecError
from xbarsim.study import workers as workers_module
from xbarsim.study.evaluate import Bench
from xbarsim.study.store import writing
from xbarsim.study.sweep import Tally, sweep


def test_one_and_two_workers_give_the_same_points(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    alone = sweep(study, tmp_path / "one", workers=1)
    together = sweep(study, tmp_path / "two", workers=2)
    assert (len(alone.done), len(alone.failed), alone.ran) == (9, 3, 12)
    assert everything(tmp_path / "one") == everything(tmp_path / "two")
    assert [one.labels for one in together.front] == [one.labels for one in alone.front]


def test_finished_points_are_never_run_again(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    first = sweep(study, tmp_path / "store", workers=1)
    tallies: list[Tally] = []
    second = sweep(study, tmp_path / "store", workers=1, watch=tallies.append)
    assert (first.ran, second.ran) == (12, 0)
    assert [one.row for one in second.outcomes] == [one.row for one in first.outcomes]
    assert tallies == [Tally(total=12, known=12)]


def test_failed_points_are_kept_with_their_errors_and_retried_on_demand(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    first = sweep(study, tmp_path / "store", workers=1)
    assert [one.error for one in first.failed] == [
        "--set tile.adc.bits: -1 is out of range; allowed: a whole number from 1 to 64"
    ] * 3
    assert {one.row["chip"] for one in first.failed} == {"Tutorial chip"}
    again = sweep(study, tmp_path / "store", workers=1, retry_failed=True)
    assert (again.ran, len(again.failed)) == (3, 3)


def test_the_tally_counts_what_is_done_failed_left_and_best(tmp_path: Path) -> None:
    tallies: list[Tally] = []
    found = sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers=1, watch=tallies.append)
    assert [(t.done, t.failed, t.left) for t in tallies[-4:]] == [(9, 0, 3), (9, 1, 2), (9, 2, 1), (9, 3, 0)]
    best = tallies[-1].best
    assert best is not None
    assert best["energy_pj"] == min(one.figure("energy_pj") for one in found.done)


def test_two_studies_share_a_store(tmp_path: Path) -> None:
    sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers=1)
    wider = SMALL.replace("name: small", "name: wider").replace("[4, 6, 8, -1]", "[4, 6, 8, 5]")
    assert sweep(study_of(tmp_path, wider), tmp_path / "store", workers=1).ran == 3
    members = everything(tmp_path / "store", "JOIN studies USING (key) WHERE study = 'wider'")
    assert (len(members), len(everything(tmp_path / "store"))) == (12, 15)


def test_only_one_writes_at_a_time(tmp_path: Path) -> None:
    with writing(tmp_path / "store"), pytest.raises(SpecError, match="another sweep or search is writing"):
        sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers=1)


def test_a_point_whose_worker_dies_goes_back_to_the_queue(tmp_path: Path) -> None:
    """The worker is killed once, after it has begun: nothing is missing in the end."""
    study = study_of(tmp_path, SMALL)
    killed: list[int] = []
    give = workers_module._Worker.give

    def given(worker: workers_module._Worker, job: object) -> None:
        give(worker, job)  # type: ignore[arg-type]
        if not killed:
            killed.append(worker.process.pid)
            worker.process.kill()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers_module._Worker, "give", given)
        found = sweep(study, tmp_path / "store", workers=2)
    assert killed and (len(found.done), len(found.failed)) == (9, 3)


def test_a_point_that_kills_its_worker_twice_fails(tmp_path: Path) -> None:
    study = study_of(tmp_path, SMALL)
    deadly = "'-1'"
    code = f"""
import os, sys, xbarsim.study.evaluate as e
row = e.Bench.row
e.Bench.row = lambda self, job: os._exit(9) if {deadly} in str(job.point) else row(self, job)
from xbarsim.study.worker import main
main()
"""
    popen = subprocess.Popen

    def started(command: list[str], **how: object) -> object:
        return popen([sys.executable, "-P", "-c", code], **how)  # type: ignore[call-overload]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers_module.subprocess, "Popen", started)
        found = sweep(study, tmp_path / "store", workers=2)
    assert (len(found.done), len(found.failed)) == (9, 3)
    assert {one.error for one in found.failed} == {"its process ended 2 times (exit code 9); out of memory?"}


def test_a_worker_never_imports_torch_where_there_is_a_trace() -> None:
    code = (
        "import sys; from tests.study.studies import *; from xbarsim.study.evaluate import Bench;"
        "from xbarsim.study.point import Point;"
        "bench = Bench(); row = bench.row(bench.job(Point('tutorial', 'mlp_digits', (), (), (('kind', 'infer'),))));"
        "print(row['status'], 'torch' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout == "done False\n"


def test_the_address_says_what_decides_the_result(tmp_path: Path) -> None:
    """The chip's digest is that of load_chip; another seed, scenario, setting or precision is another point."""
    from dataclasses import replace

    from xbarsim.study.point import Point

    bench = Bench()
    point = Point("tutorial", "mlp_digits", (("tile.adc.bits", "6"),), (), (("kind", "infer"),))
    job = bench.job(point)
    assert job.chip_sha256 == bench.chip(point).sha256
    others = [
        replace(point, seed=1),
        replace(point, scenario=(("kind", "infer"), ("requests", "3"))),
        replace(point, chip_settings=(("tile.adc.bits", "7"),)),
        replace(point, workload_settings=(("precision.activations", "4 bit"),)),
        replace(point, workload="cnn_digits"),
        replace(point, chip="isaac"),
    ]
    assert len({job.key, *(bench.job(other).key for other in others)}) == 1 + len(others)
