"""What is measured in a process of its own: `python -m benchmarks.jobs layers 100` prints what it took as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import xbarsim as xs
from benchmarks.made_up import points_of
from benchmarks.measure import LARGER, ROOT, least_s, timed_s
from benchmarks.networks import bert_of, chain_of_layers
from xbarsim.mapping.floor import Floor
from xbarsim.study.pareto import front_of_store
from xbarsim.study.query import query as ask
from xbarsim.study.store import Store, write_table
from xbarsim.study.study import Goal, Strategy
from xbarsim.study.study_file import load_study
from xbarsim.study.sweep import sweep

Told = dict[str, Any]


def point(chip: str, network: str) -> Told:
    """A design point, chip file and saved trace to Result, in a process that has done others before."""

    def once() -> None:
        xs.simulate(xs.load_chip(chip), xs.load_workload(network), xs.Infer(requests=2))

    first_s, then_s = timed_s(once), least_s(once, 8)
    assert "torch" not in sys.modules
    return {"first_s": first_s, "least_s": then_s}


def requests(number: str) -> Told:
    """Requests pipelined through ResNet-9 on HERMES."""
    chip, work = xs.load_chip("hermes64"), xs.load_workload("resnet9_cifar10")
    return {"least_s": least_s(lambda: xs.simulate(chip, work, xs.Infer(requests=int(number))), 2)}


def layers(number: str) -> Told:
    """Equal layers on a chip that has one tile for two of them, so that none gets a second copy."""
    chip = xs.load_chip("tutorial", [f"tile.count={-(-int(number) // 2)}"])
    graph = chain_of_layers(int(number))
    return {"least_s": least_s(lambda: xs.simulate(chip, graph, xs.Infer(requests=2)), 2)}


def tiles(number: str) -> Told:
    """A chip of so many tiles, from its file to its floor and network."""
    began = time.perf_counter()
    floor = Floor(xs.load_chip("tutorial", [f"tile.count={number}"]))
    assert len(floor.tiles) == int(number)
    return {"least_s": time.perf_counter() - began}


def tokens(number: str) -> Told:
    """BERT-base for so many tokens."""
    chip, graph = xs.load_chip(LARGER, ["tile.buffer.capacity=64 MiB"]), bert_of(int(number))
    return {"least_s": least_s(lambda: xs.simulate(chip, graph, xs.Infer(requests=2)), 2)}


def study(points: str, workers: str, folder: str) -> Told:
    """So many points of benchmarks/vgg8.yaml into a new store; processor time of all processes, by point."""
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

    asked = load_study(ROOT / "benchmarks" / "vgg8.yaml")
    if int(points) < 1_000:
        asked = replace(asked, strategy=Strategy("random", int(points)))

    def spent_s() -> float:
        usages = [getrusage(whose) for whose in (RUSAGE_SELF, RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    before_s, began = spent_s(), time.perf_counter()
    found = sweep(asked, folder, int(workers))
    seconds = time.perf_counter() - began
    assert "torch" not in sys.modules
    return {
        "done": len(found.done),
        "seconds": seconds,
        "cpu_s": (spent_s() - before_s) / len(found.done),
        "front": len(found.front),
    }


def query(rows: str, folder: str) -> Told:
    """A store of so many made-up points: its best ones, and a question in SQL."""
    import numpy as np

    made = points_of(int(rows), np.random.default_rng(0))
    for number, table in enumerate(made, 1):
        write_table(table, Path(folder) / "points" / f"part-{number:06d}.parquet")
    store = Store(folder)
    goals = (
        Goal("area_mm2", "minimise"),
        Goal("throughput_per_s", "maximise"),
        Goal("energy_pj", "minimise"),
    )
    grouped = (
        "SELECT bottleneck, count(*), min(energy_pj) FROM points WHERE latency_ns < 1e5 GROUP BY bottleneck"
    )
    front = front_of_store(store, goals)
    return {
        "rows": ask(store, "SELECT count(*) FROM points").rows[0][0],
        "mib": sum(part.stat().st_size for part in store.parts()) / 2**20,
        "front": len(front),
        "front_s": least_s(lambda: front_of_store(store, goals), 3),
        "group_s": least_s(lambda: ask(store, grouped), 3),
    }


JOBS: dict[str, Callable[..., Told]] = {
    job.__name__: job for job in (point, requests, layers, tiles, tokens, study, query)
}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
