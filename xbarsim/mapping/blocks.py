"""Cutting weight matrices into blocks that fit an array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from xbarsim.spec.roles import Array
from xbarsim.workload.graph import Matrix


@dataclass(frozen=True)
class Cut:
    """How one matrix is cut. Blocks are numbered column block by column block, rows within.

    row_blocks blocks share the same columns and give partial sums of one another; column_blocks stand
    side by side. Small groups (depthwise convolution) are packed on the diagonal of an array, because
    each needs its own word lines and its own bit lines: `groups_per_block` of them.
    """

    matrix: Matrix
    block_rows: int
    block_columns: int
    row_blocks: int
    column_blocks: int
    groups_per_block: int
    cells_per_weight: int

    @property
    def blocks(self) -> int:
        return self.row_blocks * self.column_blocks

    def place(self, block: int) -> tuple[int, int]:
        """(column block, row block) of a block."""
        return divmod(block, self.row_blocks)

    @cached_property
    def _columns_per_group(self) -> int:
        return -(-self.matrix.columns // self.block_columns)

    def _groups_in(self, column: int) -> int:
        return min(self.groups_per_block, self.matrix.groups - column * self.groups_per_block)

    def rows(self, block: int) -> int:
        """Word lines' worth of inputs that the block uses."""
        column, row = self.place(block)
        if self.groups_per_block > 1:
            return self._groups_in(column) * self.matrix.rows
        return min(self.block_rows, self.matrix.rows - row * self.block_rows)

    def columns(self, block: int) -> int:
        """Results of the block."""
        column, _ = self.place(block)
        if self.groups_per_block > 1:
            return self._groups_in(column) * self.matrix.columns
        within = column % self._columns_per_group
        return min(self.block_columns, self.matrix.columns - within * self.block_columns)

    def weights(self, block: int) -> int:
        column, _ = self.place(block)
        if self.groups_per_block > 1:
            return self._groups_in(column) * self.matrix.rows * self.matrix.columns
        return self.rows(block) * self.columns(block)

    def cells(self, block: int) -> int:
        return self.weights(block) * self.cells_per_weight

    def input_span(self, block: int) -> tuple[float, float]:
        """Share of the input vector (0 to 1) that the block reads."""
        column, row = self.place(block)
        groups = self.matrix.groups
        if self.groups_per_block > 1:
            first = column * self.groups_per_block
            return first / groups, (first + self._groups_in(column)) / groups
        group = column // self._columns_per_group
        low = row * self.block_rows
        high = low + self.rows(block)
        return (group + low / self.matrix.rows) / groups, (group + high / self.matrix.rows) / groups

    def output_span(self, block: int) -> tuple[float, float]:
        """Share of the result vector (0 to 1) that the block's column holds."""
        column, _ = self.place(block)
        total = self.matrix.columns * self.matrix.groups
        if self.groups_per_block > 1:
            first = column * self.groups_per_block * self.matrix.columns
        else:
            group, within = divmod(column, self._columns_per_group)
            first = group * self.matrix.columns + within * self.block_columns
        return first / total, (first + self.columns(block)) / total


def cut(matrix: Matrix, array: Array) -> Cut:
    """Cut a matrix for one kind of array."""
    rows, columns = array.weight_rows, array.weight_columns
    packed = min(rows // matrix.rows, columns // matrix.columns) if matrix.groups > 1 else 1
    if packed > 1:
        packed = min(packed, matrix.groups)
        return Cut(matrix, rows, columns, 1, -(-matrix.groups // packed), packed, array.cells_per_weight)
    side_by_side = -(-matrix.columns // columns) * matrix.groups
    return Cut(matrix, rows, columns, -(-matrix.rows // rows), side_by_side, 1, array.cells_per_weight)
