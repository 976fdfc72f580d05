"""The schedule of a network that is larger than its chip: what it writes is the least that any can, and it always
holds what it needs."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xbarsim.mapping.multiplex import Schedule, blocks_missing, least_turning, schedule

Cells = dict[str, list[int]]


def written(plan: Schedule, cells: Cells) -> int:
    return sum(cells[block.matrix][block.number] for write in plan.writes for block in write.slots.values())


def least_written(products: list[str], cells: Cells, slots: int) -> int:
    """By trying all: the cheapest walk through the sets of blocks that may be there, from product to product and back
    to where it began."""
    blocks = [(name, number) for name, each in cells.items() for number in range(len(each))]
    worth = np.array([cells[name][number] for name, number in blocks])
    sets = [s for s in range(1 << len(blocks)) if s.bit_count() <= slots]
    held = np.array([[s >> i & 1 for i in range(len(blocks))] for s in sets], dtype=bool)
    step = ((held[None, :, :] & ~held[:, None, :]) * worth).sum(axis=2).astype(float)
    walk = np.where(np.eye(len(sets), dtype=bool), 0.0, np.inf)
    for name in products:
        there = [i for i, block in enumerate(blocks) if block[0] == name]
        fits = held[:, there].all(axis=1)
        onward = np.where(fits[None, :], step, np.inf)
        walk = (walk[:, :, None] + onward[None, :, :]).min(axis=1)
    return int(np.diag(walk).min())


@st.composite
def networks(draw: st.DrawFn, most: int = 6) -> tuple[Cells, int]:
    """Matrices of one to three blocks, some of them not full, and a chip that holds any of them, but not all."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=most))
    assume(sum(sizes) <= most)
    cells = {f"m{i}": draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)) for i, n in enumerate(sizes)}
    return cells, draw(st.integers(max(sizes), sum(sizes)))


@given(networks())
@settings(max_examples=150, deadline=None)
def test_no_schedule_writes_less(network: tuple[Cells, int]) -> None:
    cells, slots = network
    plan = schedule(list(cells), cells, slots, 1)
    assert written(plan, cells) == least_written(list(cells), cells, slots)


@given(networks())
@settings(max_examples=150, deadline=None)
def test_fewest_phases_are_filled_one_after_another(network: tuple[Cells, int]) -> None:
    """Greedy is best here: a phase that ends earlier only leaves more to those behind it."""
    cells, slots = network
    plan = schedule(list(cells), cells, slots, 1, fewest_phases=True)
    assert blocks_missing(plan) == 0
    sizes = [len(each) for each in cells.values()]
    fewest = {0: 0}  # products done -> phases
    for end in range(1, len(sizes) + 1):
        fewest[end] = 1 + min(fewest[first] for first in range(end) if sum(sizes[first:end]) <= slots)
    assert len(plan.phases) == fewest[len(sizes)]


def test_layers_of_one_block_in_the_arrays_that_there_are() -> None:
    """n layers on C arrays: C - 1 stay, the others take turns in the last array."""
    for layers in range(2, 8):
        for slots in range(1, layers):
            cells = {f"m{i}": [8] for i in range(layers)}
            plan = schedule(list(cells), cells, slots, 1)
            assert written(plan, cells) == 8 * (layers - slots + 1) == 8 * len(plan.writes)
            if layers < 7:
                assert written(plan, cells) == least_written(list(cells), cells, slots)
            assert (plan.turning, sum(map(len, plan.staying.values()))) == (1, slots - 1)


@given(networks(most=30), st.integers(1, 4), st.data())
@settings(max_examples=300, deadline=None)
def test_what_a_phase_needs_is_there_once_and_within_the_arrays(
    network: tuple[Cells, int], per_tile: int, data: st.DataObject
) -> None:
    cells, slots = network
    products = list(cells) + data.draw(st.lists(st.sampled_from(sorted(cells)), max_size=6))
    plan = schedule(products, cells, slots, per_tile)
    assert blocks_missing(plan) == 0
    assert plan.slots_used <= slots
    assert [phase.first for phase in plan.phases] == [0, *(phase.end for phase in plan.phases[:-1])]
    assert plan.phases[-1].end == len(products)
    for phase in plan.phases:
        names = set(products[phase.first : phase.end])
        assert {(block.matrix, block.number) for block in phase.slots} == {
            (name, number) for name in names for number in range(len(cells[name]))
        }
        assert len(set(phase.slots.values())) == len(phase.slots)
        assert all(0 <= slot < slots for slot in phase.slots.values())


@given(networks(most=30), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_no_tile_is_written_while_a_phase_uses_it(network: tuple[Cells, int], per_tile: int) -> None:
    cells, slots = network
    plan = schedule(list(cells), cells, slots, per_tile)
    count = len(plan.phases)
    for write in plan.writes:
        between = [(write.after + i) % count for i in range(1, (write.before - write.after) % count)]
        for number in between:
            assert write.tile not in {slot // per_tile for slot in plan.phases[number].slots.values()}


def test_the_fewest_arrays_to_take_turns_in() -> None:
    assert least_turning([4, 4, 4], 8) == 2  # 2 of each stay: 6 + 2
    assert least_turning([4, 4, 4], 4) == 4
    assert least_turning([1, 1, 1], 2) == 1
