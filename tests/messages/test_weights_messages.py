"""What a user reads when weights or data of a workload file are not what they should be."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from xbarsim.errors import DataError, SpecError, WorkloadError
from xbarsim.workload.load import load_workload

MODEL = """
from torch import nn

def build():
    return nn.Sequential(nn.Linear(64, 4), nn.ReLU(), nn.Linear(4, 10))

def tied():
    network = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    network[1].weight = network[0].weight
    return network

class Two(nn.Module):
    def forward(self, a, b):
        return a + b
"""
HEAD = "name: net\nmodel: model.py:build\ninput: 1x64\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is given: a model, and weights that fit it."""
    (tmp_path / "model.py").write_text(MODEL)
    save_file(good(), tmp_path / "good.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def good() -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    return dict(nn.Sequential(nn.Linear(64, 4), nn.ReLU(), nn.Linear(4, 10)).state_dict())


def told(text: str) -> str:
    """The error of a workload file."""
    Path("net.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_workload("net.yaml")
    return str(caught.value)


def told_by_network(state: dict[str, torch.Tensor]) -> str:
    """The error of weights that do not fit."""
    save_file(state, "weights.safetensors")
    Path("net.yaml").write_text(HEAD + "weights: weights.safetensors\n")
    with pytest.raises(SpecError) as caught:
        load_workload("net.yaml").network()
    return str(caught.value)


FILE_OF_WEIGHTS = "allowed: a file of weights: .safetensors, .pt or .pth"
CASES = {
    "no file": (
        HEAD + "weights: none.safetensors\n",
        "net.yaml:4 weights: no file 'none.safetensors' beside this one",
    ),
    "another kind of file": (
        HEAD + "weights: model.py\n",
        f"net.yaml:4 weights: 'model.py'; {FILE_OF_WEIGHTS}",
    ),
    "several": (
        HEAD + "weights:\n  plain: good.safetensors\n  other: 3\n  third: a.pt\n",
        f"net.yaml:6 weights.other: 3; {FILE_OF_WEIGHTS}\n"
        "net.yaml:7 weights.third: no file 'a.pt' beside this one",
    ),
    "a list": (
        HEAD + "weights: [good.safetensors]\n",
        "net.yaml:4 weights: a list; allowed: a file beside this one, or a mapping of names to files",
    ),
    "no names": (
        HEAD + "weights: {}\n",
        "net.yaml:4 weights: an empty mapping; allowed: a file beside this one, or a mapping of names to files",
    ),
    "weights of nothing": (
        "name: net\ntrace: net.trace.yaml\nweights: good.safetensors\n",
        "net.yaml:3 weights: no 'model' that they are of; give 'model: file.py:callable'",
    ),
    "misspelt keys": (
        HEAD + "weight: good.safetensors\ndate: digits\n",
        "net.yaml:4 weight: unknown key; did you mean 'weights'?\n"
        "net.yaml:5 date: unknown key; did you mean 'data'?",
    ),
    "misspelt data": (HEAD + "data: digit\n", "net.yaml:4 data: 'digit'; did you mean 'digits'?"),
    "unknown data": (
        HEAD + "data: imagenet\n",
        "net.yaml:4 data: 'imagenet'; allowed: cifar10, digits, mnist",
    ),
    "data of no name": (HEAD + "data: [digits]\n", "net.yaml:4 data: a list; allowed: digits, mnist, cifar10"),
    "images of another size": (
        HEAD + "data: mnist\n",
        "net.yaml:4 data: images of 'mnist' do not fit the input, 1x64; input may be 1x1x28x28 or 1x784",
    ),
    "two inputs": (
        "name: net\nmodel: model.py:Two\ninput: [1x64, 1x64]\ndata: digits\n",
        "net.yaml:4 data: images of 'digits' are one input; the model has 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_workload_files(case, folder):
    text, expected = CASES[case]
    assert told(text) == expected


def test_everything_that_does_not_fit_is_told_at_once(folder):
    state = good()
    state["0.weigth"] = state.pop("0.weight")
    state["2.weight"] = torch.zeros(10, 5)
    state["2.bias"][3] = float("nan")
    state["3.bias"] = torch.zeros(10)
    assert told_by_network(state) == (
        "weights.safetensors 0.weight: missing; allowed: 4x64\n"
        "weights.safetensors 0.weigth: not in the network; did you mean '0.weight'?\n"
        "weights.safetensors 2.bias: 1 of 10 values are not finite\n"
        "weights.safetensors 2.weight: 10x5; allowed: 10x4\n"
        "weights.safetensors 3.bias: not in the network, where 0.weight has none yet"
    )


def test_weights_too_many(folder):
    assert told_by_network({**good(), "9.bias": torch.zeros(1)}) == (
        "weights.safetensors 9.bias: not in the network, which has all of its own"
    )


def unread(path: str) -> str:
    """The error of a file of weights that cannot be read."""
    Path("net.yaml").write_text(HEAD + f"weights: {path}\n")
    with pytest.raises(WorkloadError) as caught:
        load_workload("net.yaml").network()
    return str(caught.value)


SAVE = (
    "Save the weights alone, where the network is known: torch.save(network.state_dict(), 'weights.pt') or "
    "safetensors.torch.save_file(network.state_dict(), 'weights.safetensors')"
)


class Trap:
    def __reduce__(self):
        return Path("trapped").write_text, ("code was run",)


@pytest.mark.parametrize("content", [Trap(), nn.Linear(2, 2), {"0.weight": torch.zeros(2), "hook": Trap()}])
def test_pickled_objects_are_refused_unread(content, folder):
    torch.save(content, "weights.pt")
    assert unread("weights.pt") == (
        "weights.pt: not only weights: a pickled Python object, which could run any code when it is read, so it is not "
        f"read, or a damaged file. {SAVE}"
    )
    assert not Path("trapped").exists()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ([torch.zeros(2)], "holds a list; allowed: tensors by name"),
        ({}, "holds a dict; allowed: tensors by name"),
        (
            {"epoch": 3, "net": {"a": torch.zeros(1)}},
            "epoch, net are no tensors; allowed: tensors by name, at the top or under 'state_dict'",
        ),
    ],
)
def test_other_contents(content, found, folder):
    torch.save(content, "weights.pt")
    assert unread("weights.pt") == f"weights.pt: {found}. {SAVE}"


def test_damaged_files(folder):
    torch.save(good(), "weights.pt")
    for name in ("weights.pt", "good.safetensors"):
        whole = Path(name).read_bytes()
        Path(name).write_bytes(whole[: len(whole) // 2])
    assert unread("weights.pt").startswith("weights.pt: no file of weights, or damaged (")
    assert unread("good.safetensors").startswith("good.safetensors: no file of safetensors, or damaged (")
    Path("weights.pt").write_text("")
    assert unread("weights.pt").startswith("weights.pt: no file of weights, or damaged (")


def test_what_the_file_does_not_give(folder):
    Path("net.yaml").write_text(HEAD)
    work = load_workload("net.yaml")
    with pytest.raises(WorkloadError) as caught:
        work.network()
    assert (
        str(caught.value)
        == "net: its file gives no 'weights'; add a line like 'weights: weights.safetensors'"
    )
    with pytest.raises(WorkloadError) as caught:
        work.test_set()
    assert str(caught.value) == "net: its file gives no 'data'; add a line like 'data: digits'"


def test_a_trace_alone_has_no_network(folder):
    from xbarsim.workload.trace import save_trace

    Path("net.yaml").write_text(HEAD)
    save_trace(load_workload("net.yaml").graph, Path("net.trace.yaml"))
    with pytest.raises(WorkloadError) as caught:
        load_workload("net.trace.yaml").network()
    assert str(caught.value) == "net: operations only, no network; load a workload file with 'model'"


def test_weights_of_another_name(folder):
    Path("net.yaml").write_text(HEAD + "weights: {plain: good.safetensors, aware: good.safetensors}\n")
    with pytest.raises(WorkloadError) as caught:
        load_workload("net.yaml").network("awear")
    assert str(caught.value) == "net: no weights 'awear'; did you mean 'aware'?"
    Path("net.yaml").write_text(HEAD + "weights: good.safetensors\n")
    with pytest.raises(WorkloadError) as caught:
        load_workload("net.yaml").network("aware")
    assert str(caught.value) == "net: no weights 'aware'; allowed: none, there is only one file"


def test_data_that_cannot_be_read(folder, monkeypatch):
    monkeypatch.delenv("XBARSIM_DATA", raising=False)
    Path("net.yaml").write_text(
        "name: net\nmodel: model.py:build\ninput: 1x64\n".replace("64", "784") + "data: mnist\n"
    )
    Path("model.py").write_text(MODEL.replace("64", "784"))
    with pytest.raises(DataError, match="mnist: no folder is given"):
        load_workload("net.yaml").test_set()
    with pytest.raises(DataError, match=r"mnist: no file t10k-images-idx3-ubyte, .* in '.'"):
        load_workload("net.yaml").test_set(".")
