"""The conservation laws on every chip and network of the repository.

What does not fit must say so in a text that helps; what fits keeps every law of its mapping; and every pair
whose run is short enough for continuous integration is run, where a broken law is an error by itself.
"""

from __future__ import annotations

from functools import cache

import pytest

import xbarsim as xs
from xbarsim.shipped import shipped
from xbarsim.workload.load import shipped_names

CHIPS = sorted(path.stem for path in shipped("architectures").glob("*.yaml"))
NETWORKS = shipped_names()
# Pairs that take more than about five seconds: `make laws` runs them.
LONG = {
    ("isaac-board", name)
    for name in (
        "mobilenetv2",
        "resnet18",
        "resnet50",
        "resnet9_cifar10",
        "vgg16",
        "vgg8_cifar10",
        "vgg9_cifar10",
    )
} | {("jia65", "lstm")}
PAIRS = [(chip, network) for chip in CHIPS for network in NETWORKS]
LAWS = {
    "blocks placed once", "tiles within capacity", "weights cut without loss", "MACs in = MACs done",
    "ledger = sum of actions", "busy + blocked + idle = elapsed", "every position delivered once",
    "latency >= roofline and critical path",
}  # fmt: skip
LAWS_OF_PHASES = {
    "blocks there when needed",
    "cells written = cells of the schedule",
    "phases + waits = elapsed",
}
# A chip for the networks that fit none of the published ones: the tutorial's tile, larger, with a matrix unit.
LARGER = [
    "tile.array.count=96", "tile.adc.count=96", "tile.buffer.capacity=16 MiB", "tile.buffer.ports=4",
    "tile.matrix_unit={kind: matrix_unit, macs_per_cycle: 256, clock: 1 GHz, energy: 0.33 pJ}",
    "tile.vector_unit.operations=[elementwise, pooling, normalisation, softmax, gather, move]",
]  # fmt: skip


@cache
def chip_of(name: str) -> object:
    return xs.load_chip(name)


@cache
def network_of(name: str) -> object:
    return xs.load_workload(name)


@pytest.mark.parametrize(("chip", "network"), PAIRS)
def test_mapping_keeps_its_laws_or_says_what_is_missing(chip: str, network: str) -> None:
    try:
        report = xs.check(chip_of(chip), network_of(network))
    except xs.MappingError as error:
        assert any(
            word in str(error)
            for word in ("missing", "needs a", "need more buffer", "Add one", "cannot be time")
        )
        return
    assert [law.name for law in report.laws if not law.holds] == []
    assert report.arrays_used <= report.arrays


def keeps_all_laws(chip: object, network: object, requests: int) -> None:
    try:
        result = xs.simulate(chip, network, xs.Infer(requests=requests))
    except xs.MappingError:
        pytest.skip("does not fit: the test above reads the error")
    assert {law.name for law in result.laws} == LAWS | (LAWS_OF_PHASES if result.multiplex else set())
    assert all(law.holds for law in result.laws)
    assert sum(row.macs for row in result.layers) == network.graph.macs
    assert result.energy_pj == pytest.approx(sum(row.energy_pj for row in result.energy))
    for row in result.stations:
        assert row.busy_ps + row.blocked_ps + row.idle_ps == row.servers * result.elapsed_ps
        assert min(row.busy_ps, row.blocked_ps, row.idle_ps) >= 0
    assert all(row.energy_pj >= 0 for row in result.energy)


@pytest.mark.parametrize(("chip", "network"), [pair for pair in PAIRS if pair not in LONG])
def test_run_keeps_all_laws(chip: str, network: str) -> None:
    keeps_all_laws(chip_of(chip), network_of(network), requests=2)


@pytest.mark.parametrize(
    "zeros", [["gate_zeros=true"], ["skip_zeros=true", "index=4"]], ids=["gated", "left out"]
)
def test_digital_chips_keep_all_laws_with_zeros_at_rest(zeros: list[str]) -> None:
    """More than half of the weights are zero: the run still counts every multiply-accumulate that was asked for."""
    chip = xs.load_chip("zcu104-pot", [f"accelerator.array.{setting}" for setting in zeros])
    keeps_all_laws(chip, xs.load_workload("cnn_digits@pot_4bit_pruned"), requests=2)


@pytest.mark.slow
@pytest.mark.parametrize(("chip", "network"), sorted(LONG))
def test_long_run_keeps_all_laws(chip: str, network: str) -> None:
    keeps_all_laws(chip_of(chip), network_of(network), requests=1)


@pytest.mark.parametrize(
    ("network", "tiles"), [("lstm", 50), ("vit_small", 70), ("moe_small", 70), ("moe_small_decode", 70)]
)
def test_networks_that_fit_no_published_chip(network: str, tiles: int) -> None:
    keeps_all_laws(
        xs.load_chip("tutorial", [f"tile.count={tiles}", *LARGER]), network_of(network), requests=1
    )


@pytest.mark.parametrize(
    ("network", "tiles"), [("bert_base", 270), ("gpt2_prefill", 390), ("gpt2_decode", 390)]
)
def test_large_networks_that_fit_no_published_chip(network: str, tiles: int) -> None:
    keeps_all_laws(
        xs.load_chip("tutorial", [f"tile.count={tiles}", *LARGER]), network_of(network), requests=1
    )
