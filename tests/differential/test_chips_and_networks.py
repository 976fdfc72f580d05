"""The compiled engine against the reference on every chip and network: every number of the result is the same."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import xbarsim as xs
from tests.laws.test_every_chip_and_network import CHIPS, PAIRS, chip_of, network_of
from xbarsim.engine.granularity import Granularity
from xbarsim.scenario.store import result_to_json

# Pairs whose reference run takes more than about five seconds: `make laws` runs them.
LONG = {
    ("isaac", "mobilenetv2"), ("isaac", "resnet18"), ("puma", "resnet18"),
    ("isaac-board", "mobilenetv2"), ("isaac-board", "resnet18"), ("isaac-board", "resnet50"),
    ("isaac-board", "resnet9_cifar10"), ("isaac-board", "vgg16"), ("isaac-board", "vgg8_cifar10"),
    ("puma", "mobilenetv2"), ("jia65", "lstm"), ("puma", "resnet20_cifar10"), ("isaac-board", "vgg9_cifar10"),
    ("isaac-board", "resnet20_cifar10"), ("analog_fabric", "bert_base_layers"), ("isaac", "resnet20_cifar10"),
    ("puma", "vgg9_cifar10"),
} | {(chip, "resnet20_cifar10") for chip in CHIPS if chip not in ("hermes64", "zcu104-pot")}  # fmt: skip


def outcome(chip: Any, network: Any, granularity: Granularity, requests: int) -> str:
    result = xs.simulate(chip, network, xs.Infer(requests=requests, granularity=granularity))
    same = {key: value for key, value in result.provenance.items() if key != "granularity"}
    return result_to_json(dataclasses.replace(result, provenance=same))


def assert_equal(chip: str, network: str, requests: int) -> None:
    try:
        burst = outcome(chip_of(chip), network_of(network), Granularity.BURST, requests)
    except xs.MappingError:
        pytest.skip("does not fit")
    assert burst == outcome(chip_of(chip), network_of(network), Granularity.MVM, requests)


@pytest.mark.parametrize(("chip", "network"), [pair for pair in PAIRS if pair not in LONG])
def test_all_numbers_are_the_same(chip: str, network: str) -> None:
    assert_equal(chip, network, requests=3)


@pytest.mark.slow
@pytest.mark.parametrize(("chip", "network"), sorted(LONG))
def test_all_numbers_of_long_runs_are_the_same(chip: str, network: str) -> None:
    assert_equal(chip, network, requests=1)


def test_the_timeline_is_the_same() -> None:
    """Slices and power of every step, which the compiled engine keeps in a table of its own."""
    burst, reference = (
        xs.simulate(
            chip_of("hermes64"),
            network_of("lenet_digits"),
            xs.Infer(requests=1, timeline_slices=100_000, granularity=granularity),
        ).timeline
        for granularity in Granularity
    )
    assert burst == reference
    assert burst is not None
    assert len(burst.slices) > 1_000
