"""Operations that compute nothing: other shapes, other orders, parts, concatenations, copies.

Views cost nothing and leave no operation: they run on the index tensor, and whoever reads the view
knows which elements it reads. Concatenation is an operation without cost (its parts lie wherever
they were made); enlarging a map writes new data and is a move.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from xbarsim.workload.capture.build import FREE, Builder, Cost, Read
from xbarsim.workload.capture.call import Call, Result, converts
from xbarsim.workload.capture.constants import Constant
from xbarsim.workload.capture.layout import (
    Reach,
    View,
    canonical,
    channels_first,
    in_source_order,
    need_of,
    roles_of,
    settle_roles,
)
from xbarsim.workload.capture.needs import Fit, two_axes
from xbarsim.workload.graph import OpKind, Resample


@converts(
    "clone",
    "contiguous",
    "detach",
    "detach_",
    "alias",
    "dropout",
    "native_dropout",
    "feature_dropout",
    "alpha_dropout",
    "to",
    "_to_copy",
    "lift_fresh_copy",
    "lift_fresh",
    "type_as",
    "float",
    "half",
    "_conj",
    "resolve_conj",
    "resolve_neg",
    "positive",
    "convert_element_type",
)
def identity(call: Call) -> Result:
    """The same elements: copies, casts, and dropout, which does nothing at inference."""
    view = call.views()[0]
    shown = call.node.meta["val"]
    return (view,) * len(shown) if isinstance(shown, (tuple, list)) else view


@converts(
    "view",
    "_unsafe_view",
    "reshape",
    "_reshape_alias",
    "view_as",
    "reshape_as",
    "flatten",
    "unflatten",
    "permute",
    "transpose",
    "t",
    "numpy_T",
    "mT",
    "movedim",
    "moveaxis",
    "swapaxes",
    "swapdims",
    "squeeze",
    "unsqueeze",
    "expand",
    "expand_as",
    "broadcast_to",
    "select",
    "slice",
    "narrow",
    "split",
    "split_with_sizes",
    "chunk",
    "tensor_split",
    "unsafe_split",
    "unsafe_chunk",
    "unbind",
    "repeat",
    "tile",
    "repeat_interleave",
    "flip",
    "roll",
    "diagonal",
    "unfold",
    "as_strided",
    "pixel_shuffle",
    "pixel_unshuffle",
    "channel_shuffle",
    "view_copy",
    "hsplit",
    "vsplit",
    "atleast_2d",
    "rot90",
)
def reindex(call: Call) -> Result:
    """A view of its first operand: the operation itself, applied to the index."""
    view = call.views()[0]
    return seen_through(view, call.node.target(**on_index(call)))  # type: ignore[operator]


@converts("constant_pad_nd", "pad", "zero_pad2d")
def pad(call: Call) -> Result:
    """A margin of constants (no input reaches it), or of mirrored or repeated elements."""
    view = call.view("self")
    if call.get("mode", "constant") == "constant":
        return seen_through(view, torch.constant_pad_nd(view.index, call["pad"], -1))
    padded = torch.ops.aten.pad(view.index.double(), call["pad"], call["mode"])
    return seen_through(view, padded.long())


@converts("im2col")
def im2col(call: Call) -> Result:
    """Windows side by side (nn.Unfold)."""
    view = call.view("self")
    names = ("kernel_size", "dilation", "padding", "stride")
    taken = torch.ops.aten.im2col((view.index + 1).double(), *(call[name] for name in names))
    return seen_through(view, taken.long() - 1)


def on_index(call: Call) -> dict[str, Any]:
    """The call's arguments with index tensors in place of the network's."""
    return {name: _plain(value) for name, value in call.arguments.items()}


def _plain(value: Any) -> Any:
    """The index of a view, the value of a constant."""
    if isinstance(value, View):
        return value.index.contiguous()  # so that any shape can be viewed
    if isinstance(value, Constant):
        return value.value()
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def seen_through(view: View, result: Any) -> Result:
    """The view under a new index, or one view for each of several."""
    if isinstance(result, Tensor):
        return view.seen_as(result)
    return tuple(view.seen_as(one) for one in result)


@converts("cat", "concat", "concatenate")
def concatenate(call: Call) -> Result:
    dim = call.get("dim", 0) % len(call.shape)
    return _joined(call, call["tensors"], dim)


@converts("stack")
def stack(call: Call) -> Result:
    dim = call.get("dim", 0) % len(call.shape)
    parts = [
        one.seen_as(one.index.unsqueeze(dim)) if isinstance(one, View) else one for one in call["tensors"]
    ]
    return _joined(call, parts, dim)


def _joined(call: Call, parts: Sequence[View | Constant], dim: int) -> View:
    """A concatenation; of one part alone (an empty cache beside it) it is that part."""
    parts = [part for part in parts if 0 not in part.shape]
    if len(parts) == 1 and isinstance(parts[0], View):
        return parts[0]
    where = torch.arange(math.prod(call.shape)).reshape(call.shape)
    sizes = [1 if call.function == "stack" else part.shape[dim] for part in parts]
    places = torch.split(where, sizes, dim)
    pieces = [(part, place) for part, place in zip(parts, places, strict=True) if isinstance(part, View)]
    return join(call.build, call.build.name(call.node, "concat"), call.shape, pieces, held=call.constants())


def join(
    build: Builder,
    name: str,
    shape: Sequence[int],
    pieces: Sequence[tuple[View, Tensor]],
    function: str = "concat",
    held: Sequence[Constant] = (),
) -> View:
    """One result out of pieces of several; places: where in the result each of a piece's elements goes."""
    roles = settle_roles([roles_of(view) for view, _ in pieces if len(view.shape) == len(shape)])
    layout = canonical(shape, roles)
    positions = layout.positions.reshape(-1)
    reads = []
    for view, places in pieces:
        fit = need_of(Reach.of(view), view.extent, positions[places], layout.extent)
        reads.append(Read(view, fit))
    return build.emit(name, OpKind.MOVE, function, reads, layout, FREE, held)


@converts("slice_scatter", "select_scatter", "slice_backward")
def scatter_part(call: Call) -> Result:
    """A tensor with a part of it overwritten (x[:, a:b] = y)."""
    where = torch.arange(math.prod(call.shape)).reshape(call.shape)
    rest = [v for k, v in call.arguments.items() if k not in ("self", "src")]
    taken = torch.ops.aten.slice if call.function.startswith("slice") else torch.ops.aten.select
    places = taken(where, *rest)
    pieces = []
    if isinstance(call["self"], View):
        kept = call["self"].index.reshape(-1).clone()
        kept[places.reshape(-1)] = -1
        pieces.append((call["self"].seen_as(kept.reshape(call.shape)), where))
    if isinstance(call["src"], View):
        source = call["src"]
        pieces.append((source.seen_as(source.index.expand(places.shape)), places))
    if all(len(view.shape) != len(call.shape) for view, _ in pieces):
        view, places = pieces[0]
        whole = torch.full((where.numel(),), -1)
        whole[places.reshape(-1)] = view.index.reshape(-1)
        pieces = [(view.seen_as(whole.reshape(call.shape)), where)]
    name = call.build.name(call.node, "overwrite")
    return join(call.build, name, call.shape, pieces, "overwrite", call.constants())


@converts("copy", "copy_")
def copy(call: Call) -> Result:
    view = call.view("src")
    return view.seen_as(view.index.expand(call.shape))


@converts(
    "upsample_nearest1d",
    "upsample_nearest2d",
    "_upsample_nearest_exact2d",
    "upsample_bilinear2d",
    "upsample_linear1d",
    "upsample_bicubic2d",
    "_upsample_bilinear2d_aa",
)
def upsample(call: Call) -> Result:
    """A map at another resolution: copies of pixels, or sums over 2 (4 in bicubic) neighbours an axis."""
    view = as_map(call, call.view(next(k for k in ("input", "self") if k in call.arguments)))
    layout = channels_first(call.shape)
    axes = len(call.shape) - 2
    neighbours = 4 if "bicubic" in call.function else 1 if "nearest" in call.function else 2
    sizes = two_axes(view.shape[2:]), two_axes(call.shape[2:])
    reach = two_axes(neighbours // 2 if size > 1 else 0 for size in sizes[0])
    need = Resample(*sizes, reach)
    sums = 0 if neighbours == 1 else 2 * neighbours**axes * layout.index.numel()
    kind = OpKind.ELEMENTWISE if sums else OpKind.MOVE
    function = call.function.split("2d")[0].split("1d")[0]
    return call.emit(kind, [Read(view, Fit(need, True))], layout, Cost(element_ops=sums), function)


def as_map(call: Call, view: View) -> View:
    """The view as (N, C, …) whose pixels are the positions of one operation, by a free move if need be."""
    own = in_source_order(view)
    layout = channels_first(view.shape)
    pixels = view.positions.amax(1).reshape(-1)
    if (own is not None and own.extent == layout.extent) or view.extent.positions == layout.extent.positions:
        same = torch.equal(pixels, torch.arange(layout.extent.positions))
        if same and bool((view.positions == view.positions.narrow(1, 0, 1)).all()):
            return view
    name = call.build.unique(f"{call.build.place(call.node) or call.function}.reorder")
    return call.build.move(name, view, layout)
