"""Element by element, row by row: activations, arithmetic, normalisation, softmax.

One element of a point-wise function counts as one operation of a vector unit, whatever the function
(units look activations up). A row-wise function counts its passes over the row, see `PASSES`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.fx import Node

from xbarsim.workload.capture.build import Cost, Read
from xbarsim.workload.capture.call import Call, Result, converts, read_elements
from xbarsim.workload.capture.constants import Constant
from xbarsim.workload.capture.layout import (
    Layout,
    Reach,
    View,
    canonical,
    in_source_order,
    need_of,
    roles_of,
    settle_roles,
)
from xbarsim.workload.graph import OpKind

# Scalar operations per element: e.g. softmax = maximum, subtract, exponential, sum, divide.
PASSES = {
    "softmax": 5,
    "log_softmax": 5,
    "layer_norm": 7,  # sum, subtract mean, square, sum, times inverse deviation, scale, shift
    "group_norm": 7,
    "instance_norm": 7,
    "rms_norm": 4,  # square, sum, times inverse, scale
    "cumsum": 1,
    "cumprod": 1,
    "batch_norm": 2,  # scale, shift: its statistics are constants
}


def layout_for(shape: Sequence[int], views: Sequence[View]) -> Layout:
    """Layout of an element-wise result: the order of its widest operand, else by roles."""
    for view in views:
        if view.shape == tuple(shape):
            layout = in_source_order(view)
            if layout:
                return layout
    known = [roles_of(view.seen_as(view.index.expand(tuple(shape)))) for view in views]
    return canonical(shape, settle_roles(known)) if len(shape) else canonical((1,), (False,))


def pointwise(call: Call) -> View:
    """Any function of elements at the same place, with broadcasting."""
    shape = call.shape or (1,)
    views = call.views()
    layout = layout_for(shape, views)
    reads = [read_elements(view, layout) for view in views]
    view = call.emit(OpKind.ELEMENTWISE, reads, layout, Cost(element_ops=math.prod(shape)))
    return view if call.shape else view.seen_as(view.index.reshape(()))


converts(
    "pointwise",
    "__and__",
    "__or__",
    "__xor__",
    "square",
    "rsub",
    "floor_divide",
    "true_divide",
    "divide",
    "multiply",
    "subtract",
    "negative",
    "absolute",
    "clip",
    "fix",
    "hardswish",
    "prelu",
    "_prelu_kernel",
    "log_sigmoid",
    "log_sigmoid_forward",
    "tril",
    "triu",
    "greater",
    "less",
    "greater_equal",
    "less_equal",
    "not_equal",
    "special_expit",
    "isclose",
    "isnan",
    "isfinite",
    "masked_fill",
    "where",
    "fill",
    "softplus",
    "selu",
    "rrelu",
    "gelu",
    "fake_quantize_per_tensor_affine",
)(pointwise)  # those that do not carry the framework's tag


@converts("glu")
def gated(call: Call) -> Result:
    """One half times the sigmoid of the other."""
    view, dim = call.view("self"), call["dim"]
    halves = [view.seen_as(half) for half in view.index.chunk(2, dim)]
    layout = layout_for(call.shape, halves)
    reads = [read_elements(half, layout) for half in halves]
    return call.emit(OpKind.ELEMENTWISE, reads, layout, Cost(element_ops=2 * layout.index.numel()))


def rowwise(call: Call, view: View, dims: Sequence[int], kind: OpKind, function: str) -> View:
    """Every element from all elements along the given dimensions of its tensor."""
    layout = layout_for(view.shape, [view])
    reach = Reach.of(view).over(dims).expand(view.shape)
    fit = need_of(reach, view.extent, layout.positions, layout.extent)
    cost = Cost(element_ops=PASSES[function] * view.elements)
    return call.emit(kind, [Read(view, fit)], layout, cost, function)


@converts("softmax", "_softmax", "_safe_softmax")
def softmax(call: Call) -> Result:
    view = call.view("self")
    return rowwise(call, view, [call["dim"]], OpKind.SOFTMAX, "softmax")


@converts("log_softmax", "_log_softmax")
def log_softmax(call: Call) -> Result:
    view = call.view("self")
    return rowwise(call, view, [call["dim"]], OpKind.SOFTMAX, "log_softmax")


@converts("cumsum", "cumprod")
def cumulative(call: Call) -> Result:
    view = call.view("self")
    return rowwise(call, view, [call["dim"]], OpKind.ELEMENTWISE, call.function)


@converts("layer_norm", "native_layer_norm", "rms_norm", "_fused_rms_norm")
def layer_norm(call: Call) -> Result:
    view = call.view("input")
    dims = [-1 - d for d in range(len(call["normalized_shape"]))]
    function = "rms_norm" if "rms" in call.function else "layer_norm"
    return _first_of(call, rowwise(call, view, dims, OpKind.NORMALISATION, function))


@converts("group_norm", "native_group_norm")
def group_norm(call: Call) -> Result:
    view = call.view("input")
    return _first_of(call, rowwise(call, view, _all_but_batch(view), OpKind.NORMALISATION, "group_norm"))


@converts("instance_norm")
def instance_norm(call: Call) -> Result:
    view = call.view("input")
    if not call["use_input_stats"]:
        return rowwise(call, view, [], OpKind.NORMALISATION, "batch_norm")
    return rowwise(call, view, range(2, len(view.shape)), OpKind.NORMALISATION, "instance_norm")


@converts("batch_norm", "_native_batch_norm_legit_no_training")
def batch_norm(call: Call) -> Result:
    """Scale and shift with constants; vanishes into the product before it where it can."""
    view = call.view("input")
    if call.build.fold_batch_norm and _fold(call, view):
        return _first_of(call, view)
    return _first_of(call, rowwise(call, view, [], OpKind.NORMALISATION, "batch_norm"))


def _fold(call: Call, view: View) -> bool:
    """Whether the product before it takes the scale into its weights and the shift into its bias."""
    build, product = call.build, call.node.args[0]
    if not isinstance(product, Node) or len(product.users) != 1:
        return False
    matrix = build.sole_matrix(product)
    if matrix is None or view.source != build.made_by[product]:
        return False
    build.add_bias(matrix)
    build.counts["folded"] += 1
    return True


def _first_of(call: Call, view: View) -> Result:
    """Operations with statistics as further results deliver the tensor first."""
    return (view, None, None) if isinstance(call.node.meta["val"], (tuple, list)) else view


def _all_but_batch(view: View) -> Sequence[int]:
    return range(1, len(view.shape))


@converts(
    "mean",
    "sum",
    "amax",
    "amin",
    "var",
    "std",
    "prod",
    "logsumexp",
    "linalg_vector_norm",
    "norm",
    "argmax",
    "argmin",
    "all",
    "any",
    "max",
    "min",
    "var_mean",
)
def reduction(call: Call) -> Result:
    """One element from all elements along some dimensions."""
    if isinstance(call.get("other"), (View, Constant)):
        return pointwise(call)  # max and min of two tensors
    view = call.views()[0]
    dims, keepdim = _reduced(call, view)
    layout = _reduced_layout(view, dims, keepdim)
    reach = Reach.of(view).over(dims, keepdim)
    fit = need_of(reach, view.extent, layout.positions, layout.extent)
    cost = Cost(element_ops=view.elements * (2 if "var" in call.function else 1))
    result = call.emit(OpKind.POOLING, [Read(view, fit)], layout, cost, _pooling(call, view, dims))
    shown = call.node.meta["val"]
    return (result,) * len(shown) if isinstance(shown, (tuple, list)) else result


def _pooling(call: Call, view: View, dims: Sequence[int]) -> str:
    """The mean or maximum over all positions is the pooling of a map; over features it is not."""
    roles = roles_of(view)
    if not all(roles[d] for d in dims if view.shape[d] > 1):
        return call.function
    return {"mean": "avg_pool", "amax": "max_pool"}.get(call.function, call.function)


def _reduced(call: Call, view: View) -> tuple[list[int], bool]:
    dims = call.get("dim")
    dims = [dims] if isinstance(dims, int) else list(dims or range(len(view.shape)))
    return [d % max(len(view.shape), 1) for d in dims], bool(call.get("keepdim", False))


def _reduced_layout(view: View, dims: Sequence[int], keepdim: bool) -> Layout:
    known = roles_of(view)
    shape = [1 if d in dims else size for d, size in enumerate(view.shape)]
    roles = settle_roles([[None if d in dims else role for d, role in enumerate(known)]])
    layout = canonical(shape, roles)
    if keepdim:
        return layout
    left = [size for d, size in enumerate(view.shape) if d not in dims]
    return Layout(layout.extent, torch.reshape(layout.index, left))
