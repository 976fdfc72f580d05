"""What the graph says a result waits for, against gradients: what the model's output really depends on."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from xbarsim.workload.capture import trace
from xbarsim.workload.capture.needs import NEVER
from xbarsim.workload.graph import OpGraph, OpKind

SHIFT = torch.triu(torch.ones(6, 6, dtype=torch.bool), 1)


class Model(nn.Module):
    """A function of some modules and an input."""

    def __init__(self, function, *modules: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList(modules)
        self.function = function

    def forward(self, x):
        return self.function(self.parts, x)


def attend(m, x, **options):
    q, k, v = m[0](x).view(1, 6, 3, 2, 4).permute(2, 0, 3, 1, 4)
    y = F.scaled_dot_product_attention(q, k, v, **options)
    return y.transpose(1, 2).reshape(1, 6, 8)


def explicit_attention(m, x):
    q, k, v = (part.view(1, 6, 2, 4).transpose(1, 2) for part in m[0](x).chunk(3, -1))
    return (torch.softmax(q @ k.transpose(-1, -2), -1) @ v).transpose(1, 2).flatten(2)


MAP, ROWS = torch.Size((1, 4, 6, 6)), torch.Size((1, 6, 8))
conv = nn.Conv2d
EXACT = {  # name: (model, input shape)
    "conv": (conv(4, 3, 3), MAP),
    "strided": (conv(4, 3, 3, stride=2), MAP),
    "dilated": (conv(4, 3, (2, 1), dilation=2), MAP),
    "grouped": (conv(4, 8, 2, groups=4), MAP),
    "channel_shuffle": (
        Model(
            lambda m, x: m[0](x.view(1, 2, 2, 6, 6).transpose(1, 2).reshape(1, 4, 6, 6)),
            conv(4, 4, 2, groups=2),
        ),
        MAP,
    ),
    "dense_concat": (Model(lambda m, x: torch.cat([x, m[0](x)], 1), conv(4, 2, 1)), MAP),
    "squeeze_excite": (
        Model(lambda m, x: x * m[0](x.mean((2, 3), keepdim=True)).sigmoid(), conv(4, 4, 1)),
        MAP,
    ),
    "average_pool": (nn.AvgPool2d(2), MAP),
    "upsample": (nn.Upsample(scale_factor=2), MAP),
    "pixel_shuffle": (nn.Sequential(nn.PixelShuffle(2), conv(1, 2, 1)), MAP),
    "crop": (Model(lambda m, x: m[0](x[:, :, ::2, 1:5]), conv(4, 2, 1)), MAP),
    "map_to_rows_and_back": (
        Model(
            lambda m, x: m[0](x.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(1, 3, 6, 6),
            nn.Linear(4, 3),
        ),
        MAP,
    ),
    "patches": (Model(lambda m, x: m[0](x).flatten(2).transpose(1, 2), conv(4, 5, 3, stride=3)), MAP),
    "transposed_conv": (nn.ConvTranspose2d(4, 3, 2, stride=2), MAP),
    "conv_1d": (nn.Conv1d(6, 3, 3), ROWS),
    "linear": (nn.Sequential(nn.Linear(8, 5), nn.GELU(), nn.Linear(5, 4)), ROWS),
    "layer_norm": (nn.LayerNorm(8), ROWS),
    "gated": (Model(lambda m, x: F.glu(m[0](x), -1), nn.Linear(8, 6)), ROWS),
    "class_token": (Model(lambda m, x: torch.cat([torch.zeros(1, 1, 8), x], 1)), ROWS),
    "last_token": (Model(lambda m, x: m[0](x[:, 3:4]), nn.Linear(8, 2)), ROWS),
    "attention": (Model(attend, nn.Linear(8, 24)), ROWS),
    "causal_attention": (Model(lambda m, x: attend(m, x, is_causal=True), nn.Linear(8, 24)), ROWS),
    "masked_attention": (Model(lambda m, x: attend(m, x, attn_mask=~SHIFT), nn.Linear(8, 24)), ROWS),
    "explicit_attention": (Model(explicit_attention, nn.Linear(8, 24)), ROWS),
    "einsum": (Model(lambda m, x: torch.einsum("bnd,bmd->bnm", x, x)), ROWS),
    "lstm": (Model(lambda m, x: m[0](x)[0], nn.LSTM(8, 3, 2, batch_first=True)), ROWS),
    "gru": (Model(lambda m, x: m[0](x)[0], nn.GRU(8, 3, batch_first=True)), ROWS),
    "bidirectional": (
        Model(lambda m, x: m[0](x)[0], nn.LSTM(8, 3, batch_first=True, bidirectional=True)),
        ROWS,
    ),
    "overwritten": (Model(lambda m, x: x.slice_scatter(m[0](x[:, 4:]), 1, 4, 6), nn.Linear(8, 8)), ROWS),
}
SAFE = {  # they may wait for more than they read
    "padded_conv": (conv(4, 3, 3, padding=1), MAP),
    "same_conv": (conv(4, 3, (4, 2), padding="same"), MAP),
    "max_pool": (nn.MaxPool2d(3, 2, 1), MAP),
    "uneven_pool": (nn.AdaptiveAvgPool2d(4), MAP),
    "zero_pad": (nn.Sequential(nn.ZeroPad2d(1), conv(4, 2, 2)), MAP),
    "mirrored": (nn.Sequential(nn.ReflectionPad2d(2), conv(4, 2, 2)), MAP),
    "bilinear": (nn.Upsample(scale_factor=2, mode="bilinear"), MAP),
    "overlapping_transposed_conv": (nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1), MAP),
    "flipped": (Model(lambda m, x: m[0](x.flip(2)), conv(4, 2, 2)), MAP),
    "rolled": (Model(lambda m, x: m[0](torch.roll(x, 1, 1)), nn.Linear(8, 2)), ROWS),
    "token_mixing": (Model(lambda m, x: m[0](x.transpose(1, 2)).transpose(1, 2), nn.Linear(6, 5)), ROWS),
    "unfold": (nn.Unfold(2), MAP),
    "group_norm": (nn.GroupNorm(2, 4), MAP),
}


CHANNELS_FIRST_IN = ("conv_1d",)  # (1, C, L) rather than (1, L, C)
CHANNELS_FIRST_OUT = ("conv_1d", "token_mixing", "unfold")


def by_position(x: torch.Tensor, channels_first: bool) -> torch.Tensor:
    """(1, C, H, W), (1, C, L) or (1, L, C) as positions x features."""
    return x[0].flatten(1).mT if x.dim() == 4 or channels_first else x[0]


def waited_for(graph: OpGraph) -> tuple[np.ndarray, np.ndarray]:
    """First and last input position for each output position, through the whole graph."""
    first, last = {}, {}
    for op in graph.ops:
        if op.kind is OpKind.INPUT and op.function == "input":
            first[op.name] = last[op.name] = np.arange(op.positions)
            continue
        behind, ahead = np.full(op.positions, NEVER), np.full(op.positions, -1)
        for name, need in zip(op.inputs, op.needs, strict=True):
            at, since = need.last_needed(op.positions), need.first_needed(op.positions)
            ahead = np.maximum(ahead, np.where(at < 0, -1, last[name][at]))
            behind = np.minimum(behind, first[name][since])
        first[op.name], last[op.name] = (
            np.minimum.accumulate(behind[::-1])[::-1],
            np.maximum.accumulate(ahead),
        )
    return first[graph.ops[-1].name], last[graph.ops[-1].name]


def read(name: str, model: nn.Module, shape: torch.Size) -> tuple[np.ndarray, np.ndarray]:
    """The same by gradients."""
    x = torch.rand(shape, requires_grad=True)
    first, last = [], []
    for row in by_position(model(x), name in CHANNELS_FIRST_OUT):
        (slope,) = torch.autograd.grad((row * torch.rand_like(row)).sum(), x, retain_graph=True)
        where = np.flatnonzero(by_position(slope, name in CHANNELS_FIRST_IN).abs().sum(1).numpy())
        first.append(where.min() if where.size else NEVER)
        last.append(where.max() if where.size else -1)
    return np.minimum.accumulate(np.array(first)[::-1])[::-1], np.maximum.accumulate(np.array(last))


@pytest.mark.parametrize("name", [*EXACT, *SAFE])
def test_the_graph_waits_for_what_the_model_reads(name):
    torch.manual_seed(1)
    model, shape = (EXACT | SAFE)[name]
    graph = trace(model.eval(), torch.zeros(shape))
    since, until = read(name, model, shape)
    behind, ahead = waited_for(graph)
    assert len(ahead) == len(until)
    assert (ahead >= until).all()
    assert (behind <= since).all()
    if name in EXACT:
        assert (ahead == until).all()


@pytest.mark.parametrize("name", EXACT)
def test_what_is_exact_carries_no_note(name):
    model, shape = EXACT[name]
    assert not trace(model, torch.zeros(shape)).notes
