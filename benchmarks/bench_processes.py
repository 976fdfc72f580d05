"""Whole processes, start-up included, and design points in a process that is warm."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.conftest import Row
from benchmarks.measure import LARGER, job, xbarsim

COMMANDS = [
    ("--help",),
    ("check", "isaac", "resnet18"),
    ("check", LARGER, "bert_base"),
    ("run", "hermes64", "resnet9_cifar10"),
    ("run", "isaac", "vgg8_cifar10"),
    ("run", "isaac", "resnet18"),
    ("run", LARGER, "bert_base"),
    ("run", "isaac-board", "resnet50"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[-1:]))
def test_whole_process(benchmark: Any, row: Row, command: tuple[str, ...]) -> None:
    spent = benchmark.pedantic(xbarsim, command, rounds=1)
    shown = " ".join(part if part != LARGER else "benchmarks/larger.yaml" for part in command)
    row("processes", command=shown, wall_s=spent.wall_s, cpu_s=spent.cpu_s, peak_mib=spent.peak_mib)


@pytest.mark.parametrize(
    ("chip", "network"),
    [
        ("hermes64", "resnet9_cifar10"),
        ("puma", "vgg8_cifar10"),
        ("isaac", "vgg8_cifar10"),
        (LARGER, "bert_base"),
    ],
)
def test_design_point(benchmark: Any, row: Row, chip: str, network: str) -> None:
    _, told = benchmark.pedantic(job, ("point", chip, network), rounds=1)
    shown = chip if chip != LARGER else "benchmarks/larger.yaml"
    row("points", network=network, chip=shown, first_s=told["first_s"], least_s=told["least_s"])
