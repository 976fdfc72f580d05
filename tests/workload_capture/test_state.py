"""State in memory (keys and values of earlier tokens): who reads which part, what is stored, how counts grow."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from xbarsim.errors import WorkloadError
from xbarsim.workload.affine import lengths_of, with_growth
from xbarsim.workload.capture import trace
from xbarsim.workload.graph import OpGraph, OpKind, Part, Same, Whole
from xbarsim.workload.growth import Context, Growth
from xbarsim.workload.load import load_workload, shipped_path
from xbarsim.workload.state import State, kept_outside
from xbarsim.workload.workload_file import read_workload_file

LAYERS, HEADS, WIDTH = 2, 3, 4
KEPT = (State("keys", positions=3), State("values", positions=3))


class Decoder(nn.Module):
    """A stack of attention layers that reads one token beside those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(HEADS * WIDTH, 3 * HEADS * WIDTH) for _ in range(LAYERS))

    def attend(self, number, x, past):
        parts = self.layers[number](x).view(1, 1, 3, HEADS, WIDTH).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        keys, values = torch.cat((past[0], key), 2), torch.cat((past[1], value), 2)
        return scaled_dot_product_attention(query, keys, values).reshape(1, 1, -1), (key, value)

    def forward(self, x, keys, values):
        own = []
        for number in range(LAYERS):
            x, added = self.attend(number, x, (keys[number], values[number]))
            own.append(added)
        return {"x": x, "keys": [key for key, _ in own], "values": [value for _, value in own]}


def capture(model: nn.Module, context: int, states=KEPT) -> OpGraph:
    kept = torch.zeros(LAYERS, 1, HEADS, context, WIDTH)
    named = {"x": torch.zeros(1, 1, HEADS * WIDTH), "keys": kept, "values": kept}
    return trace(model, named_inputs=named, name="decoder", states=states)


def growing(model: nn.Module, at: int, most: int | None = None) -> OpGraph:
    graphs = {length: capture(model, length) for length in lengths_of(at, most)}
    return with_growth(graphs, Context("context", at, most))


def without_growth(graph: OpGraph) -> OpGraph:
    return replace(graph, ops=tuple(replace(op, growth=None) for op in graph.ops), context=None)


def test_each_layer_reads_and_stores_its_own_part():
    graph = capture(Decoder(), 7)
    states = [(op.name, op.kind, op.positions, op.width, op.state) for op in graph.ops if op.state]
    assert states == [
        ("keys.0", OpKind.STATE, 7, 12, "keys.0"),
        ("values.0", OpKind.STATE, 7, 12, "values.0"),
        ("keys.1", OpKind.STATE, 7, 12, "keys.1"),
        ("values.1", OpKind.STATE, 7, 12, "values.1"),
        ("keys.0.store", OpKind.STORE, 1, 12, "keys.0"),
        ("keys.1.store", OpKind.STORE, 1, 12, "keys.1"),
        ("values.0.store", OpKind.STORE, 1, 12, "values.0"),
        ("values.1.store", OpKind.STORE, 1, 12, "values.1"),
    ]
    assert [graph.by_name[name].inputs for name in graph.by_name if name.endswith(".store")] == [
        ("layers.0",), ("layers.1",), ("layers.0",), ("layers.1",),
    ]  # fmt: skip
    joined = graph.by_name["concat"]
    assert (joined.inputs, joined.needs) == (("keys.0", "layers.0"), (Part(0, 7), Part(7, 1)))
    assert graph.by_name["scores"].needs == (Same(), Whole(8))


def test_a_state_read_as_a_whole_is_one_read():
    class Mean(nn.Module):
        def forward(self, x, keys):
            return x + keys.mean((0, 1, 2, 3))

    kept = torch.zeros(LAYERS, 1, HEADS, 5, WIDTH)
    named = {"x": torch.zeros(1, WIDTH), "keys": kept}
    graph = trace(Mean(), named_inputs=named, states=(State("keys", positions=3),))
    (read,) = (op for op in graph.ops if op.kind is OpKind.STATE)
    assert (read.name, read.positions, read.width) == ("keys", 5, LAYERS * HEADS * WIDTH)


def test_only_what_is_read_is_a_read():
    """The last two tokens of the second layer's keys, twice: one read of 2 x 12 elements."""

    class Near(nn.Module):
        def forward(self, x, keys):
            near = keys[1][:, :, -2:]
            return (x * near).sum() + near.amax()

    named = {"x": torch.zeros(1, WIDTH), "keys": torch.zeros(LAYERS, 1, HEADS, 5, WIDTH)}
    graph = trace(Near(), named_inputs=named, states=(State("keys", positions=3),))
    (read,) = (op for op in graph.ops if op.kind is OpKind.STATE)
    assert (read.name, read.positions, read.width) == ("keys.part", 2, HEADS * WIDTH)


def test_recurrent_state_has_no_tokens():
    class Step(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.LSTMCell(4, 5)

        def forward(self, x, h, c):
            h, c = self.cell(x, (h, c))
            return {"h": h, "c": c}

    named = {"x": torch.zeros(1, 4), "h": torch.zeros(1, 5), "c": torch.zeros(1, 5)}
    graph = trace(Step(), named_inputs=named, states=(State("h"), State("c")))
    kinds = [(op.name, op.kind.value, op.positions, op.width) for op in graph.ops if op.state]
    assert sorted(kinds) == [
        ("c", "state", 1, 5), ("c.store", "store", 1, 5), ("h", "state", 1, 5), ("h.store", "store", 1, 5),
    ]  # fmt: skip


def test_outputs_by_key_and_by_place():
    class Two(Decoder):
        def forward(self, x, keys, values):
            found = super().forward(x, keys, values)
            return found["x"], found["keys"], found["values"]

    states = (State("keys", "1", 3), State("values", "2", 3))
    by_place = capture(Two(), 4, states)
    assert by_place.ops == capture(Decoder(), 4).ops


@pytest.mark.parametrize("context", [1, 2, 6, 31])
def test_a_graph_at_another_context_is_its_capture(context):
    graph = growing(Decoder(), 9, 40)
    assert without_growth(graph.at_context(context)).ops == capture(Decoder(), context).ops
    assert graph.at_context(context).at_context(9) == graph


def test_slopes_of_attention():
    graph = growing(Decoder(), 9)
    assert graph.by_name["keys.1"].growth == Growth(positions=1)
    assert graph.by_name["scores"].growth == Growth(width=HEADS, macs=HEADS * WIDTH, needs=((), (1,)))
    assert graph.by_name["softmax"].growth == Growth(width=HEADS, element_ops=6 * HEADS)
    assert graph.by_name["context"].growth == Growth(macs=HEADS * WIDTH, inner=1, needs=((), (1,)))
    assert set(graph.grows) == {
        "keys.0", "values.0", "keys.1", "values.1", "concat", "concat.2", "concat.3", "concat.4",
        "scores", "scores.2", "softmax", "softmax.2", "context", "context.2",
    }  # fmt: skip


@pytest.mark.parametrize("context", [1, 64, 500, 1023])
def test_attention_of_gpt2_is_two_products_of_the_tokens_seen(context):
    graph = load_workload("gpt2_decode").graph.at_context(context)
    products = [op for op in graph.ops if op.kind is OpKind.PRODUCT]
    assert len(products) == 2 * 12
    assert sum(op.macs for op in products) == 12 * 2 * 12 * 64 * (context + 1)
    assert sum(op.elements for op in graph.ops if op.kind is OpKind.STATE) == 2 * 12 * 768 * context
    assert sum(op.elements for op in graph.ops if op.kind is OpKind.STORE) == 2 * 12 * 768
    stationary = 12 * 12 * 768**2 + 768 * 50_257
    assert graph.macs == stationary + 12 * 2 * 768 * (context + 1)


@pytest.mark.parametrize("context", [2, 40])
def test_gpt2_at_another_context_is_its_capture(context):
    model = read_workload_file(shipped_path("gpt2_decode"), "gpt2_decode").model
    fixed = replace(
        model.at(context=context), states=tuple(replace(one, positions=3) for one in model.states)
    )
    inputs = tuple(replace(one, lengths=()) for one in fixed.inputs)
    fresh = replace(fixed, inputs=inputs).capture("gpt2_decode")
    assert fresh.context is None
    assert without_growth(load_workload("gpt2_decode").graph.at_context(context)).ops == fresh.ops


def test_prefill_stores_what_decode_reads():
    prefill, decode = load_workload("gpt2_prefill").graph, load_workload("gpt2_decode").graph
    stored = {op.state: op.width for op in prefill.ops if op.kind is OpKind.STORE}
    read = {op.state: op.width for op in decode.ops if op.kind is OpKind.STATE}
    added = {op.state: op.width for op in decode.ops if op.kind is OpKind.STORE}
    assert stored == read == added and len(read) == 24
    assert {op.positions for op in prefill.ops if op.kind is OpKind.STORE} == {128}


class Step(nn.Module):
    """One token through a model of a library, with its own kind of cache."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, token, keys, values):
        cache = pytest.importorskip("transformers").DynamicCache()
        for number in range(2):
            cache.update(keys[number], values[number], number)
        words = self.model(token, past_key_values=cache, use_cache=True).logits
        added = {"keys": [one.keys[:, :, -1:] for one in cache.layers]}
        return {"words": words, **added, "values": [one.values[:, :, -1:] for one in cache.layers]}


SIZES = {"num_hidden_layers": 2, "hidden_size": 16, "vocab_size": 50, "max_position_embeddings": 64}
GROUPED = {**SIZES, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32}
LIBRARY = {  # name: (model, configuration, settings, heads with keys, width of a head)
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", {**SIZES, "num_attention_heads": 2}, 2, 8),
    "llama, heads that share keys": ("LlamaForCausalLM", "LlamaConfig", GROUPED, 2, 4),
}


@pytest.mark.parametrize("name", LIBRARY)
def test_a_model_of_a_library_decodes_with_its_own_cache(name):
    transformers = pytest.importorskip("transformers")
    called, configuration, settings, heads, width = LIBRARY[name]
    model = Step(getattr(transformers, called)(getattr(transformers, configuration)(**settings)))

    def at(context):
        named = {"token": torch.zeros(1, 1, dtype=torch.long)}
        named |= dict.fromkeys(("keys", "values"), torch.zeros(2, 1, heads, context, width))
        return trace(model, named_inputs=named, name="step", states=KEPT)

    graph = with_growth({length: at(length) for length in (8, 9, 30)}, Context("context", 8, 63))
    for context in (1, 5, 63):
        assert without_growth(graph.at_context(context)).ops == at(context).ops
    products = sum(op.macs for op in graph.ops if op.kind is OpKind.PRODUCT)
    assert products == 2 * 2 * 16 * (8 + 1)
    assert sum(op.elements for op in graph.ops if op.kind is OpKind.STATE) == 2 * 2 * heads * width * 8


def test_a_chip_without_memory_for_it_has_its_state_outside():
    graph = kept_outside(capture(Decoder(), 3))
    assert {op.kind for op in graph.ops if op.state} == {OpKind.INPUT, OpKind.OUTPUT}
    plain = load_workload("mlp_digits").graph
    assert kept_outside(plain) is plain


@pytest.mark.parametrize(
    ("default", "most", "expected"),
    [(128, 1023, (128, 129, 1023)), (128, None, (128, 129, 257)), (1, None, (1, 2, 3)), (8, 8, (8, 7, 6))],
)
def test_lengths_of_capture(default, most, expected):
    assert lengths_of(default, most) == expected


class Crooked(Decoder):
    """Attends to the last six tokens only."""

    def attend(self, number, x, past):
        return super().attend(number, x, [one[:, :, -6:] for one in past])


class Bent(Decoder):
    """Makes a product as long as the square of the context."""

    def attend(self, number, x, past):
        scores = past[0] @ past[1].transpose(-1, -2)
        return x + scores.mean(), past


class Changing(Decoder):
    """Attends only once there are enough tokens."""

    def attend(self, number, x, past):
        x, own = super().attend(number, x, past)
        return (x.relu() if past[0].shape[2] > 9 else x), own


def test_what_is_no_straight_line_is_refused():
    with pytest.raises(WorkloadError) as caught:
        growing(Crooked(), 5, 12)
    assert str(caught.value) == (
        "decoder: from context 6 to 12 the operations change (keys.0, keys.1, keys.part); "
        "give a fixed length instead of {context}, and capture each length by itself"
    )
    with pytest.raises(WorkloadError) as caught:
        growing(Bent(), 5)
    assert str(caught.value) == (
        "decoder: matmul.macs is no straight line in context: 300 at 5, 432 at 6, 1452 at 11; "
        "give a fixed length instead of {context}, and capture each length by itself"
    )
    with pytest.raises(WorkloadError) as caught:
        growing(Changing(), 9)
    assert str(caught.value) == (
        "decoder: from context 9 to 10 the operations change (relu, relu.2); "
        "give a fixed length instead of {context}, and capture each length by itself"
    )


def test_contexts_that_the_model_does_not_reach():
    graph = growing(Decoder(), 9, 40)
    for length in (0, 41):
        with pytest.raises(WorkloadError) as caught:
            graph.at_context(length)
        assert str(caught.value) == f"context of {length}: the model takes a context from 1 to 40"
    with pytest.raises(WorkloadError) as caught:
        load_workload("lstm").graph.at_context(3)
    assert str(caught.value).startswith("lstm has no context to grow by; name a dimension")


def test_a_state_that_forward_does_not_return():
    with pytest.raises(WorkloadError) as caught:
        capture(Decoder(), 3, (State("keys", "new_keys", 3),))
    assert str(caught.value) == (
        "decoder: the state 'keys' takes the output 'new_keys' of forward, which returns x, keys.0, keys.1, "
        "values.0, values.1; return a mapping with the key 'new_keys', or name the output with 'append'"
    )
