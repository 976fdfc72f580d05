"""Scaled dot-product attention: scores, softmax, context; causal masks let it stream."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from xbarsim.workload.capture.build import Cost, Read
from xbarsim.workload.capture.call import Call, Result, converts, read_elements
from xbarsim.workload.capture.constants import Constant
from xbarsim.workload.capture.layout import Layout, Reach, View, canonical, need_of
from xbarsim.workload.capture.ops_elementwise import PASSES
from xbarsim.workload.capture.ops_matrix import batch_roles, read_rows
from xbarsim.workload.graph import OpKind


@converts("scaled_dot_product_attention", "_scaled_dot_product_flash_attention_for_cpu")
def attention(call: Call) -> Result:
    """All products are counted, masked or not: the hardware that skips them says so itself."""
    query, key, value = (call.view(name) for name in ("query", "key", "value"))
    key, value = _shared_heads(query, key), _shared_heads(query, value)
    visible = _visible_keys(call, query.shape[-2], key.shape[-2])
    scores = _scores(call, query, key, visible)
    weights = _weights(call, scores)
    context = _context(call, weights, value, visible)
    return (context, None) if isinstance(call.node.meta["val"], (tuple, list)) else context


def _shared_heads(query: View, other: View) -> View:
    """Keys or values of grouped-query attention, seen once for each query head that reads them."""
    if len(query.shape) < 3 or query.shape[-3] == other.shape[-3]:
        return other
    return other.seen_as(other.index.repeat_interleave(query.shape[-3] // other.shape[-3], -3))


def _visible_keys(call: Call, rows: int, keys: int) -> tuple[Tensor, Tensor]:
    """First and last key that each query row may see."""
    seen = torch.ones(rows, keys, dtype=torch.bool)
    mask = call.get("attn_mask")
    if call.get("is_causal"):
        seen = seen.tril()
    elif isinstance(mask, Constant):
        value = mask.value()
        allowed = value if value.dtype == torch.bool else value > torch.finfo(value.dtype).min / 2
        seen = allowed.expand(*allowed.shape[:-2], rows, keys).reshape(-1, rows, keys).any(0)
    index = torch.arange(keys).expand(rows, keys)
    first = torch.where(seen, index, keys - 1).amin(1)
    return first, torch.maximum(first, torch.where(seen, index, 0).amax(1))


def _scores(call: Call, query: View, key: View, visible: tuple[Tensor, Tensor]) -> View:
    rows, inner, keys = query.shape[-2], query.shape[-1], key.shape[-2]
    batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2])
    layout = canonical((*batch, rows, keys), (*batch_roles(query, key, batch), True, False))
    reads = [read_rows(query, layout, batch), _read_visible(key, layout, batch, visible)]
    cost = Cost(macs=layout.index.numel() * inner, inner=inner)
    return call.emit(OpKind.PRODUCT, reads, layout, cost, "scores", held=())


def _read_visible(view: View, layout: Layout, batch: Sequence[int], visible: tuple[Tensor, Tensor]) -> Read:
    """Each result row reads the keys (or values) from its first to its last visible one."""
    own = Reach.of(view).over([-1])  # (…, keys, 1)
    from_here = own.first.flip(-2).cummin(-2).values.flip(-2)
    until_here = own.last.cummax(-2).values
    reach = Reach(from_here.index_select(-2, visible[0]), until_here.index_select(-2, visible[1]))
    shape = (*batch, len(visible[0]), 1)
    return Read(view, need_of(reach.expand(shape), view.extent, layout.positions[..., :1], layout.extent))


def _weights(call: Call, scores: View) -> View:
    """Scale, mask and softmax of each row."""
    mask = call.get("attn_mask")
    layout = Layout(scores.extent, scores.index)
    reads = [read_elements(scores, layout)]
    if isinstance(mask, View):
        reads.append(read_elements(mask.seen_as(mask.index.expand(scores.shape)), layout))
    passes = PASSES["softmax"] + 1 + (mask is not None)
    held = [mask] if isinstance(mask, Constant) else []
    return call.emit(
        OpKind.SOFTMAX, reads, layout, Cost(element_ops=passes * scores.elements), "softmax", held
    )


def _context(call: Call, weights: View, value: View, visible: tuple[Tensor, Tensor]) -> View:
    batch = np.broadcast_shapes(weights.shape[:-2], value.shape[:-2])
    rows, inner, columns = weights.shape[-2], weights.shape[-1], value.shape[-1]
    roles = (*batch_roles(weights, value, batch), True, False)
    layout = canonical((*batch, rows, columns), roles)
    reads = [read_rows(weights, layout, batch), _read_visible(value, layout, batch, visible)]
    cost = Cost(macs=layout.index.numel() * inner, inner=inner)
    return call.emit(OpKind.PRODUCT, reads, layout, cost, "context", held=())
