"""Writes wear the cells of a network out; many at once as much as one by one."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

from tests.analog.digits import images_and_labels, network
from xbarsim.analog import AnalogNetwork, ArraySize, Numerics, convert_to_analog
from xbarsim.devices.load import load_technology, shipped_technologies
from xbarsim.devices.technology import Technology

FRAGILE = ("endurance=30", "endurance_spread=0.5")
# Static memory is not worn by writing; the ideal cell neither.
WEARING = [name for name in shipped_technologies() if load_technology(name).endurance]
YEAR_OF_CORRECTIONS = 365 * 86_400 // 300


def analog(cells: Technology | None, **settings) -> AnalogNetwork:
    made = convert_to_analog(network(0, "float"), Numerics(ArraySize(32, 32), cells, **settings), seed=5)
    made.program_analog_weights()
    return made


def same(one: AnalogNetwork, other: AnalogNetwork) -> bool:
    return all(
        np.array_equal(a.state.writes, b.state.writes) and np.array_equal(a.state.stuck, b.state.stuck)
        for mine, theirs in zip(one.layers(), other.layers(), strict=True)
        for a, b in zip(mine.blocks, theirs.blocks, strict=True)
    )


def test_what_wears() -> None:
    assert sorted(set(shipped_technologies()) - set(WEARING)) == ["ideal", "sram"]


@pytest.mark.parametrize("name", WEARING)
def test_a_technology_wears_out_one_by_one_and_at_once_alike(name: str) -> None:
    """Endurance of 30 writes, log-normal over the cells: after 40 writes some are stuck and some are not."""
    cells = load_technology(name, FRAGILE)
    slowly, quickly = analog(cells), analog(cells)
    for path in ("0", "2", "4"):
        for _ in range(39):
            slowly.rewrite(path)
        quickly.rewrite(path, times=39)
    assert same(slowly, quickly)
    assert slowly.worn() == quickly.worn()
    worn = quickly.worn()["2.block[0]"]
    if name == "mtj":  # a cell that stands right is not written
        assert (worn.most_writes, worn.stuck) == (1, 0.0)
    else:
        assert worn.most_writes == 40 and 0.5 < worn.stuck < 0.9


def test_stuck_cells_are_seen_in_the_results() -> None:
    images, labels = images_and_labels()
    made = analog(load_technology("pcm", ("endurance=1000", "endurance_spread=0.5")))
    shares, right = [], []
    for _ in range(4):
        shares.append(made.worn()["2.block[0]"].stuck)
        right.append((made(images).argmax(dim=1) == labels).double().mean().item())
        for path in ("0", "2", "4"):
            made.rewrite(path, times=1000)
    assert shares[0] == 0 and shares == sorted(set(shares))
    assert shares[1] == pytest.approx(0.5, abs=0.05)  # half have less than the median, 1000
    assert right[0] > 0.95 > right[1] > right[3]


def test_where_a_cell_is_stuck_at_what_it_held_that_is_one_of_its_landings() -> None:
    """Programmed values of stuck cells scatter around the targets as fresh ones do."""
    cells = load_technology("rram", (*FRAGILE, "endurance_spread=0.1"))
    assert cells.after_wear == "last"
    made = analog(cells)
    block = made.layer("0").blocks[0]
    fresh = (block.state.programmed_usiemens - block.state.target_usiemens).std()
    made.rewrite("0", times=1000)
    assert block.worn.stuck == 1.0
    stuck = block.state.programmed_usiemens - block.state.target_usiemens
    assert stuck.std() == pytest.approx(fresh, rel=0.1)
    held = block.state.programmed_usiemens
    block.wear(3)
    assert (block.state.programmed_usiemens == held).all()


def test_a_year_of_corrections_is_counted() -> None:
    made = analog(load_technology("pcm", ("endurance=1e6",)))
    made.wait(3600)
    made.rewrite("2", [0], times=YEAR_OF_CORRECTIONS)
    made.layer("2").blocks[1].wear(7)
    worn, ages = made.worn(), made.ages_s()
    assert YEAR_OF_CORRECTIONS == 105_120
    assert (worn["2.block[0]"].most_writes, worn["2.block[1]"].most_writes) == (105_121, 8)
    assert worn["2.block[0]"].least_remaining == 1e6 - 105_121
    assert (ages["2.block[0]"], ages["2.block[1]"]) == (0, 3600)
    assert [block.writes for block in made.layer("2").blocks] == [105_121, 8, 1, 1]


def test_what_is_not_known_is_said() -> None:
    unknown = analog(load_technology("pcm", ("endurance=unknown",)))
    unknown.rewrite("0", times=10)
    worn = unknown.worn()["0.block[0]"]
    assert (worn.most_writes, worn.stuck, worn.least_remaining) == (11, 0.0, None)
    exact = analog(None)
    exact.rewrite("0", times=10)
    assert exact.worn()["0.block[0]"].most_writes == 11
    assert exact.worn()["0.block[0]"].least_remaining == float("inf")


def unwritten() -> None:
    made = convert_to_analog(nn.Linear(2, 2), Numerics(ArraySize(4, 4), load_technology("pcm")))
    made.layer("network").blocks[0].wear(1)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: analog(None).rewrite("0", times=0),
            "0.block[0]: 0 writes; allowed: a whole number from 1",
        ),
        (unwritten, "network.block[0]: the weights are not in cells yet; write them first"),
    ],
)
def test_messages(make, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        make()


def test_the_last_write_draws_noise() -> None:
    cells = load_technology("pcm")
    once, often = analog(cells), analog(cells)
    once.rewrite("0")
    often.rewrite("0", times=50)
    read = [made.layer("0").weights() for made in (once, often, analog(cells))]
    assert not np.array_equal(read[0], read[1]) and not np.array_equal(read[1], read[2])
    assert np.std(read[1] - read[2]) == pytest.approx(np.std(read[0] - read[2]), rel=0.1)
    assert torch.isfinite(often(images_and_labels()[0])).all()
