"""The compiled engine against the reference, in one process: the same completion times, and how much sooner."""

from __future__ import annotations

from typing import Any

import pytest

import xbarsim as xs
from benchmarks.conftest import Row
from benchmarks.measure import LARGER, least_s, timed_s
from xbarsim.engine.flow import Granularity
from xbarsim.mapping.floor import Floor
from xbarsim.scenario.infer import Infer
from xbarsim.scenario.run import Bench

GPT2_TILES = "tile.count=390"
# (chip, what is set, network, requests)
PAIRS = [
    ("hermes64", (), "resnet9_cifar10", 1),
    ("isaac", (), "vgg8_cifar10", 1),
    ("isaac", (), "resnet18", 1),
    (LARGER, (), "bert_base", 1),
    (LARGER, (GPT2_TILES,), "gpt2_decode", 1),
    ("isaac-board", (), "resnet50", 1),
    pytest.param(LARGER, (GPT2_TILES,), "gpt2_prefill", 1, marks=pytest.mark.long),
    pytest.param("isaac-board", (), "vgg16", 1, marks=pytest.mark.long),
]


@pytest.mark.parametrize(("chip", "settings", "network", "requests"), PAIRS)
def test_burst_against_mvm(
    benchmark: Any, row: Row, chip: str, settings: tuple[str, ...], network: str, requests: int
) -> None:
    described, work = xs.load_chip(chip, settings), xs.load_workload(network)
    program, floor = xs.map_network(described, work), Floor(described)
    done_ps: dict[Granularity, list[int]] = {}

    def run(bench: Bench, granularity: Granularity) -> None:
        done_ps[granularity] = bench.run(requests).completions_ps

    def design_point(granularity: Granularity) -> None:
        xs.simulate(described, work, Infer(requests=requests, granularity=granularity))

    burst, mvm = (Bench(described, floor, program, one) for one in (Granularity.BURST, Granularity.MVM))
    run(burst, Granularity.BURST)  # its tables are made once
    benchmark.pedantic(run, (burst, Granularity.BURST), rounds=3)
    run_mvm_s = timed_s(lambda: run(mvm, Granularity.MVM))
    assert done_ps[Granularity.BURST] == done_ps[Granularity.MVM]
    row(
        "engines",
        network=network,
        chip=described.name,
        latency_ps=done_ps[Granularity.BURST][0],
        run_burst_s=benchmark.stats.stats.min,
        run_mvm_s=run_mvm_s,
        point_burst_s=least_s(lambda: design_point(Granularity.BURST), 2),
        point_mvm_s=timed_s(lambda: design_point(Granularity.MVM)),
    )
