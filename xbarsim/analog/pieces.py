"""The blocks of a cut matrix as pieces of its input and output vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xbarsim.mapping.blocks import Cut

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """One block: the inputs it reads, the outputs to which it adds, its weights (groups, outputs, inputs of each)."""

    inputs: slice
    outputs: slice
    weights: Values


def pieces(cut: Cut, weights: Values) -> Iterator[Piece]:
    """All blocks, in the cut's order; weights: (groups, columns, rows) of the whole matrix."""
    for block in range(cut.blocks):
        column, row = cut.place(block)
        yield _packed(cut, column, weights) if cut.groups_per_block > 1 else _plain(cut, column, row, weights)


def _packed(cut: Cut, column: int, weights: Values) -> Piece:
    """Groups on the diagonal of an array."""
    rows, columns = cut.matrix.rows, cut.matrix.columns
    first = column * cut.groups_per_block
    last = min(first + cut.groups_per_block, cut.matrix.groups)
    return Piece(
        slice(first * rows, last * rows), slice(first * columns, last * columns), weights[first:last]
    )


def _plain(cut: Cut, column: int, row: int, weights: Values) -> Piece:
    rows, columns = cut.matrix.rows, cut.matrix.columns
    group, within = divmod(column, cut.column_blocks // cut.matrix.groups)
    top, left = row * cut.block_rows, within * cut.block_columns
    bottom, right = min(top + cut.block_rows, rows), min(left + cut.block_columns, columns)
    return Piece(
        slice(group * rows + top, group * rows + bottom),
        slice(group * columns + left, group * columns + right),
        weights[group : group + 1, left:right, top:bottom],
    )
