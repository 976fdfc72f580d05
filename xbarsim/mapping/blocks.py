"""Cutting weight matrices into blocks that fit an array."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np

from xbarsim.mapping.spans import Span
from xbarsim.workload.graph import Matrix, Positions


@dataclass(frozen=True)
class Cut:
    """How one matrix is cut. Blocks are numbered column block by column block, rows within.

    row_blocks blocks share the same columns and give partial sums of one another; column_blocks stand
    side by side. Small groups (depthwise convolution) are packed on the diagonal of an array, because
    each needs its own word lines and its own bit lines: `groups_per_block` of them. A weight takes
    `lines_per_weight` word lines.
    """

    matrix: Matrix
    block_rows: int
    block_columns: int
    row_blocks: int
    column_blocks: int
    groups_per_block: int
    cells_per_weight: int
    lines_per_weight: int = 1

    @property
    def blocks(self) -> int:
        return self.row_blocks * self.column_blocks

    @cached_property
    def _columns_per_group(self) -> int:
        return -(-self.matrix.columns // self.block_columns)

    @property
    def _packed(self) -> bool:
        return self.groups_per_block > 1

    @cached_property
    def _groups(self) -> Positions:
        """Groups on the diagonal of each column block, where they are packed."""
        first = np.arange(self.column_blocks, dtype=np.int64) * self.groups_per_block
        return np.minimum(self.groups_per_block, self.matrix.groups - first)

    @cached_property
    def _heights(self) -> Positions:
        """Inputs of a block: by row block, or by column block where groups are packed."""
        if self._packed:
            return self._groups * self.matrix.rows
        first = np.arange(self.row_blocks, dtype=np.int64) * self.block_rows
        return np.minimum(self.block_rows, self.matrix.rows - first)

    @cached_property
    def _widths(self) -> Positions:
        """Results of the blocks of each column block."""
        if self._packed:
            return self._groups * self.matrix.columns
        first = np.arange(self._columns_per_group, dtype=np.int64) * self.block_columns
        return np.tile(np.minimum(self.block_columns, self.matrix.columns - first), self.matrix.groups)

    @cached_property
    def _spans(self) -> list[tuple[float, float]]:
        """The pieces of the input vector (0 to 1), group by group, row block by row block."""
        groups, rows = self.matrix.groups, self.matrix.rows
        if self._packed:
            firsts = [column * self.groups_per_block for column in range(self.column_blocks)]
            each = self._groups.tolist()
            return [(first / groups, (first + n) / groups) for first, n in zip(firsts, each, strict=True)]
        lows = [row * self.block_rows for row in range(self.row_blocks)]
        heights = self._heights.tolist()
        return [
            ((group + low / rows) / groups, (group + (low + height) / rows) / groups)
            for group in range(groups)
            for low, height in zip(lows, heights, strict=True)
        ]

    @cached_property
    def block_weights(self) -> Positions:
        """Weights in each block."""
        if self._packed:
            return self._groups * (self.matrix.rows * self.matrix.columns)
        return np.multiply.outer(self._widths, self._heights).reshape(-1)

    def place(self, block: int) -> tuple[int, int]:
        """(column block, row block) of a block."""
        return divmod(block, self.row_blocks)

    def columns(self, block: int) -> int:
        """Results of the block."""
        return int(self._widths[block // self.row_blocks])

    def weights(self, block: int) -> int:
        return int(self.block_weights[block])

    def cells(self, block: int, blocks: int = 1) -> int:
        """Cells that hold weights in neighbouring blocks, from this one on."""
        before = self._weights_before
        return (before[block + blocks] - before[block]) * self.cells_per_weight

    @cached_property
    def _weights_before(self) -> list[int]:
        """Weights in all blocks before each, and in all."""
        return [0, *np.cumsum(self.block_weights).tolist()]

    def slab(self, first_block: int, blocks: int) -> Slab:
        """What neighbouring blocks are together; counted once for all copies that are divided alike."""
        key = (first_block, blocks)
        if key not in self._slabs:
            self._slabs[key] = self._counted(np.arange(first_block, first_block + blocks))
        return self._slabs[key]

    @cached_property
    def _slabs(self) -> dict[tuple[int, int], Slab]:
        return {}

    def _counted(self, blocks: Positions) -> Slab:
        column, row = np.divmod(blocks, self.row_blocks)
        heights, widths = self._heights[column if self._packed else row], self._widths[column]
        pieces = column if self._packed else column // self._columns_per_group * self.row_blocks + row
        read = np.unique(pieces)
        return Slab(
            inputs=int(self._heights[read % len(self._heights)].sum()),
            spans=tuple((self._spans[a][0], self._spans[b][1]) for a, b in _runs(read)),
            most_rows=int(heights.max()),
            rows=int(heights.sum()),
            widths=tuple(Counter(widths.tolist()).items()),
            weights=int(self.block_weights[blocks].sum()),
            additions=int(widths.sum() - self._widths[column[0] : column[-1] + 1].sum()),
        )

    def output_span(self, block: int) -> tuple[float, float]:
        """Share of the result vector (0 to 1) that the block's column holds."""
        column, _ = self.place(block)
        total = self.matrix.columns * self.matrix.groups
        if self._packed:
            first = column * self.groups_per_block * self.matrix.columns
        else:
            group, within = divmod(column, self._columns_per_group)
            first = group * self.matrix.columns + within * self.block_columns
        return first / total, (first + self.columns(block)) / total


@dataclass(frozen=True)
class Slab:
    """Neighbouring blocks that work together.

    inputs: elements of the input vector that they read, each once; spans: the parts of it where these lie.
    most_rows, rows: word lines of the highest block, and of all.
    widths: results of a block, and how many blocks have so many.
    additions: of partial sums, until one is left of each column.
    """

    inputs: int
    spans: tuple[Span, ...]
    most_rows: int
    rows: int
    widths: tuple[tuple[int, int], ...]
    weights: int
    additions: int

    @property
    def columns(self) -> int:
        """Results of all blocks."""
        return sum(width * blocks for width, blocks in self.widths)


def _runs(numbers: Positions) -> list[tuple[int, int]]:
    """First and last of the numbers that follow one another."""
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts, lasts = numbers[np.r_[0, breaks + 1]], numbers[np.r_[breaks, -1]]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


class Room(Protocol):
    """What cutting asks of an array (see `spec.roles.Array`)."""

    @property
    def rows(self) -> int: ...
    @property
    def weight_rows(self) -> int: ...
    @property
    def weight_columns(self) -> int: ...
    @property
    def cells_per_weight(self) -> int: ...


def cut(matrix: Matrix, array: Room, even: bool = False, times: int = 1) -> Cut:
    """Cut a matrix for one kind of array: into full blocks and a rest, or into blocks as equal as can be.

    times: how often every weight is stored, below one another.
    """
    rows, columns = array.weight_rows // times, array.weight_columns
    cells, lines = array.cells_per_weight * times, array.rows // array.weight_rows * times
    packed = min(rows // matrix.rows, columns // matrix.columns) if matrix.groups > 1 else 1
    if packed > 1:
        packed = min(packed, matrix.groups)
        return _kept(Cut(matrix, rows, columns, 1, -(-matrix.groups // packed), packed, cells, lines))
    row_blocks, column_blocks = -(-matrix.rows // rows), -(-matrix.columns // columns)
    if even:
        rows, columns = -(-matrix.rows // row_blocks), -(-matrix.columns // column_blocks)
    return _kept(Cut(matrix, rows, columns, row_blocks, column_blocks * matrix.groups, 1, cells, lines))


@lru_cache(maxsize=1024)
def _kept(cut: Cut) -> Cut:
    """The first that is equal: what has been counted of its blocks holds for the next chip, too."""
    return cut
