"""Time and memory as requests, layers, tiles and tokens grow, each size in a process of its own."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.conftest import Row
from benchmarks.measure import job

SIZES = [
    *(("requests", n) for n in (1, 10, 100, 1_000)),
    *(("layers", n) for n in (10, 100, 1_000)),
    *(("tiles", n) for n in (100, 1_000, 10_000)),
    *(("tokens", n) for n in (32, 64, 128, 256)),
]


@pytest.mark.parametrize(("what", "size"), SIZES)
def test_growth(benchmark: Any, row: Row, what: str, size: int) -> None:
    spent, told = benchmark.pedantic(job, (what, str(size)), rounds=1)
    row("growth", what=what, size=size, seconds=told["least_s"], peak_mib=spent.peak_mib)
