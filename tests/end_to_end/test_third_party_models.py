"""Models of others, unmodified and without downloads: captured, and counted as torch counts them."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from xbarsim.workload.capture import trace
from xbarsim.workload.graph import Causal, OpKind

transformers = pytest.importorskip("transformers")

SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
}
TOKENS = {"input_ids": torch.zeros(1, 16, dtype=torch.long)}
MASKED = {**TOKENS, "attention_mask": torch.ones(1, 16, dtype=torch.long)}
IMAGE = {"pixel_values": torch.zeros(1, 3, 32, 32)}
GPT2 = {"n_embd": 64, "n_layer": 2, "n_head": 4}
VIT = {**SMALL, "image_size": 32, "patch_size": 8}
LLAMA = {**SMALL, "num_key_value_heads": 2, "vocab_size": 100}
T5 = {"d_model": 64, "d_ff": 128, "num_layers": 2, "num_heads": 4, "d_kv": 16}
SWIN = {
    "image_size": 32,
    "patch_size": 2,
    "embed_dim": 16,
    "depths": [2, 2],
    "num_heads": [2, 4],
    "window_size": 4,
}
CONVNEXT = {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]}

CASES = {
    "bert": ("BertModel", "BertConfig", SMALL, TOKENS),
    "bert_with_mask": ("BertModel", "BertConfig", SMALL, MASKED),
    "bert_eager": ("BertModel", "BertConfig", {**SMALL, "attn_implementation": "eager"}, TOKENS),
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", GPT2, TOKENS),
    "gpt2_eager": ("GPT2LMHeadModel", "GPT2Config", {**GPT2, "attn_implementation": "eager"}, TOKENS),
    "vit": ("ViTModel", "ViTConfig", VIT, IMAGE),
    "llama": ("LlamaForCausalLM", "LlamaConfig", LLAMA, TOKENS),
    "t5_encoder": ("T5EncoderModel", "T5Config", T5, TOKENS),
    "swin": ("SwinModel", "SwinConfig", SWIN, IMAGE),
    "convnext": ("ConvNextModel", "ConvNextConfig", CONVNEXT, IMAGE),
}


def build(name: str) -> torch.nn.Module:
    model, config, settings, _ = CASES[name]
    return getattr(transformers, model)(getattr(transformers, config)(**settings))


@pytest.mark.parametrize("name", CASES)
def test_counts_are_those_of_torch(name):
    model, inputs = build(name), CASES[name][3]
    graph = trace(model, named_inputs=inputs)
    model.eval()
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(**inputs)
    assert graph.macs == counter.get_total_flops() // 2
    assert graph.parameters == sum(one.numel() for one in model.parameters())


def test_bert_base_is_bert_base():
    model = transformers.BertModel(transformers.BertConfig())
    graph = trace(model, torch.zeros(1, 128, dtype=torch.long))
    layers, tokens, width = 12, 128, 768
    per_layer = tokens * 12 * width * width + 2 * tokens * tokens * width
    assert graph.macs == layers * per_layer + width * width  # and the pooler
    assert graph.parameters == 109_482_240
    assert graph.by_name["encoder.layer.3.attention.self.query"].kind is OpKind.MVM


def test_gpt2_streams():
    """Causal attention waits only for the tokens before; keys and values leave with no operation."""
    graph = trace(build("gpt2"), named_inputs=TOKENS)
    scores = graph.by_name["transformer.h.1.attn.scores"]
    assert scores.needs[1] == Causal(0)
    assert scores.inputs == ("transformer.h.1.attn.c_attn", "transformer.h.1.attn.c_attn")
    assert [op.name for op in graph.ops if op.kind is OpKind.OUTPUT] == ["output"]


def test_the_model_is_left_as_it_was():
    model = build("gpt2").train()
    model.transformer.h[0].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    trace(model, named_inputs=TOKENS)
    assert [module.training for module in model.modules()] == modes
    assert "forward" not in vars(model)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model(**TOKENS).past_key_values is not None
