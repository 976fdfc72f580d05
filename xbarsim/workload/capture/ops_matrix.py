"""Matrix products: with a constant weight they are stationary (MVM), else activation by activation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from xbarsim.workload.capture.build import Cost, Read
from xbarsim.workload.capture.call import Call, Result, Unsupported, converts
from xbarsim.workload.capture.constants import Constant
from xbarsim.workload.capture.layout import (
    Layout,
    Reach,
    View,
    canonical,
    channels_first,
    channels_last,
    need_of,
    roles_of,
)
from xbarsim.workload.capture.needs import Fit, two_axes
from xbarsim.workload.capture.ops_elementwise import pointwise
from xbarsim.workload.capture.ops_shape import as_map
from xbarsim.workload.graph import Matrix, OpKind, Resample, Window


@converts("linear")
def linear(call: Call) -> Result:
    weight, x = call["weight"], call["input"]
    if isinstance(weight, View):
        return product(call, x, weight.seen_as(weight.index.t()))
    return stationary(call, call.view("input"), weight, weight.shape[0], call.get("bias"))


def stationary(call: Call, x: View, weight: Constant, columns: int, bias: Constant | None = None) -> View:
    """Every row of x times the same weight."""
    matrix = Matrix("linear", x.shape[-1], columns, 1, bias is not None)
    rows = tuple(x.shape[:-1])
    layout = channels_last((*rows, columns))
    reach = Reach.of(x).over([-1]).expand(layout.index.shape)
    fit = need_of(reach, x.extent, layout.positions, layout.extent)
    return multiply(call, [Read(x, fit)], layout, weight, matrix)


def multiply(call: Call, reads: Sequence[Read], layout: Layout, weight: Constant, matrix: Matrix) -> View:
    """Add a stationary product of one vector (per group) for each position; matrix.name: its function."""
    cost = Cost(macs=layout.extent.positions * matrix.weights, matrix=call.build.matrix(weight, matrix))
    view = call.emit(OpKind.MVM, reads, layout, cost, matrix.name, held=())
    call.build.made_by[call.node] = view.source
    return view


@converts("matmul", "mm", "bmm", "mv", "dot", "inner")
def matmul(call: Call) -> Result:
    a, b = (
        call["self"],
        next(call[key] for key in ("other", "mat2", "vec", "tensor") if key in call.arguments),
    )
    view = product(call, _matrix_of(a, row=True), _matrix_of(b, row=False))
    return view.seen_as(view.index.reshape(call.shape))


def _matrix_of(x: View | Constant, row: bool) -> View | Constant:
    """A vector operand as a matrix of one row or one column."""
    if len(x.shape) > 1 or isinstance(x, Constant):
        return x
    return x.seen_as(x.index.unsqueeze(0 if row else 1))


@converts("addmm", "baddbmm", "addbmm", "addmv")
def addmm(call: Call) -> Result:
    """A product plus a tensor, which is a bias if constant."""
    keys = [key for key in call.arguments if key not in ("self", "beta", "alpha")]
    a, b = (call[key] for key in keys[:2])
    if isinstance(b, Constant) and len(b.shape) == 2 and isinstance(call["self"], Constant):
        return stationary(call, a, b, b.shape[1], call["self"])
    made = product(call, a, b)
    if isinstance(call["self"], Constant) and not call["self"].parameters:
        return made  # a mask or zeros: no operand that lives anywhere
    arguments = {"self": call["self"], "other": made}
    return pointwise(Call(call.build, call.node, arguments))


def product(call: Call, a: View | Constant, b: View | Constant) -> View:
    """a (…, M, K) times b (…, K, N)."""
    if isinstance(b, Constant) and isinstance(a, View):
        return _by_constant(call, a, b)
    if isinstance(a, Constant) and isinstance(b, View):
        flipped = _by_constant(call, b.seen_as(b.index.transpose(-1, -2)), a, transposed=True)
        return flipped.seen_as(flipped.index.transpose(-1, -2))
    assert isinstance(a, View) and isinstance(b, View)
    rows, inner, columns = a.shape[-2], a.shape[-1], b.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    layout = canonical((*batch, rows, columns), (*batch_roles(a, b, batch), True, False))
    reads = [read_rows(a, layout, batch), read_matrix(b, layout, batch)]
    macs = math.prod(batch) * rows * inner * columns
    return call.emit(OpKind.PRODUCT, reads, layout, Cost(macs=macs, inner=inner), "matmul", held=())


def batch_roles(a: View, b: View, batch: Sequence[int]) -> tuple[bool, ...]:
    """Leading dimensions along which an operand runs over its positions; heads are features."""
    if not batch:
        return ()
    known: list[list[bool | None]] = []
    for view in (a, b):
        roles = roles_of(view)[:-2]
        missing: list[bool | None] = [None] * (len(batch) - len(roles))
        known.append(missing + roles)
    said = [[role if role is not None else False for role in roles] for roles in known]
    return tuple(any(roles[d] for roles in said) for d in range(len(batch)))


def read_rows(a: View, layout: Layout, batch: Sequence[int]) -> Read:
    """Each result row reads its own row of a."""
    reach = Reach.of(a).over([-1]).expand((*batch, a.shape[-2], 1))
    positions = layout.positions[..., :1]
    return Read(a, need_of(reach, a.extent, positions, layout.extent))


def read_matrix(b: View, layout: Layout, batch: Sequence[int]) -> Read:
    """Each result row reads the whole of b."""
    positions = layout.positions[..., :1]
    reach = Reach.of(b).over([-1, -2]).expand((*batch, positions.shape[-2], 1))
    return Read(b, need_of(reach, b.extent, positions, layout.extent))


def _by_constant(call: Call, a: View, weight: Constant, transposed: bool = False) -> View:
    """Rows of a times a constant matrix, or one matrix for each leading index (experts, groups)."""
    shape = weight.shape
    if len(shape) == 1:
        return stationary(call, a, weight, 1)
    columns = shape[-2] if transposed else shape[-1]
    groups = math.prod(shape[:-2])
    if groups == 1:
        return stationary(call, a, weight, columns)
    batch = np.broadcast_shapes(a.shape[:-2], shape[:-2])
    if math.prod(batch) != groups:
        raise Unsupported(f"a stack of {groups} weights meets a batch of {'x'.join(map(str, batch))}")
    roles = (*([False] * len(batch)), True, False)
    layout = canonical((*batch, a.shape[-2], columns), roles)
    matrix = Matrix("linear", a.shape[-1], columns, groups)
    return multiply(call, [read_rows(a, layout, batch)], layout, weight, matrix)


@converts("conv1d", "conv2d", "conv3d", "convolution")
def convolution(call: Call) -> Result:
    """As im2col: one product of the window's elements for each output pixel."""
    if call.get("transposed"):
        return transposed_convolution(call)
    weight = call["weight"]
    if not isinstance(weight, Constant):
        raise Unsupported("its kernel is computed from the network's input")
    view = as_map(call, _batched(call.view("input"), weight))
    shape = call.shape if len(call.shape) == len(weight.shape) else (1, *call.shape)
    layout = channels_first(shape)
    groups, rows = call["groups"], math.prod(weight.shape[1:])
    matrix = Matrix(call.function, rows, weight.shape[0] // groups, groups, call.get("bias") is not None)
    fit = window(call, view, layout, weight.shape[2:])
    made = multiply(call, [Read(view, fit)], layout, weight, matrix)
    return made.seen_as(made.index.reshape(call.shape))


def _batched(view: View, weight: Constant) -> View:
    return view if len(view.shape) == len(weight.shape) else view.seen_as(view.index.unsqueeze(0))


def window(call: Call, view: View, layout: Layout, kernel: Sequence[int]) -> Fit:
    """The need of a sliding window; maps of three dimensions wait for the whole."""
    axes = len(kernel)
    if axes > 2:
        reach = Reach.of(view).over(range(1, len(view.shape))).expand(layout.index.shape)
        return need_of(reach, view.extent, layout.positions, layout.extent)
    stride = per_axis(call.get("stride") or kernel, axes)
    dilation = per_axis(call.get("dilation", 1), axes)
    padding = _padding(call.get("padding", 0), kernel, dilation)
    need = Window(
        two_axes(view.shape[2:]),
        two_axes(layout.index.shape[2:]),
        two_axes(kernel),
        two_axes(stride),
        two_axes(padding, 0),
        two_axes(dilation),
    )
    return Fit(need, True)


def per_axis(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """One number per axis out of the framework's one number or list."""
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * axes if len(values) == 1 else values


def _padding(
    value: str | int | Sequence[int], kernel: Sequence[int], dilation: Sequence[int]
) -> tuple[int, ...]:
    if value == "valid":
        return (0,) * len(kernel)
    if isinstance(value, str):  # same: what is odd goes to the end
        return tuple(step * (size - 1) // 2 for size, step in zip(kernel, dilation, strict=True))
    return per_axis(value, len(kernel))


@converts("conv_transpose1d", "conv_transpose2d")
def transposed_convolution(call: Call) -> Result:
    """One product for each input pixel, which gives a patch; then overlapping patches are added."""
    weight = call["weight"]
    if not isinstance(weight, Constant):
        raise Unsupported("its kernel is computed from the network's input")
    view = as_map(call, call.view("input"))
    area, groups, bias = math.prod(weight.shape[2:]), call["groups"], call.get("bias")
    columns = weight.shape[1] * area
    matrix = Matrix(call.function, weight.shape[0] // groups, columns, groups)
    patches = channels_first((1, columns * groups, *view.shape[2:]))
    reach = Reach.of(view).over([1]).expand(patches.index.shape)
    fit = need_of(reach, view.extent, patches.positions, patches.extent)
    made = multiply(call, [Read(view, fit)], patches, weight, matrix)
    layout, cost = channels_first(call.shape), Cost(element_ops=made.elements)
    read, held = Read(made, _overlap(call, view, weight)), [bias] if bias is not None else []
    return call.emit(OpKind.ELEMENTWISE, [read], layout, cost, "overlap_add", held)


def _overlap(call: Call, view: View, weight: Constant) -> Fit:
    """Output pixel r gets the patches of the input pixels around r * H_in / H_out."""
    axes = len(weight.shape) - 2
    numbers = [
        per_axis(call.get(name, default), axes)
        for name, default in (("stride", 1), ("padding", 0), ("dilation", 1))
    ]
    reach = [
        _reach(
            view.shape[2 + axis],
            call.shape[2 + axis],
            weight.shape[2 + axis],
            *(number[axis] for number in numbers),
        )
        for axis in range(axes)
    ]
    need = Resample(two_axes(view.shape[2:]), two_axes(call.shape[2:]), two_axes(reach, 0))
    return Fit(need, not any(reach))


def _reach(size: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How far from pixel floor(r * size / out) the patches of output pixel r may start, at most."""
    farthest = 0
    for at in range(out):
        middle, high = at * size // out, min(size - 1, (at + padding) // stride)
        low = max(0, -(((kernel - 1) * dilation - at - padding) // stride))
        farthest = max(farthest, middle - low, high - middle)
    return farthest
