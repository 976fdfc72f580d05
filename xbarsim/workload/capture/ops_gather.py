"""Picking elements: by constant numbers it is a view, by computed ones a look-up in a table."""

from __future__ import annotations

from collections.abc import Sequence

from xbarsim.workload.capture.build import Cost, Read
from xbarsim.workload.capture.call import Call, Result, Unsupported, converts, read_elements
from xbarsim.workload.capture.constants import Constant
from xbarsim.workload.capture.layout import (
    Reach,
    View,
    canonical,
    need_of,
    roles_of,
    settle_roles,
)
from xbarsim.workload.capture.ops_shape import on_index, seen_through
from xbarsim.workload.graph import OpKind


@converts("index", "index_select", "gather", "take_along_dim")
def gather(call: Call) -> Result:
    """Elements picked by constant numbers are a view; by computed ones, a table look-up."""
    data = call["self"]
    numbers = [value for key, value in call.arguments.items() if key in ("indices", "index", "indexes")]
    computed = [v for v in call.views() if v is not data]
    if isinstance(data, View) and not computed:
        return seen_through(data, call.node.target(**on_index(call)))  # type: ignore[operator]
    if not numbers:
        raise Unsupported("its indices are not known")
    return look_up(call, data, computed)


def look_up(call: Call, data: View | Constant, numbers: Sequence[View]) -> View:
    """A row of a table for each number that the network computes or is given."""
    shape = call.shape
    known = [
        roles_of(n) + [None] * (len(shape) - len(n.shape)) for n in numbers if len(n.shape) <= len(shape)
    ]
    roles = [True if d < len(numbers[0].shape) else None for d in range(len(shape))]
    layout = canonical(shape, settle_roles([roles, *known]))
    reads = []
    for view in numbers:
        index = view.index.reshape(view.shape + (1,) * (len(shape) - len(view.shape)))
        reads.append(read_elements(view.seen_as(index), layout))
    if isinstance(data, View):
        whole = data.positions
        reach = Reach(whole.amin().expand(shape), whole.amax().expand(shape))
        reads.append(Read(data, need_of(reach, data.extent, layout.positions, layout.extent)))
    return call.emit(OpKind.GATHER, reads, layout, Cost())


@converts("embedding")
def embedding(call: Call) -> Result:
    """A row of the table for each token; the table is held in memory."""
    return look_up(call, call["weight"], [call.view("indices")])
