"""What users read when a model cannot be captured, or a workload or trace file is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from xbarsim.errors import SpecError, WorkloadError
from xbarsim.workload.capture import trace
from xbarsim.workload.load import load_workload
from xbarsim.workload.trace import load_trace


class Mixer(nn.Module):
    """Twice the same unsupported operation, and another."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Spectral() for _ in range(2))
        self.head = nn.Linear(4, 4)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return torch.sort(self.head(x)).values


class Spectral(nn.Module):
    def forward(self, x):
        return torch.fft.fft(x).abs()


class Branch(nn.Module):
    def forward(self, x):
        return x + 1 if x.sum() > 0 else x


def capture_text(model: nn.Module, *shape: int) -> str:
    with pytest.raises(WorkloadError) as caught:
        trace(model, torch.zeros(shape))
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_all_unsupported_operations_are_told_at_once_with_their_places():
    assert capture_text(Mixer(), 1, 3, 4) == (
        "Mixer cannot be captured:\n"
        "  layers.0, layers.1: aten.fft_fft on a tensor of 1x3x4: not supported; "
        "write it with matrix products and element-wise operations\n"
        "  the model's forward: aten.sort on a tensor of 1x3x4: not supported; "
        "write it with matrix products and element-wise operations"
    )


def test_a_batch():
    assert capture_text(nn.Conv2d(3, 4, 1), 8, 3, 5, 5) == (
        "Conv2d: input 0 is 8x3x5x5: a batch of 8; capture takes one sample (a first dimension of 1, "
        "as in x[:1]); several requests are the scenario's business"
    )


def test_a_wrong_input():
    assert capture_text(nn.Linear(3, 4), 1, 5) == (
        "Linear: the model itself fails on the example input 1x5: "
        "mat1 and mat2 shapes cannot be multiplied (1x5 and 3x4)"
    )


def test_a_branch_on_data(capsys):
    text = capture_text(Branch(), 1, 3)
    assert text.startswith(
        "Branch: the model runs, but its operations cannot be followed without running it, most likely "
        "because a branch or a shape depends on the data ("
    )
    assert text.endswith(
        "; let branches depend on shapes only, replace 'if tensor:' by torch.where, "
        "or capture the parts separately"
    )
    assert capsys.readouterr() == ("", "")


def test_an_output_that_depends_on_nothing():
    class Constant(nn.Module):
        def forward(self, x):
            return torch.ones(3)

    assert capture_text(Constant(), 1, 3) == (
        "Constant: no output depends on an input; return the result from forward"
    )


MODEL = """
from torch import nn

def build(width=4):
    return nn.Linear(3, width)

def number():
    return 3

def broken():
    raise RuntimeError("no weights")
"""


def workload_text(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The error of a workload file."""
    (folder / "model.py").write_text(MODEL)
    (folder / "net.yaml").write_text(text)
    monkeypatch.chdir(folder)
    with pytest.raises((SpecError, WorkloadError)) as caught:
        load_workload("net.yaml")
    return str(caught.value)


BROKEN = """\
name: [net]
modle: model.py:build
model: model.py
input: 1x3y
precision: {activation: 8 bit, weights: 8}
trace: 3
"""
BROKEN_TEXT = """\
net.yaml:1 name: a list; allowed: a text
net.yaml:2 modle: unknown key; did you mean 'model'?
net.yaml:3 model: 'model.py'; allowed: a file and a callable in it; write it like 'model.py:build'
net.yaml:5 precision.activation: unknown key; did you mean 'activations'?
net.yaml:5 precision.weights: '8' has no unit; write it like '8 bit'
net.yaml:6 trace: 3; allowed: a text"""

CASES = {
    "all at once": (BROKEN, BROKEN_TEXT),
    "inputs": (
        "name: net\nmodel: model.py:build\ninput: {x: {shape: 1x, typ: int}, y: {shape: 1x3, type: int}}\n",
        "net.yaml:3 input.x: '1x' is not a shape; write it like '1x3x224x224'\n"
        "net.yaml:3 input.x.typ: unknown key; did you mean 'type'?\n"
        "net.yaml:3 input.y.type: 'int'; did you mean 'int64'?",
    ),
    "nothing to run": (
        "name: net\n",
        "net.yaml:1: neither 'model' nor 'trace'; give 'model: file.py:callable' or 'trace: file'",
    ),
    "state": (
        "name: net\nmodel: model.py:build\ninput: {x: 1x3}\n"
        "state: {keys: {shape: '2x{contxt}x4', apend: new}, x: 1x4, old: {append: [1]}, h: 3x}\n"
        "dimensions: {context: {default: 8}}\n",
        "net.yaml:4 state.h: '3x' is not a shape; write it like '1x3x224x224'\n"
        "net.yaml:4 state.keys: no dimension 'contxt'; did you mean 'context'?\n"
        "net.yaml:4 state.keys.apend: unknown key; did you mean 'append'?\n"
        "net.yaml:4 state.old.append: a list; allowed: the key of an output in what forward returns, or its "
        "place from 0\n"
        "net.yaml:4 state.x: an input of this name; leave it out of 'input': state lies in memory\n"
        "net.yaml:5 dimensions.context: no shape names it; write '{context}' in a shape",
    ),
    "state of no kind": (
        "name: net\nmodel: model.py:build\ninput: '1x{tokens}'\nstate: 12x1\n",
        "net.yaml:3 input: no dimension 'tokens'; give 'dimensions: {tokens: {default: 128, most: 1024}}'\n"
        "net.yaml:4 state: '12x1'; allowed: names of outputs that are kept, or a mapping of names to shapes; "
        "write it like 'keys: 12x1x12x{context}x64'",
    ),
    "dimensions": (
        "name: net\nmodel: model.py:build\ninput: 1x3\n"
        "state: {a: '1x{m}x{m}', b: '1x{n}'}\n"
        "dimensions: {m: 0, n: {default: 9, most: 8}, p: {most: 4}, q: {default: 1, least: 1}}\n",
        "net.yaml:4 state: grows by m and n; allowed: one named dimension\n"
        "net.yaml:5 dimensions.m: 0; allowed: a whole number from 1\n"
        "net.yaml:5 dimensions.n.most: 8 is less than the default, 9\n"
        "net.yaml:5 dimensions.p.default: missing; allowed: a whole number from 1\n"
        "net.yaml:5 dimensions.q: no shape names it; write '{q}' in a shape\n"
        "net.yaml:5 dimensions.q.least: unknown key; allowed: default, most",
    ),
    "a dimension twice": (
        "name: net\nmodel: model.py:build\ninput: 1x3\nstate: {a: '{m}x{m}'}\ndimensions: {m: 4}\n",
        "net.yaml:4 state.a: 'm' more than once; allowed: one named dimension",
    ),
    "experts": (
        "name: net\nmodel: model.py:build\ninput: 1x3\n"
        "experts: {module: x, modules: layers, top_k: 0, router: {seed: -1, skew: flat, wrap: true}}\n",
        "net.yaml:4 experts.module: unknown key; did you mean 'modules'?\n"
        "net.yaml:4 experts.modules: 'layers'; allowed: where the experts are, like 'layers.*.experts.*'\n"
        "net.yaml:4 experts.router.seed: -1; allowed: a whole number from 0\n"
        "net.yaml:4 experts.router.skew: 'flat'; allowed: an exponent of Zipf's law from 0, which is uniform\n"
        "net.yaml:4 experts.router.wrap: unknown key; allowed: seed, skew\n"
        "net.yaml:4 experts.top_k: 0; allowed: how many experts each token goes to, from 1",
    ),
    "recorded router": (
        "name: net\nmodel: model.py:build\ninput: 1x3\n"
        "experts: {modules: a.*, top_k: 1, router: {recorded: a.csv, wrap: 1}}\n",
        "net.yaml:4 experts.router.recorded: no file 'a.csv' beside this one; "
        "allowed: a CSV with 'group,token,expert,expert' as first line\n"
        "net.yaml:4 experts.router.wrap: 1; allowed: true or false",
    ),
    "no router": (
        "name: net\nmodel: model.py:build\ninput: 1x3\nexperts: {modules: a.*, top_k: 1, router: random}\n",
        "net.yaml:4 experts.router: 'random'; allowed: {seed: 1}, {seed: 1, skew: 0.8} or {recorded: file.csv}",
    ),
    "no model file": (
        "name: net\nmodel: other.py:build\ninput: 1x3\n",
        "net.yaml:2 model: no file 'other.py' beside this one",
    ),
    "no trace file": ("name: net\ntrace: net.trace.yaml\n", "net.yaml trace: no file 'net.trace.yaml'"),
    "no callable": (
        "name: net\nmodel: model.py:make\ninput: 1x3\n",
        "model.py: no 'make' in it; there are broken, build, number",
    ),
    "no module": (
        "name: net\nmodel: model.py:number\ninput: 1x3\n",
        "model.py:number: returns a int; it must return a torch.nn.Module",
    ),
    "wrong argument": (
        "name: net\nmodel: model.py:build\narguments: {depth: 3}\ninput: 1x3\n",
        "model.py:build: TypeError: build() got an unexpected keyword argument 'depth'",
    ),
    "broken model": (
        "name: net\nmodel: model.py:broken\ninput: 1x3\n",
        "model.py:broken: RuntimeError: no weights",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_workload_files(name, tmp_path, monkeypatch):
    text, expected = CASES[name]
    assert workload_text(tmp_path, text, monkeypatch) == expected


def test_an_unknown_name():
    with pytest.raises(SpecError) as caught:
        load_workload("resnet_18")
    assert str(caught.value) == (
        "resnet_18: no file and no shipped workload of this name; did you mean 'resnet18'?"
    )


TRACE = """\
format: 1
name: net
matrices:
- {name: fc, rows: 3, columns: four}
ops:
- {name: x, kind: inputs, function: input, positions: 2, width: 3}
- {name: fc, kind: mvm, function: linear, inputs: [x], needs: [sam], positions: 2, width: 4, mac: 24}
- {name: y, kind: output, function: output, positions: 0, width: 4}
"""
TRACE_TEXT = """\
net.trace.yaml:4 matrices[0].columns: 'four' is not a whole number from 1
net.trace.yaml:6 ops[0].kind: 'inputs' is not one of input, state, mvm, product, elementwise, \
normalisation, softmax, pooling, gather, move, store, output
net.trace.yaml:7 ops[1].mac: unknown key; did you mean 'macs'?
net.trace.yaml:7 ops[1].needs[0]: 'sam' is not a need; did you mean 'same'?
net.trace.yaml:8 ops[2].positions: 0 is not a whole number from 1"""
GROWTHS = """\
format: 1
name: net
ops:
- {name: x, kind: state, function: state, positions: 2, width: 3, state: 3, growth: {positons: 1}}
- {name: y, kind: move, function: f, inputs: [x], needs: [same], positions: 2, width: 3, growth: {needs: [[1]]}}
- {name: z, kind: move, function: f, positions: 2, width: 3, growth: {width: 1.5}}
"""
GROWTHS_TEXT = """\
net.trace.yaml:4 ops[0].growth.positons: unknown key; did you mean 'positions'?
net.trace.yaml:4 ops[0].state: 3 is not a text
net.trace.yaml:5 ops[1].growth: there is no context to grow by; give 'context'
net.trace.yaml:5 ops[1].growth.needs: [[1]] does not fit the needs; allowed: 0 numbers
net.trace.yaml:6 ops[2].growth.width: 1.5 is not a whole number"""
EXPERTS = """\
format: 1
name: net
experts:
- {name: a, count: 2, top_k: 1}
ops:
- {name: x, kind: move, function: f, expert: [b, 0]}
- {name: y, kind: move, function: f, expert: [a, 2]}
"""
EXPERTS_TEXT = """\
net.trace.yaml:6 ops[0].expert: no group of experts 'b'; allowed: a
net.trace.yaml:7 ops[1].expert: expert 2 of 2; allowed: from 0 to 1"""
REFERENCES = """\
format: 1
name: net
ops:
- {name: x, kind: input, function: input, positions: 2, width: 3}
- {name: fc, kind: mvm, function: linear, inputs: [y], needs: [same], positions: 2, width: 4, matrix: fc}
- {name: y, kind: move, function: slice, inputs: [x], needs: [{slice: [1]}], positions: 2, width: 3}
- {name: y, kind: output, function: output, inputs: [x], positions: 2, width: 3}
"""
REFERENCES_TEXT = """\
net.trace.yaml:5 ops[1].inputs[0]: no earlier operation 'y'; allowed: x
net.trace.yaml:5 ops[1].matrix: no matrix 'fc'
net.trace.yaml:6 ops[2].needs[0]: 2 positions cannot be read so from 2 positions of 'x'
net.trace.yaml:7 ops[3].name: 'y' is taken by an earlier operation
net.trace.yaml:7 ops[3].needs: 0 needs; allowed: 1, one for each input"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TRACE, TRACE_TEXT),
        (REFERENCES, REFERENCES_TEXT),
        (GROWTHS, GROWTHS_TEXT),
        (EXPERTS, EXPERTS_TEXT),
        ("format: 2\n", "net.trace.yaml:1 format: 2; allowed: 1; save the trace anew"),
        ("format: 1\nname: [\n", None),
        ("- 1\n", None),
    ],
)
def test_trace_files(text, expected, tmp_path, monkeypatch):
    (tmp_path / "net.trace.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError) as caught:
        load_trace("net.trace.yaml")
    if expected is not None:
        assert str(caught.value) == expected
    else:
        assert str(caught.value).startswith("net.trace.yaml")


def test_a_stale_trace_is_captured_anew_and_said_so(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "net.yaml").write_text(
        "name: net\nmodel: model.py:build\ninput: 1x3\ntrace: net.trace.yaml\n"
    )
    work = load_workload(tmp_path / "net.yaml")
    assert work.graph.notes == ("captured anew: the saved trace net.trace.yaml does not exist",)

    from xbarsim.workload.trace import save_trace

    save_trace(work.graph, tmp_path / "net.trace.yaml")
    assert load_workload(tmp_path / "net.yaml").from_trace

    (tmp_path / "model.py").write_text(MODEL.replace("width=4", "width=5"))
    work = load_workload(tmp_path / "net.yaml")
    assert not work.from_trace
    assert work.graph.by_name["linear"].width == 5
    assert work.graph.notes == (
        "captured anew: the saved trace net.trace.yaml is of another model, input or setting",
    )


def test_a_trace_must_be_named_as_one(tmp_path, capsys):
    from xbarsim.cli import main

    model = tmp_path / "model.py"
    model.write_text("from torch import nn\n\n\ndef build():\n    return nn.Linear(4, 2)\n")
    with pytest.raises(SystemExit) as leaving:
        main(["trace", f"{model}:build", "-i", "1x4", "-o", str(tmp_path / "net.yaml")])
    assert leaving.value.code == 2
    assert "'net.yaml' would not be known as a trace; allowed: NAME.trace.yaml" in capsys.readouterr().err
    assert not (tmp_path / "net.yaml").exists()
