"""The same arrays read the other way: errors come in on the columns, and sums leave on the rows."""

from __future__ import annotations

from dataclasses import replace

from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.program import Copy, Program, Segment


def transposed(program: Program, error_bits: int) -> Program:
    """A program whose products are those of the transposed matrices, on the arrays where the weights are.

    Arrays must hold a weight in one unit cell, so that lines are as many both ways. Drivers and converters are taken
    to serve either side.
    """
    cuts = {name: _turned(cut) for name, cut in program.cuts.items()}
    copies = {
        name: tuple(Copy(tuple(_segments(program.cuts[name], copy))) for copy in copies)
        for name, copies in program.copies.items()
    }
    return replace(program, cuts=cuts, copies=copies, activation_bits=error_bits)


def block_by_block(program: Program) -> Program:
    """The same with each block as a segment of its own, so that both directions take the same arrays."""
    copies = {
        name: tuple(Copy(tuple(_split(copy))) for copy in copies) for name, copies in program.copies.items()
    }
    return replace(program, copies=copies)


def _split(copy: Copy) -> list[Segment]:
    return [
        Segment(segment.tile, segment.first_slot + k, segment.first_block + k, 1)
        for segment in copy.segments
        for k in range(segment.blocks)
    ]


def _turned(cut: Cut) -> Cut:
    matrix = replace(cut.matrix, rows=cut.matrix.columns, columns=cut.matrix.rows)
    if cut.groups_per_block > 1:
        return replace(cut, matrix=matrix, block_rows=cut.block_columns, block_columns=cut.block_rows)
    per_group = cut.column_blocks // cut.matrix.groups
    return replace(
        cut,
        matrix=matrix,
        block_rows=cut.block_columns,
        block_columns=cut.block_rows,
        row_blocks=per_group,
        column_blocks=cut.row_blocks * cut.matrix.groups,
    )


def _segments(cut: Cut, copy: Copy) -> list[Segment]:
    """Neighbours are others in the other direction."""
    return [replace(segment, first_block=_number(cut, segment.first_block)) for segment in _split(copy)]


def _number(cut: Cut, block: int) -> int:
    """A block's number once it is turned."""
    if cut.groups_per_block > 1:
        return block
    column, row = cut.place(block)
    per_group = cut.column_blocks // cut.matrix.groups
    group, within = divmod(column, per_group)
    return (group * cut.row_blocks + row) * per_group + within
