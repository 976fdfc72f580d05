"""A workload's network with its weights, and its data as inputs."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from xbarsim.workload.load import load_workload

MODEL = """
from torch import nn

def build():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.BatchNorm1d(10), nn.Dropout(0.5))

def tied():
    network = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64))
    network[1].weight = network[0].weight
    return network
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def built() -> nn.Module:
    torch.manual_seed(5)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.BatchNorm1d(10), nn.Dropout(0.5))
    network(torch.randn(7, 64))  # so that means and variances are no longer those it began with
    return network.eval()


def workload(folder: Path, weights: str, model: str = "build"):
    text = f"name: net\nmodel: model.py:{model}\ninput: 1x1x8x8\nweights: {weights}\ndata: digits\n"
    (folder / "net.yaml").write_text(text.replace("1x1x8x8", "1x64") if model == "tied" else text)
    return load_workload(folder / "net.yaml")


@pytest.mark.parametrize("file", ["a.safetensors", "a.pt", "a.pth"])
def test_the_network_is_the_one_whose_weights_were_saved(file, folder):
    state = built().state_dict()
    if file == "a.safetensors":
        save_file(state, folder / file)
    else:
        torch.save(state, folder / file)
    work = workload(folder, file)
    inputs, _ = work.test_set()
    assert not work.network().training
    assert torch.equal(work.network()(inputs), built()(inputs))


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict"])
def test_weights_inside_a_checkpoint(key, folder):
    torch.save({"epoch": 3, key: built().state_dict()}, folder / "a.pt")
    inputs, _ = workload(folder, "a.pt").test_set()
    assert torch.equal(workload(folder, "a.pt").network()(inputs), built()(inputs))


def test_weights_by_name(folder):
    for name, factor in (("one", 1), ("two", 2)):
        state = {key: value * factor for key, value in built().state_dict().items()}
        save_file(state, folder / f"{name}.safetensors")
    work = workload(folder, "{first: one.safetensors, second: two.safetensors}")
    first, second = work.network()[1].weight, work.network("second")[1].weight
    assert torch.equal(2 * first, second)
    assert torch.equal(work.network("first")[1].weight, first)


def test_shared_weights_are_saved_once(folder):
    shared = {"0.weight": torch.rand(64, 64), "0.bias": torch.rand(64), "1.bias": torch.rand(64)}
    save_file(shared, folder / "a.safetensors")
    network = workload(folder, "a.safetensors", "tied").network()
    assert network[1].weight is network[0].weight
    assert torch.equal(network[1].weight, shared["0.weight"])


def test_reading_leaves_random_numbers_alone(folder):
    save_file(built().state_dict(), folder / "a.safetensors")
    work = workload(folder, "a.safetensors")
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    work.network()
    assert torch.equal(torch.rand(3), expected)


def test_images_have_the_shape_of_the_input():
    images, labels = load_workload("cnn_digits").test_set()
    rows, same = load_workload("mlp_digits").test_set()
    assert (images.shape, images.dtype) == ((450, 1, 8, 8), torch.float32)
    assert (labels.shape, labels.dtype) == ((450,), torch.int64)
    assert torch.equal(rows, images.reshape(450, 64))
    assert torch.equal(labels, same)
    assert load_workload("mlp_digits").training_set()[0].shape == (1_347, 64)
