"""Which operations come out of which modules, by name, kind and count."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from xbarsim.workload.capture import trace
from xbarsim.workload.graph import Causal, Matrix, OpGraph, OpKind, Part, Same, Slice, Whole, Window

MAP = torch.zeros(1, 8, 6, 6)


def rows(graph: OpGraph) -> list[tuple[str, str, int, int]]:
    """Name, function, positions and width of everything between input and output."""
    return [
        (op.name, op.function, op.positions, op.width)
        for op in graph.ops
        if op.kind not in (OpKind.INPUT, OpKind.OUTPUT)
    ]


class Net(nn.Module):
    """A small residual network with everything that folds and does not fold."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.after = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 10)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(x)))
        x = x + self.relu(self.after(x))
        return self.fc(x.mean((2, 3)))


def test_batch_norm_vanishes_into_the_product_that_only_it_reads():
    graph = trace(Net(), MAP)
    assert rows(graph) == [
        ("conv", "conv2d", 36, 4),
        ("relu", "relu", 36, 4),
        ("after", "batch_norm", 36, 4),
        ("relu.2", "relu", 36, 4),
        ("add", "add", 36, 4),
        ("avg_pool", "avg_pool", 1, 4),
        ("fc", "linear", 1, 10),
    ]
    assert graph.matrices["conv"] == Matrix("conv", 72, 4, 1, bias=True)
    assert graph.notes == ("1 batch_norm folded into the product before them",)
    assert graph.by_name["add"].inputs == ("relu", "relu.2")
    assert graph.by_name["conv"].needs == (Window((6, 6), (6, 6), (3, 3), (1, 1), (1, 1), (1, 1)),)
    assert graph.by_name["avg_pool"].needs == (Whole(36),)
    assert graph.parameters == 8 * 4 * 9 + 8 + 8 + 50


def test_batch_norm_stays_if_asked_to():
    graph = trace(Net(), MAP, fold_batch_norm=False)
    assert [name for name, function, *_ in rows(graph) if function == "batch_norm"] == ["norm", "after"]
    assert not graph.matrices["conv"].bias
    held = sum(op.table_parameters for op in graph.ops)
    assert held + sum(matrix.parameters for matrix in graph.matrices.values()) == graph.parameters


def test_batch_norm_of_a_product_with_two_readers_stays():
    class Twice(Net):
        def forward(self, x):
            x = self.conv(x)
            return x + self.norm(x)

    assert [function for _, function, *_ in rows(trace(Twice(), MAP))] == ["conv2d", "batch_norm", "add"]


def test_lstm_steps_share_their_matrices():
    graph = trace(nn.LSTM(4, 5), torch.zeros(2, 1, 4))
    assert [(op.name, op.kind, op.inputs) for op in graph.ops][:10] == [
        ("input", OpKind.INPUT, ()),
        ("lstm.l0.h0", OpKind.INPUT, ()),
        ("lstm.l0.c0", OpKind.INPUT, ()),
        ("lstm.l0.t0.ih", OpKind.MVM, ("input",)),
        ("lstm.l0.t0.hh", OpKind.MVM, ("lstm.l0.h0",)),
        ("lstm.l0.t0.c", OpKind.ELEMENTWISE, ("lstm.l0.t0.ih", "lstm.l0.t0.hh", "lstm.l0.c0")),
        ("lstm.l0.t0.h", OpKind.ELEMENTWISE, ("lstm.l0.t0.ih", "lstm.l0.t0.hh", "lstm.l0.t0.c")),
        ("lstm.l0.t1.ih", OpKind.MVM, ("input",)),
        ("lstm.l0.t1.hh", OpKind.MVM, ("lstm.l0.t0.h",)),
        ("lstm.l0.t1.c", OpKind.ELEMENTWISE, ("lstm.l0.t1.ih", "lstm.l0.t1.hh", "lstm.l0.t0.c")),
    ]
    assert graph.by_name["lstm.l0.t1.ih"].needs == (Slice(1),)
    assert graph.by_name["lstm.output"].needs == (Part(0, 1), Part(1, 1))
    assert graph.matrices == {
        "weight_ih_l0": Matrix("weight_ih_l0", 4, 20, 1, True),
        "weight_hh_l0": Matrix("weight_hh_l0", 5, 20, 1, True),
    }


@pytest.mark.parametrize(
    ("module", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)], ids=["lstm", "gru", "rnn"]
)
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent_counts(module, gates, directions):
    steps, inputs, units = 3, 4, 5
    model = module(inputs, units, num_layers=2, bidirectional=directions == 2, batch_first=True)
    graph = trace(model, torch.zeros(1, steps, inputs))
    sizes = [(inputs + units), (directions * units + units)]
    assert graph.macs == steps * directions * gates * units * sum(sizes)
    assert sum(matrix.parameters for matrix in graph.matrices.values()) == graph.parameters
    assert not graph.notes


def test_an_lstm_with_projection_multiplies_once_more():
    graph = trace(nn.LSTM(4, 6, proj_size=3), torch.zeros(2, 1, 4))
    assert graph.macs == 2 * (24 * 4 + 24 * 3 + 6 * 3)
    assert graph.by_name["lstm.l0.t1.hh"].inputs == ("lstm.l0.t0.hr",)


def test_depthwise_convolution_is_one_small_matrix_for_each_channel():
    graph = trace(nn.Conv2d(8, 8, 3, groups=8, bias=False), MAP)
    assert list(graph.matrices.values()) == [Matrix("weight", 9, 1, 8)]
    assert graph.macs == 16 * 9 * 8


def test_squeeze_and_excite_waits_for_its_gate():
    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.up = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)

        def forward(self, x):
            return x * self.up(F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))).sigmoid()

    mul = trace(Gate(), MAP).by_name["mul"]
    assert (mul.inputs, mul.needs) == (("x", "sigmoid"), (Same(), Whole(1)))


def test_u_net_joins_maps_for_free():
    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.out = nn.Conv2d(8, 4, 2, 2), nn.Conv2d(12, 3, 1)

        def forward(self, x):
            up = F.interpolate(self.down(x), scale_factor=2, mode="nearest")
            return self.out(torch.cat((x, up), 1))

    graph = trace(UNet(), MAP)
    assert rows(graph) == [
        ("down", "conv2d", 9, 4),
        ("upsample_nearest", "upsample_nearest", 36, 4),
        ("concat", "concat", 36, 12),
        ("out", "conv2d", 36, 3),
    ]
    assert [graph.by_name[name].free for name in ("upsample_nearest", "concat")] == [False, True]


def test_transformer_decoder_with_a_causal_mask():
    mask = nn.Transformer.generate_square_subsequent_mask(5)

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)

        def forward(self, x, memory):
            return self.layer(x, memory, tgt_mask=mask, tgt_is_causal=True)

    graph = trace(Decoder(), torch.zeros(1, 5, 8), torch.zeros(1, 7, 8))
    assert graph.by_name["layer.self_attn.scores"].needs == (Same(), Causal(0))
    assert graph.by_name["layer.self_attn.context"].needs == (Same(), Causal(0))
    assert graph.by_name["layer.multihead_attn.scores"].needs == (Same(), Whole(7))
    assert graph.by_name["layer.self_attn.scores"].width == 2 * 5
    assert graph.macs == 5 * 8 * 8 * (4 + 2 + 4) + 7 * 8 * 16 + 2 * 5 * 5 * 8 + 2 * 5 * 7 * 8


def test_multi_head_attention_has_one_matrix_for_query_key_and_value():
    class Self(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x):
            return self.attention(x, x, x)[0]

    graph = trace(Self(), torch.zeros(1, 5, 8))
    assert set(graph.matrices) == {"attention.in_proj_weight", "attention.out_proj"}
    assert [op.kind for op in graph.ops if op.kind is OpKind.PRODUCT] == [OpKind.PRODUCT] * 2


def test_embeddings_lie_in_memory_once():
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(50, 6)

        def forward(self, tokens):
            return self.table(tokens) + self.table(tokens + 1)

    graph = trace(Tied(), torch.zeros(1, 4, dtype=torch.long))
    assert [op.table_parameters for op in graph.ops if op.kind is OpKind.GATHER] == [300, 0]


def test_constants_cost_nothing():
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.zeros(9, 6))

        def forward(self, x):
            places = torch.arange(x.shape[1]).float().unsqueeze(-1).sin() * torch.ones_like(x)
            return x + self.table[: x.shape[1]] * 2 + places

    graph = trace(Positions(), torch.zeros(1, 4, 6))
    assert rows(graph) == [("add", "add", 4, 6), ("add.2", "add", 4, 6)]
    assert [op.table_parameters for op in graph.ops] == [0, 54, 0, 0]


def test_dictionaries_and_nested_outputs_have_one_operation_a_tensor():
    class Many(nn.Module):
        def forward(self, x):
            return {"a": x + 1, "rest": (x * 2, [x.sum(), "text", torch.zeros(3)])}

    outputs = [op for op in trace(Many(), MAP).ops if op.kind is OpKind.OUTPUT]
    assert [(op.name, op.elements) for op in outputs] == [("output", 288), ("output.2", 288), ("output.3", 1)]


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.Conv2d(8, 6, (3, 2), stride=2, padding=1, dilation=2, groups=2), (1, 8, 9, 9)),
        (nn.Conv3d(2, 3, 2), (1, 2, 4, 4, 4)),
        (nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1, groups=2), (1, 8, 6, 6)),
        (nn.Conv1d(4, 6, 3, padding="same"), (1, 4, 10)),
        (nn.Linear(6, 3), (6,)),
        (nn.MultiheadAttention(8, 2, kdim=8, vdim=8), (5, 1, 8)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_multiply_accumulates_are_those_of_torch(model, shape):
    inputs = [torch.zeros(shape)] * (3 if isinstance(model, nn.MultiheadAttention) else 1)
    graph = trace(model, *inputs)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model.eval()(*inputs)
    torch.backends.mha.set_fastpath_enabled(fast)
    assert graph.macs == counter.get_total_flops() // 2
