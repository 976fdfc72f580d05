"""Workloads in one line: what they are, and what is said of those that are none."""

from __future__ import annotations

import pytest

from xbarsim.errors import WorkloadError
from xbarsim.workload.inline import read_inline

FORMS = (
    "write it like 'product 2016x224', 'product 256x256 x64', 'product 1008x2016 lstm_step', 'chain 64x32x10 relu' or "
    "'conv 64x3x112' (maps, kernel, side)"
)


def test_a_convolution_keeps_the_size_of_its_maps() -> None:
    graph = read_inline("conv 64x3x112")
    x, conv = graph.ops
    assert (x.positions, x.width) == (112 * 112, 64)
    assert (conv.positions, conv.width, conv.macs) == (112 * 112, 64, 112 * 112 * 64 * 9 * 64)
    assert graph.matrices["conv"].rows == 64 * 9
    assert conv.needs[0].last_needed(conv.positions)[0] == 112 + 1  # one line and one pixel below the first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv 64x3", f"'conv 64x3': a convolution has maps, kernel and side alone; {FORMS}"),
        ("conv 64x3x8 relu", f"'conv 64x3x8 relu': a convolution has maps, kernel and side alone; {FORMS}"),
        ("conv 0x3x8", f"'conv 0x3x8' has a width of 0; {FORMS}"),
        ("chain 8x8 x2", f"'chain 8x8 x2': only products stand side by side; {FORMS}"),
        ("conv 8", f"'conv 8' is no workload in one line; {FORMS}"),
    ],
)
def test_what_is_no_workload_is_told_how_to_be_one(text: str, message: str) -> None:
    with pytest.raises(WorkloadError) as error:
        read_inline(text)
    assert str(error.value) == message
