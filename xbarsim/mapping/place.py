"""Placing: how many copies of each matrix, and which array slots they take."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from itertools import chain

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plot import Plot
from xbarsim.mapping.program import Copy, Segment
from xbarsim.mapping.stripes import most_positions, next_count
from xbarsim.workload.graph import Op, OpGraph, OpKind

BUDGETS = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)  # shares of the arrays that copies may fill, tried in turn


def place(
    graph: OpGraph, floor: Floor, plot: Plot | None = None
) -> tuple[dict[str, Cut], dict[str, tuple[Copy, ...]]]:
    """Cut, replicate and place all matrices, on the plot if one is given.

    Raises: MappingError if one copy of each does not fit.
    """
    cuts = {name: floor.cut(matrix) for name, matrix in graph.matrices.items()}
    needed = sum(c.blocks for c in cuts.values())
    if needed > floor.slots:
        raise MappingError(_missing(graph, floor, cuts, needed))
    slots, taken = (floor.slots, {}) if plot is None else (plot.slots, plot.taken)
    balance = floor.chip.header.mapping.replicate == "balance"
    for budget in BUDGETS if balance else ():
        copies = replicate(graph, cuts, max(needed, int(budget * slots)))
        placed = _Filling(floor, cuts, True, taken).fill(copies)
        if placed is not None:
            return cuts, placed
    single = dict.fromkeys(cuts, 1)
    for aligned in (True, False):
        placed = _Filling(floor, cuts, aligned, taken).fill(single)
        if placed is not None:
            return cuts, placed
    tiles = len(floor.tiles)
    raise MappingError(
        f"{graph.name} on {floor.chip.name}: {len(cuts)} layers, {tiles} tiles of which each may hold "
        f"one layer only. Raise {floor.tile_part.path}.count, or set mapping.exclusive_tiles: false."
    )


def replicate(graph: OpGraph, cuts: Mapping[str, Cut], slots: int) -> dict[str, int]:
    """Copies of each matrix so that the slowest layer of the pipeline is as fast as the slots allow.

    Always the layer whose busiest copy has the most positions gets more, until it has one copy per position
    or no room is left for it: then no other copy can make the pipeline faster.
    """
    users: dict[str, list[Op]] = {}
    for op in graph.ops:
        if op.kind is OpKind.MVM and op.matrix is not None:
            users.setdefault(op.matrix, []).append(op)
    copies = dict.fromkeys(cuts, 1)
    left = slots - sum(c.blocks for c in cuts.values())
    queue = [(-_load(ops, 1), name) for name, ops in users.items()]
    heapq.heapify(queue)
    while queue:
        _, name = queue[0]
        wanted = min((n for op in users[name] if (n := next_count(op, copies[name]))), default=None)
        if wanted is None or cuts[name].blocks * (wanted - copies[name]) > left:
            break
        left -= cuts[name].blocks * (wanted - copies[name])
        copies[name] = wanted
        heapq.heapreplace(queue, (-_load(users[name], wanted), name))
    return copies


def _load(ops: list[Op], copies: int) -> int:
    """Products that the busiest copy of a matrix does for one request."""
    return sum(most_positions(op, copies) for op in ops)


class _Filling:
    """Fills tiles in their order, each layer from where the last one ended, then gaps left behind."""

    def __init__(self, floor: Floor, cuts: Mapping[str, Cut], aligned: bool, taken: Mapping[str, int]):
        self.floor, self.cuts, self.aligned = floor, cuts, aligned
        self.exclusive = floor.chip.header.mapping.exclusive_tiles
        self.used = [taken.get(tile, 0) for tile in floor.tiles]
        self.first_open = 0
        self.at = 0

    def fill(self, copies: Mapping[str, int]) -> dict[str, tuple[Copy, ...]] | None:
        placed = {}
        for name, count in copies.items():
            if self.exclusive:
                self.at = next((i for i, used in enumerate(self.used) if not used), len(self.used))
            made = []
            for _ in range(count):
                copy = self._copy(self.cuts[name])
                if copy is None:
                    return None
                made.append(copy)
            placed[name] = tuple(made)
        return placed

    def _copy(self, c: Cut) -> Copy | None:
        size, used = self.floor.slots_per_tile, self.used
        unit = c.row_blocks if self.aligned and c.row_blocks <= size else 1
        segments: list[Segment] = []
        block, blocks = 0, c.blocks
        for i in self._order(self.at):
            free = (size - used[i]) // unit * unit
            if free:
                take = min(free, blocks - block)
                segments.append(Segment(self.floor.tiles[i], used[i], block, take))
                used[i] += take
                block += take
                self.at = i
                if block == blocks:
                    self._advance()
                    return Copy(tuple(segments))
        return None

    def _order(self, start: int) -> Iterable[int]:
        if self.exclusive:
            return range(start, len(self.used))
        return chain(range(start, len(self.used)), range(self.first_open, start))

    def _advance(self) -> None:
        while self.first_open < len(self.used) and self.used[self.first_open] == self.floor.slots_per_tile:
            self.first_open += 1
        if self.at < self.first_open:
            self.at = self.first_open


def _missing(graph: OpGraph, floor: Floor, cuts: Mapping[str, Cut], needed: int) -> str:
    """What is missing, as style asks: how much, how many tiles, which layer is the largest, what to do."""
    largest = max(cuts.values(), key=lambda c: c.blocks)
    per_tile = floor.slots_per_tile
    tiles = -(-needed // per_tile)
    short = tiles - len(floor.tiles)
    phases = "allow mapping.time_multiplex"
    if floor.chip.header.mapping.time_multiplex:
        phases = "run it in phases (one program cannot hold it)"
    of = f" of {per_tile} arrays" if per_tile > 1 else ""
    return (
        f"{graph.name} on {floor.chip.name}: {needed:,} array blocks, {floor.slots:,} arrays: "
        f"{needed - floor.slots:,} missing ({short:,} tiles{of}); largest layer: {largest.matrix.name} "
        f"({largest.blocks:,}). Raise {floor.tile_part.path}.count to at least {tiles:,}"
        f"{' in all' if '.' in floor.tile_part.path else ''}, {phases}, take a smaller network, or "
        f"store fewer bits per weight ({floor.array_part.path}.weight.bits)"
    )
