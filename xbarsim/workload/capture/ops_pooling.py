"""Pooling over windows of a map: fixed windows, and those that fit a wanted output size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from xbarsim.workload.capture.build import Cost, Read
from xbarsim.workload.capture.call import Call, Result, converts
from xbarsim.workload.capture.layout import Layout, Reach, View, channels_first, need_of
from xbarsim.workload.capture.needs import Fit, two_axes
from xbarsim.workload.capture.ops_matrix import per_axis, window
from xbarsim.workload.capture.ops_shape import as_map
from xbarsim.workload.graph import OpKind, Window


@converts(
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_pool2d_with_indices",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
)
def pool(call: Call) -> Result:
    """One element from each window of one channel; as many operations as the window has elements."""
    axes = int(call.function[call.function.index("pool") + 4])
    view = as_map(call, _batched(call.view("self"), axes))
    layout = channels_first(_batched_shape(call, axes))
    kernel = per_axis(call["kernel_size"], axes)
    fit = window(call, view, layout, kernel)
    cost = Cost(element_ops=math.prod(kernel) * layout.index.numel())
    return _result(call, call.emit(OpKind.POOLING, [Read(view, fit)], layout, cost, _function(call)))


@converts(
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "_adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
)
def adaptive_pool(call: Call) -> Result:
    """Windows as large as needed for the wanted size; nothing where the size is already right."""
    axes = int(call.function[call.function.index("pool") + 4])
    if call.shape == call.view("self").shape:
        return _result(call, call.view("self"))
    view = as_map(call, _batched(call.view("self"), axes))
    layout = channels_first(_batched_shape(call, axes))
    sizes, outs = view.shape[2:], layout.index.shape[2:]
    spans = [_spans(size, out) for size, out in zip(sizes, outs, strict=True)]
    area = math.prod(sum(high - low for low, high in axis) for axis in spans)
    fit = _even(sizes, outs) or _uneven(view, spans, layout)
    cost = Cost(element_ops=area * view.shape[1])
    made = call.emit(OpKind.POOLING, [Read(view, fit)], layout, cost, _function(call))
    return _result(call, made)


def _spans(size: int, out: int) -> list[tuple[int, int]]:
    return [(at * size // out, -(-(at + 1) * size // out)) for at in range(out)]


def _even(sizes: Sequence[int], outs: Sequence[int]) -> Fit | None:
    """Windows that tile the map, if they do."""
    if len(sizes) > 2 or any(size % out for size, out in zip(sizes, outs, strict=True)):
        return None
    kernel = two_axes(size // out for size, out in zip(sizes, outs, strict=True))
    return Fit(Window(two_axes(sizes), two_axes(outs), kernel, kernel), True)


def _uneven(view: View, spans: Sequence[Sequence[tuple[int, int]]], made: Layout) -> Fit:
    """What windows of different sizes read, measured."""
    reach = Reach.of(view).over([1])
    for axis, spans_of_axis in enumerate(spans):
        dim = axis + 2
        parts = [
            Reach(reach.first.narrow(dim, low, high - low), reach.last.narrow(dim, low, high - low)).over(
                [dim]
            )
            for low, high in spans_of_axis
        ]
        reach = Reach(torch.cat([p.first for p in parts], dim), torch.cat([p.last for p in parts], dim))
    return need_of(reach.expand(made.index.shape), view.extent, made.positions, made.extent)


def _batched(view: View, axes: int) -> View:
    return view if len(view.shape) == axes + 2 else view.seen_as(view.index.unsqueeze(0))


def _batched_shape(call: Call, axes: int) -> tuple[int, ...]:
    return call.shape if len(call.shape) == axes + 2 else (1, *call.shape)


def _function(call: Call) -> str:
    return "max_pool" if "max_pool" in call.function else "avg_pool"


def _result(call: Call, view: View) -> Result:
    """In the caller's shape; with a second result where the operation also gives indices."""
    shown = view.seen_as(view.index.reshape(call.shape))
    return (shown, shown) if isinstance(call.node.meta["val"], (tuple, list)) else shown
