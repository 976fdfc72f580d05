"""What is measured in a process of its own: `python -m benchmarks.jobs layers 100` prints what it took as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import xbarsim as xs
from benchmarks.measure import LARGER, least_s, timed_s
from benchmarks.networks import bert_of, chain_of_layers
from xbarsim.mapping.floor import Floor

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


JOBS: dict[str, Callable[..., Told]] = {job.__name__: job for job in (point, requests, layers, tiles, tokens)}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
