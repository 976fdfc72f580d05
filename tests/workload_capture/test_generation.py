"""Two networks that together answer a prompt: the same weights, the same memory, or an error that says what not."""

from pathlib import Path

import pytest

from xbarsim.errors import SpecError
from xbarsim.workload.generation import load_generation
from xbarsim.workload.graph import OpKind
from xbarsim.workload.load import load_workload

WIDTH, LAYERS, WORDS = 768, 12, 50_257


def test_prefill_and_decode_of_gpt2_have_the_same_matrices():
    found = load_generation("gpt2")
    assert found.prefill.matrices == found.decode.matrices
    assert len(found.decode.matrices) == 4 * LAYERS + 1
    assert (found.prompt_tokens, found.tokens) == (128, 32)
    assert found.contexts == range(128, 159)


@pytest.mark.parametrize("tokens", [1, 2, 32, 897])
def test_multiply_accumulates_of_an_answer_follow_from_the_sizes(tokens):
    stationary, head = LAYERS * 12 * WIDTH**2, WIDTH * WORDS
    prompt = 128 * stationary + head + LAYERS * 2 * WIDTH * 128**2
    steps = sum(stationary + head + LAYERS * 2 * WIDTH * (n + 1) for n in range(128, 128 + tokens - 1))
    assert load_generation("gpt2", tokens=tokens).macs == prompt + steps


def test_memory_after_the_prompt_is_what_the_first_step_reads():
    found = load_generation("gpt2")
    stored = {op.state: op.elements for op in found.prefill.ops if op.kind is OpKind.STORE}
    first = found.decode.at_context(found.contexts[0])
    assert stored == {op.state: op.elements for op in first.ops if op.kind is OpKind.STATE}


MODEL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, called, width):
        super().__init__()
        setattr(self, called, nn.Linear(4, width))
        self.called = called

def both(called="fc", width=4):
    class Both(Net):
        def forward(self, x, keys):
            new = getattr(self, self.called)(x)
            return {"y": new + keys.sum(1, keepdim=True)[..., :1], "keys": new}
    return Both(called, width)

def reader(called="fc", width=4):
    class Reader(Net):
        def forward(self, x):
            new = getattr(self, self.called)(x)
            return {"y": new[:, -1], "keys": new}
    return Reader(called, width)
"""
PREFILL = """\
name: prefill
model: model.py:reader
input: {x: "1x{tokens}x4"}
state: [keys]
dimensions: {tokens: 6}
"""
DECODE = """\
name: decode
model: model.py:both
input: {x: 1x1x4}
state: {keys: "1x{context}x4"}
dimensions: {context: {default: 6, most: 9}}
"""
GENERATE = "name: net\nprefill: prefill.yaml\ndecode: decode.yaml\nprompt_tokens: 6\ntokens: 3\n"


def write(folder: Path, prefill: str = PREFILL, decode: str = DECODE, text: str = GENERATE) -> Path:
    (folder / "model.py").write_text(MODEL)
    (folder / "prefill.yaml").write_text(prefill)
    (folder / "decode.yaml").write_text(decode)
    (folder / "net.generate.yaml").write_text(text)
    return folder / "net.generate.yaml"


def test_a_small_generation(tmp_path):
    found = load_generation(write(tmp_path))
    assert found.macs == 6 * 16 + 2 * 16
    assert found.decode.grows == ("keys", "sum")
    assert load_generation(write(tmp_path), tokens=4).contexts == range(6, 9)
    without = GENERATE.replace("prompt_tokens: 6\n", "")
    assert load_generation(write(tmp_path, text=without)).prompt_tokens == 6


CAPTURED = (
    "net.generate.yaml:4 prompt_tokens: 5, while prefill.yaml was captured at 6; for 5, write it as the default"
    " of the prompt's length under 'dimensions' in prefill.yaml, and capture anew: python {}/retrace.py prefill"
)
WRONG = {
    "keys": (
        {"text": "name: net\nprefil: prefill.yaml\ndecode: other.yaml\ntokens: 0\n"},
        "net.generate.yaml:1 prefill: missing; allowed: a workload file beside this one\n"
        "net.generate.yaml:2 prefil: unknown key; did you mean 'prefill'?\n"
        "net.generate.yaml:3 decode: no file 'other.yaml' beside this one\n"
        "net.generate.yaml:4 tokens: 0; allowed: a whole number from 1",
    ),
    "prompt": ({"text": GENERATE.replace("tokens: 6", "tokens: 5")}, CAPTURED),
    "too long": (
        {"text": GENERATE.replace("tokens: 3", "tokens: 6")},
        "net.generate.yaml:5 tokens: the last token would have 10 before it; "
        "allowed: to 9, the most that decode.yaml reads",
    ),
    "other names": (
        {"decode": DECODE + "arguments: {called: other}\n"},
        "net.generate.yaml:3 decode: its matrix 'other' is not in prefill, whose 'fc' is not in decode; "
        "give the same parameters the same names in both models",
    ),
    "other sizes": (
        {"prefill": PREFILL + "arguments: {width: 5}\n"},
        "net.generate.yaml:3 decode: matrix 'fc' is 4x4 here and 4x5 in prefill\n"
        "net.generate.yaml:3 decode: reads 4 a token of 'keys', prefill stores 5 elements a token",
    ),
    "other precision": (
        {"decode": DECODE + "precision: {weights: 4 bit}\n"},
        "net.generate.yaml:3 decode: another 'precision' than prefill; they share their weights",
    ),
    "no growth": (
        {"decode": DECODE.replace("{context}", "6").replace("dim", "#")},
        "net.generate.yaml:3 decode: the state of decode.yaml does not grow; "
        "name a dimension in the shape of its state, like '12x1x12x{context}x64'",
    ),
    "nothing stored": (
        {"prefill": PREFILL.replace("state", "#")},
        "net.generate.yaml:2 prefill: prefill.yaml stores nothing; "
        "allowed: keys and values of each token of the prompt; give its 'state'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_go_together(name, tmp_path):
    files, expected = WRONG[name]
    with pytest.raises(SpecError) as caught:
        load_generation(write(tmp_path, **files))
    assert str(caught.value) == expected.format(tmp_path.name, context="{context}")


def test_names_of_generations_and_of_networks():
    with pytest.raises(SpecError) as caught:
        load_generation("gpt")
    assert str(caught.value) == "gpt: no file and no shipped workload of this name; did you mean 'gpt2'?"
    with pytest.raises(SpecError) as caught:
        load_workload("net.generate.yaml")
    assert str(caught.value) == "net.generate.yaml: two networks; load_generation reads it"
