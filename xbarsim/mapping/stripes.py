"""Which copy does which position: stripes of a feature map, so that neighbouring layers share tiles.

Copies of a layer divide its map into stripes of columns, all at work on the same row, so that layers go on
pipelining by rows and a copy reads almost only what the copies before it on the same tile have made. More
copies than columns also take turns with the rows. Sequences (one row) are dealt out in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from xbarsim.mapping.program import Link
from xbarsim.workload.graph import Op, Positions, Window


def grid(op: Op) -> tuple[int, int]:
    """(rows, columns) of an operation's positions; one row if it is no map."""
    for need in op.needs:
        if isinstance(need, Window):
            return need.output_size
    return 1, op.positions


def next_count(op: Op, copies: int) -> int | None:
    """The next number of copies that makes the busiest one do less; None if there is none."""
    rows, columns = grid(op)
    if copies >= op.positions:
        return None
    if rows == 1:
        return copies + 1
    if copies < columns:
        widest = -(-columns // copies)
        return -(-columns // (widest - 1)) if widest > 1 else columns
    turns = copies // columns
    return (turns + 1) * columns if turns < rows else None


def most_positions(op: Op, copies: int) -> int:
    """Positions of the busiest copy."""
    rows, columns = grid(op)
    if rows == 1:
        return -(-op.positions // copies)
    if copies <= columns:
        return -(-columns // copies) * rows
    return -(-rows // (copies // columns))


def owners(op: Op, copies: int) -> Positions:
    """The copy that does each position."""
    rows, columns = grid(op)
    index = np.arange(op.positions, dtype=np.int64)
    if rows == 1:
        return index % copies
    row, column = index // columns, index % columns
    if copies <= columns:
        return column // -(-columns // copies)
    turns = copies // columns
    return (column * turns + row % turns).astype(np.int64)


@dataclass(frozen=True)
class Readers:
    """Which homes of a consumer read each position of a producer: `of` says which of the `groups` do."""

    groups: tuple[tuple[int, ...], ...]
    of: Positions


def readers(link: Link, owner: Positions, homes: int, positions: int) -> Readers:
    """The homes of the consumer that read each position of the producer."""
    together = np.zeros(positions, dtype=np.int64)
    if link.window is not None and (homes > 1 or _skips(link.window)):
        return _by_window(link.window, owner, homes)
    if homes == 1:
        return Readers(((0,),), together)
    if not (link.last_needed == link.first_needed).all():
        return Readers((tuple(np.unique(owner).tolist()),), together)
    position, home = np.divmod(np.unique(link.last_needed * homes + owner), homes)
    starts = np.searchsorted(position, np.arange(positions + 1)).tolist()
    each = home.tolist()
    return _grouped([tuple(each[a:b]) for a, b in pairwise(starts)])


def _grouped(read_by: Sequence[tuple[int, ...]]) -> Readers:
    number: dict[tuple[int, ...], int] = {}
    of = np.array([number.setdefault(found, len(number)) for found in read_by], dtype=np.int64)
    return Readers(tuple(number), of)


def _by_window(window: Window, owner: Positions, homes: int) -> Readers:
    """Homes whose windows reach a position: those that reach its row and its column."""
    owned = owner.reshape(window.output_size)
    reach = []
    for axis in (0, 1):
        masks = np.zeros((homes, window.output_size[axis]), dtype=bool)
        at = np.arange(window.output_size[axis])
        masks[
            owned.ravel(), np.broadcast_to(at[:, None] if axis == 0 else at[None, :], owned.shape).ravel()
        ] = True
        lines, of = np.unique(_widened(masks, window, axis), axis=1, return_inverse=True)
        reach.append((lines, of.reshape(-1)))
    (rows, row_of), (columns, column_of) = reach
    by_column = [np.flatnonzero(kind) for kind in columns.T]
    kinds = _grouped([tuple(found[row[found]].tolist()) for row in rows.T for found in by_column])
    return Readers(kinds.groups, kinds.of[np.add.outer(row_of * len(by_column), column_of).reshape(-1)])


def _skips(window: Window) -> bool:
    """Whether windows pass over lines that none of them reads."""
    one = [np.ones((1, size), dtype=bool) for size in window.output_size]
    return not all(_widened(lines, window, axis).all() for axis, lines in enumerate(one))


def _widened(masks: np.ndarray, window: Window, axis: int) -> np.ndarray:
    """Input lines (rows or columns) that the windows over the masked output lines touch."""
    size = window.input_size[axis]
    touched = np.zeros((masks.shape[0], size), dtype=bool)
    start = np.arange(masks.shape[1]) * window.stride[axis] - window.padding[axis]
    for step in range(window.kernel[axis]):
        line = start + step * window.dilation[axis]
        inside = (line >= 0) & (line < size)
        touched[:, line[inside]] |= masks[:, inside]
    return touched
