"""Neighbouring blocks counted together are the blocks counted one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim.mapping.blocks import Cut
from xbarsim.workload.graph import Matrix


@st.composite
def cuts(draw: st.DrawFn) -> Cut:
    rows, columns, groups = (draw(st.integers(1, 20)) for _ in range(3))
    block_rows, block_columns = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    packed = min(block_rows // rows, block_columns // columns, groups) if groups > 1 else 1
    row_blocks = 1 if packed > 1 else -(-rows // block_rows)
    side_by_side = -(-groups // packed) if packed > 1 else -(-columns // block_columns) * groups
    matrix = Matrix("m", rows, columns, groups)
    return Cut(matrix, block_rows, block_columns, row_blocks, side_by_side, max(1, packed), 2)


@given(cuts(), st.data())
def test_slab(cut: Cut, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, cut.blocks - 1))
    blocks = range(first, data.draw(st.integers(first + 1, cut.blocks)))
    slab = cut.slab(first, len(blocks))
    assert slab.columns == sum(cut.columns(b) for b in blocks)
    assert slab.weights == sum(cut.weights(b) for b in blocks)
    by_column: dict[int, list[int]] = {}
    for b in blocks:
        by_column.setdefault(cut.place(b)[0], []).append(cut.columns(b))
    assert slab.additions == sum((len(widths) - 1) * widths[0] for widths in by_column.values())
    ends = [end for span in slab.spans for end in span]
    assert ends == sorted(ends) and ends[0] >= 0.0 and ends[-1] <= 1.0 + 1e-12
    read = sum(high - low for low, high in slab.spans) * cut.matrix.rows * cut.matrix.groups
    assert slab.inputs == pytest.approx(read)
    assert slab.most_rows <= slab.inputs <= slab.rows


@given(cuts())
def test_all_blocks_hold_the_matrix_and_read_its_whole_input(cut: Cut) -> None:
    slab = cut.slab(0, cut.blocks)
    assert slab.weights == cut.matrix.weights
    assert slab.columns == cut.matrix.columns * cut.matrix.groups * cut.row_blocks
    assert slab.inputs == cut.matrix.rows * cut.matrix.groups
    assert slab.spans == ((0.0, 1.0),)


def test_equal_cuts_are_one_so_that_blocks_are_counted_once_for_many_chips() -> None:
    import xbarsim as xs

    work = xs.load_workload("mlp_digits")
    programs = [xs.map_network(xs.load_chip("tutorial", [f"tile.adc.bits={bits}"]), work) for bits in (6, 8)]
    other = xs.map_network(xs.load_chip("tutorial", ["tile.array.rows=64"]), work)
    for name, cut in programs[0].cuts.items():
        assert programs[1].cuts[name] is cut
        assert other.cuts[name] != cut
