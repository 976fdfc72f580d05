"""Routing in mixtures of experts: choosing the best, and spreading their gates over all experts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from xbarsim.workload.capture.build import NOTHING, Cost, Read
from xbarsim.workload.capture.call import Call, Result, converts
from xbarsim.workload.capture.layout import Layout, Reach, View, canonical, need_of, roles_of, settle_roles
from xbarsim.workload.capture.ops_elementwise import layout_for
from xbarsim.workload.graph import OpKind


@converts("topk")
def top_k(call: Call) -> Result:
    """The k largest of each row and their places: k times the maximum of those that are left.

    Comparisons of a row of n: (n - 1) + (n - 2) + … + (n - k).
    """
    view, k = call.view("self"), call["k"]
    dim = call.get("dim", -1) % len(view.shape)
    layout = canonical(call.shape, settle_roles([roles_of(view)]))
    row = view.shape[dim]
    compared = max(1, sum(row - 1 - number for number in range(k)))
    cost = Cost(element_ops=view.elements // row * compared)
    best = call.emit(OpKind.POOLING, [_rows(view, dim, layout)], layout, cost, "topk")
    return best, best


@converts("one_hot")
def one_hot(call: Call) -> Result:
    """A comparison for each place that may be the one."""
    view = call.view("self")
    shown = view.seen_as(view.index.unsqueeze(-1).expand(call.shape))
    known = [True if role is None else role for role in roles_of(view)]
    layout = canonical(call.shape, (*known, False))
    cost = Cost(element_ops=math.prod(call.shape))
    reach = Reach.of(shown)
    read = Read(view, need_of(reach, view.extent, layout.positions, layout.extent))
    return call.emit(OpKind.ELEMENTWISE, [read], layout, cost)


@converts("scatter", "scatter_add", "scatter_reduce")
def scatter(call: Call) -> Result:
    """Elements written to computed places of their row: a move, whatever lay there before."""
    dim = call["dim"] % len(call.shape)
    views = list(dict.fromkeys(call.views()))
    whole = [view for view in views if view.shape == call.shape]
    roles = settle_roles([roles_of(view) for view in views])
    layout = layout_for(call.shape, whole) if whole else canonical(call.shape, roles)
    return call.emit(OpKind.MOVE, [_rows(view, dim, layout) for view in views], layout, NOTHING)


def _rows(view: View, dim: int, layout: Layout) -> Read:
    """Each element of the result reads the whole row of the view that it lies in."""
    reach = Reach.of(view).over([dim])
    rows = _row_positions(layout, dim, reach.first.shape)
    return Read(view, need_of(reach.expand(rows.shape), view.extent, rows, layout.extent))


def _row_positions(layout: Layout, dim: int, read: Sequence[int]) -> Tensor:
    """Positions of the result, of as many rows as are read."""
    positions = layout.positions
    for other, size in enumerate(read):
        if other != dim and size < positions.shape[other]:
            positions = positions.narrow(other, 0, size)
    return positions
