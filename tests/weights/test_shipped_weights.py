"""The trained weights that ship: what their metadata say of them is so, and training makes them again."""

import importlib.util
import json
import sys
from functools import cache
from types import ModuleType

import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn

import xbarsim as xs
from xbarsim.shipped import shipped
from xbarsim.workload.load import Workload

NETWORKS = ("mlp_digits", "cnn_digits")
PAIRS = [(name, weights) for name in NETWORKS for weights in ("plain", "aware")]
IMAGE = 1 / 450  # the share of one test image


@cache
def work(name: str) -> Workload:
    return xs.load_workload(name)


def told(name: str, weights: str) -> dict:
    with safe_open(work(name).weights[weights], "pt") as file:
        return json.loads(file.metadata()["training"])


@pytest.mark.parametrize(("name", "weights"), PAIRS)
def test_accuracy_is_what_the_file_says(name, weights):
    """Sums in another order may turn one image over."""
    found = xs.accuracy(work(name).network(weights), *work(name).test_set())
    assert found == pytest.approx(told(name, weights)["test_accuracy"], abs=1.01 * IMAGE)
    assert found > 0.96


@pytest.mark.parametrize(("name", "weights"), PAIRS)
def test_metadata_say_how_the_weights_were_made(name, weights):
    from xbarsim.data.digits import SPLIT

    found = told(name, weights)
    assert found["split"] == SPLIT
    assert found["script"] == "train_digits.py"
    assert {"seed", "torch", "data"} < set(found)


def test_weights_for_the_codebook_keep_away_from_zero():
    """The codebook's levels that are nearest to zero are +0.0247 and -0.0263 (facts of the published steps)."""
    smallest = min(parameter.abs().min() for parameter in work("cnn_digits").network().parameters())
    assert smallest > 0.09  # the penalty begins at 0.1


def test_fine_tuned_weights_are_clipped():
    for name in NETWORKS:
        sigmas = told(name, "aware")["fine_tuned"]["clip_sigmas"]
        for parameter in work(name).network("aware").parameters():
            if parameter.dim() > 1:
                # Cutting them makes the deviation, of which the bound is a multiple, a little smaller.
                assert parameter.abs().max() <= 1.02 * sigmas * parameter.std(correction=0)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that trains, as it is run: beside its networks."""
    folder = shipped("workloads")
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("train_digits", folder / "train_digits.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["train_digits"] = module
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(folder))


def trained(script: ModuleType, name: str) -> tuple[nn.Module, nn.Module]:
    """Plain and fine-tuned."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        inputs, labels = work(name).training_set()
        plain = script.train(script.RECIPES[name], inputs, labels)
        tuned = script.fine_tune(plain, inputs, labels, script.AWARENESS, script.SCHEDULE, script.SEED)
        return plain, tuned
    finally:
        torch.set_num_threads(threads)


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", NETWORKS)
def test_training_makes_them_again(name, script):
    """On another machine within 1.5 points."""
    for network, weights in zip(trained(script, name), ("plain", "aware"), strict=True):
        found = xs.accuracy(network, *work(name).test_set())
        assert found == pytest.approx(told(name, weights)["test_accuracy"], abs=0.015)


def test_training_twice_gives_the_same_bits(script):
    for first, second in zip(trained(script, "mlp_digits"), trained(script, "mlp_digits"), strict=True):
        assert same(first.state_dict(), second.state_dict())


LOW_BIT = ("uniform_4bit", "uniform_4bit_pruned", "pot_4bit", "pot_4bit_pruned")


@pytest.mark.parametrize("weights", LOW_BIT)
def test_low_bit_weights_are_what_their_file_says(weights):
    """Levels, zeros and accuracy; both are pruned to the same share."""
    found, network = told("cnn_digits", weights), work("cnn_digits").network(weights)
    assert found["script"] == "train_low_bit.py" and found["from"] == "cnn_digits.safetensors"
    assert xs.accuracy(network, *work("cnn_digits").test_set()) == pytest.approx(
        found["test_accuracy"], abs=1.01 * IMAGE
    )
    held = [values for name, values in network.state_dict().items() if name.endswith("weight")]
    zeros = sum(int((values == 0).sum()) for values in held) / sum(values.numel() for values in held)
    assert zeros == pytest.approx(found["zero_share"], abs=1e-4)
    for values in held:
        assert len(values.abs().unique()) <= 8  # zero and seven levels, of 4 bits with a sign
    assert (zeros > 0.5) == weights.endswith("pruned")
    # Within a point of the float network, as published for 4-bit weights of ResNet-20 (README of the APoT code: 0.5).
    assert found["test_accuracy"] > told("cnn_digits", "plain")["test_accuracy"] - 0.01


def test_both_are_pruned_to_the_same_share():
    shares = [told("cnn_digits", f"{name}_4bit_pruned")["zero_share"] for name in ("uniform", "pot")]
    assert shares[0] == pytest.approx(shares[1], abs=0.001)
