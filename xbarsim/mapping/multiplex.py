"""A network that is larger than its chip: which blocks stay, which take turns, and in which phases.

The products of a network are done in phases. In a phase all blocks of its matrices are there; between phases
arrays are written anew. After the last phase the arrays hold again what they held before the first, so that every
pass (of one request, or of a batch of them) is like the one before it and costs the same.

Then a block either stays, or is written at least once in every pass, and what is written least is known exactly. Let
`s` be the arrays in which blocks take turns; the others hold what stays. A matrix of `m` blocks can be there whole if
at least `m - s` of its blocks stay. Within that, what stays should be the blocks with the most cells:

    written(s) = cells of all blocks - max { cells of P : |P| <= arrays - s, at least m - s of each matrix in P }

The maximum is taken greedily (the constraints form a laminar family, so greedy is exact), and is concave in `s`, so the
best `s` is found by bisection. Neighbouring products are then one phase as long as what takes turns for them fits
into the `s` arrays together: the fewest phases at the same cost.

Limits: exact where each matrix is read by one product of a pass. A matrix that several products share counts once for
each of them when it is decided what stays, and is written again for each phase that finds it gone. A schedule
that repeats only after several passes could write less, by less than `s` arrays a pass. Writes are counted in cells;
which of them could be kept because old and new weight are equal is not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xbarsim.workload.graph import Positions


@dataclass(frozen=True, order=True)
class Block:
    """One array's worth of a matrix."""

    matrix: str
    number: int


@dataclass(frozen=True)
class Phase:
    """Neighbouring products that are done without writing in between.

    first, end: of the products of a pass; slots: where each block of their matrices is.
    """

    first: int
    end: int
    slots: Mapping[Block, int]


@dataclass(frozen=True)
class Write:
    """The arrays of one tile that are written together.

    before: the phase that needs them; after: the last phase that uses the tile, before that or, where it has a
    higher number, in the pass before. No phase between the two uses the tile.
    """

    tile: int
    before: int
    after: int
    slots: Mapping[int, Block]


@dataclass(frozen=True)
class Schedule:
    """A pass: its phases, what stays, what is written.

    turning: arrays in which blocks take turns, behind those whose blocks stay.
    initial: what each array holds before and after a pass.
    """

    turning: int
    staying: Mapping[str, frozenset[int]]  # matrix -> numbers of its blocks
    phases: tuple[Phase, ...]
    writes: tuple[Write, ...]
    initial: Mapping[int, Block]

    @property
    def slots_used(self) -> int:
        return self.turning + sum(len(blocks) for blocks in self.staying.values())


def schedule(
    products: Sequence[str],
    cells: Mapping[str, Sequence[int]],
    slots: int,
    slots_per_tile: int,
    fewest_phases: bool = False,
) -> Schedule:
    """The pass that writes the fewest cells, or that of the fewest phases: then all arrays take turns.

    products: the matrix of each product, in their order; cells: those of each block of a matrix, by matrix. No
    matrix has more blocks than there are slots.
    """
    uses = Counter(products)
    worth = {name: np.asarray(cells[name], dtype=np.int64) * uses[name] for name in uses}
    turning = slots if fewest_phases else _fewest_written(worth, slots)
    staying = _staying(worth, slots, turning)
    assert staying is not None
    spans = _spans(products, worth, staying, turning)
    fixed = _numbered(worth, staying)
    turns = [
        _blocks(products[first:end], worth, lambda name, number: number not in staying[name])
        for first, end in spans
    ]
    held = _take_turns(turns, range(len(fixed), len(fixed) + turning))
    phases = []
    for (first, end), moving in zip(spans, held, strict=True):
        names = set(products[first:end])
        there = {block: slot for block, slot in fixed.items() if block.matrix in names}
        phases.append(Phase(first, end, there | _slots_of(moving)))
    writes = _writes(phases, held, slots_per_tile)
    initial = {slot: block for block, slot in fixed.items()} | _at_rest(held, writes)
    return Schedule(turning, staying, tuple(phases), writes, initial)


# --- what stays ------------------------------------------------------------------------------------


def _fewest_written(worth: Mapping[str, Positions], slots: int) -> int:
    """The number of arrays to take turns in; written cells are convex in it."""
    low, high = least_turning([len(w) for w in worth.values()], slots), slots
    while low < high:
        middle = (low + high) // 2
        if _worth_staying(worth, slots, middle) >= _worth_staying(worth, slots, middle + 1):
            high = middle
        else:
            low = middle + 1
    return low


def least_turning(sizes: Sequence[int], slots: int) -> int:
    """The fewest arrays to take turns in, with which each matrix can be there whole: what must stay fits beside."""
    turning = np.arange(1, slots + 1)
    stay = sum(np.maximum(0, size - turning) for size in sizes)
    return int(turning[np.argmax(turning + stay <= slots)])


def _worth_staying(worth: Mapping[str, Positions], slots: int, turning: int) -> int:
    staying = _staying(worth, slots, turning)
    if staying is None:
        return -1
    return sum(int(worth[name][sorted(blocks)].sum()) for name, blocks in staying.items())


def _staying(worth: Mapping[str, Positions], slots: int, turning: int) -> dict[str, frozenset[int]] | None:
    """The blocks that stay: of each matrix as many as must, then those worth most; None if they do not fit."""
    staying: dict[str, list[int]] = {}
    others: list[tuple[int, int, int, str]] = []
    for place, (name, each) in enumerate(worth.items()):
        order = np.argsort(-each, kind="stable").tolist()
        must = max(0, len(each) - turning)
        staying[name] = order[:must]
        others += [(-int(each[block]), place, block, name) for block in order[must:]]
    room = slots - turning - sum(len(blocks) for blocks in staying.values())
    if room < 0:
        return None
    for _, _, block, name in sorted(others)[:room]:
        staying[name].append(block)
    return {name: frozenset(blocks) for name, blocks in staying.items()}


# --- phases ----------------------------------------------------------------------------------------


def _spans(
    products: Sequence[str],
    worth: Mapping[str, Positions],
    staying: Mapping[str, frozenset[int]],
    turning: int,
) -> list[tuple[int, int]]:
    """Neighbouring products together, as many as find room for what takes turns."""
    spans: list[tuple[int, int]] = []
    first, names, moving = 0, set[str](), 0
    for number, name in enumerate(products):
        more = 0 if name in names else len(worth[name]) - len(staying[name])
        if moving + more > turning:
            spans.append((first, number))
            first, names, moving, more = number, set(), 0, len(worth[name]) - len(staying[name])
        names.add(name)
        moving += more
    return [*spans, (first, len(products))]


def _blocks(
    products: Sequence[str], worth: Mapping[str, Positions], wanted: Callable[[str, int], bool]
) -> list[Block]:
    return [
        Block(name, number)
        for name in dict.fromkeys(products)
        for number in range(len(worth[name]))
        if wanted(name, number)
    ]


def _slots_of(held: Mapping[int, Block]) -> dict[Block, int]:
    return {block: slot for slot, block in held.items()}


def _numbered(worth: Mapping[str, Positions], staying: Mapping[str, frozenset[int]]) -> dict[Block, int]:
    """Slots of what stays: the first ones, matrix by matrix."""
    blocks = _blocks(list(worth), worth, lambda name, number: number in staying[name])
    return {block: slot for slot, block in enumerate(blocks)}


def _take_turns(turns: Sequence[Sequence[Block]], slots: range) -> list[dict[int, Block]]:
    """Slots of what takes turns, by phase: each phase goes on where the one before it ended, round and round, so
    that all wear alike and what is written for a phase need not be where the one before it works. A block
    that is still there is found there."""
    held: dict[int, Block] = {}
    placed, at = [], 0
    for blocks in turns:
        wanted = set(blocks)
        here = {slot: block for slot, block in held.items() if block in wanted}
        found = set(here.values())
        for block in blocks:
            if block in found:
                continue
            while slots[at % len(slots)] in here:
                at += 1
            here[slots[at % len(slots)]] = block
        held.update(here)
        placed.append(here)
    return placed


# --- writes ----------------------------------------------------------------------------------------


def _writes(
    phases: Sequence[Phase], held: Sequence[Mapping[int, Block]], slots_per_tile: int
) -> tuple[Write, ...]:
    """What must be written for each phase, tile by tile."""
    holds = {slot: block for here in held for slot, block in here.items()}  # at the end of a pass
    users: dict[int, list[int]] = {}
    for number, phase in enumerate(phases):
        for tile in {slot // slots_per_tile for slot in phase.slots.values()}:
            users.setdefault(tile, []).append(number)
    writes = []
    for number, here in enumerate(held):
        by_tile: dict[int, dict[int, Block]] = {}
        for slot, block in sorted(here.items()):
            if holds[slot] != block:
                by_tile.setdefault(slot // slots_per_tile, {})[slot] = block
            holds[slot] = block
        for tile, slots in by_tile.items():
            using = users[tile]
            writes.append(Write(tile, number, using[using.index(number) - 1], slots))
    return tuple(writes)


def _at_rest(held: Sequence[Mapping[int, Block]], writes: Sequence[Write]) -> dict[int, Block]:
    """What the arrays that take turns hold between two passes: what is needed first is there already."""
    holds = {slot: block for here in held for slot, block in here.items()}
    for write in writes:
        if write.after >= write.before:
            holds.update(write.slots)
    return holds


def blocks_missing(plan: Schedule, passes: int = 2) -> int:
    """Blocks that are not there when a phase needs them, each write being done as soon as it may be."""
    holds = dict(plan.initial)
    missing = 0
    for _ in range(passes):
        for number, phase in enumerate(plan.phases):
            missing += sum(holds.get(slot) != block for block, slot in phase.slots.items())
            for write in plan.writes:
                if write.after == number:
                    holds.update(write.slots)
    return missing
