"""Studies: points a second on one and two workers, a large store, and searches beside random points."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conftest import Row
from benchmarks.measure import job, process

POINTS = 200  # of the 1,000 of benchmarks/vgg8.yaml, which are all run with --long


@pytest.mark.parametrize("points", [POINTS, pytest.param(1_000, marks=pytest.mark.long)])
def test_points_per_second(benchmark: Any, row: Row, points: int, tmp_path: Path) -> None:
    """The same points on one worker and on two; a worker is a process, its start-up included."""
    both = [
        benchmark.pedantic(job, ("study", str(points), str(workers), str(tmp_path / str(workers))), rounds=1)
        if workers == 2
        else job("study", str(points), str(workers), str(tmp_path / str(workers)))
        for workers in (1, 2)
    ]
    (_, one), (_, two) = both
    assert one["done"] == two["done"] == points
    row("studies", points=points, one_s=one["seconds"], two_s=two["seconds"], cpu_s=one["cpu_s"])


@pytest.mark.parametrize("rows", [10_000, 1_000_000])
def test_pareto_query(benchmark: Any, row: Row, rows: int, tmp_path: Path) -> None:
    """The best of so many points by three goals, and an aggregate in SQL, in a process that has begun."""
    _, told = benchmark.pedantic(job, ("query", str(rows), str(tmp_path)), rounds=1)
    assert told["rows"] == rows and told["front"] > 1
    row(
        "queries",
        rows=rows,
        mib=told["mib"],
        front=told["front"],
        front_s=told["front_s"],
        group_s=told["group_s"],
    )


@pytest.mark.long
@pytest.mark.parametrize(("study", "points"), [("adc_sharing", 36), ("benchmarks/vgg8.yaml", 32)])
def test_search_beside_random(benchmark: Any, row: Row, study: str, points: int, tmp_path: Path) -> None:
    """At the same number of points, five seeds; the whole grid is run first, so that its best points are known."""
    command = (sys.executable, "-m", "benchmarks.searches", study, "--points", str(points), "--json")
    spent = benchmark.pedantic(process, ((*command, "--store", str(tmp_path)), 1), rounds=1)
    row("searches", **json.loads(spent.printed))
