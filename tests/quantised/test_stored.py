"""A network as a digital chip computes it: words exactly, inputs in whole numbers, sums of the very elements."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import xbarsim as xs
from xbarsim.quantise import quantiser
from xbarsim.quantise.elements import element
from xbarsim.quantise.grid import stored_scale
from xbarsim.quantised.stored import Held, as_stored

RNG = np.random.default_rng(7)


def layer(weights: np.ndarray) -> nn.Linear:
    made = nn.Linear(weights.shape[1], weights.shape[0], bias=False)
    made.weight.data = torch.from_numpy(weights).float()
    return made


WORDS = [("mac", "uniform"), ("bac", "pot_nearest_value"), ("additive_bac", "apot"), ("shift_add", "shift")]


@pytest.mark.parametrize(("name", "words"), WORDS)
def test_sums_are_those_of_the_elements(name: str, words: str) -> None:
    """Integers of the elements times the units of weights and inputs; inputs that are whole numbers of 8 bits."""
    weights, inputs = RNG.normal(size=(5, 40)).astype(np.float32), RNG.integers(0, 256, size=(9, 40))
    inputs[0, 0] = 255  # so that a step is 1
    own = quantiser(words, 4)
    seen = torch.from_numpy(inputs).float()
    stored = as_stored(layer(weights), lambda _: Held(own, 8), seen)
    held = own.quantise(weights.astype(np.float64))
    exact = element(name, 8, 4).product(inputs, held.words.T.astype(np.int64)) * held.unit
    assert stored.network(seen.double()).detach().numpy() == pytest.approx(exact, rel=1e-12, abs=1e-12)


def test_inputs_are_rounded_to_the_bits_of_the_elements() -> None:
    """2 bits from 0 to 3: steps of 1; with a sign 1 bit is left, steps of 3."""
    identity = layer(np.eye(4, dtype=np.float32))
    inputs = torch.tensor([[0.2, 0.6, 2.4, 3.0]])
    own = Held(quantiser("uniform", 8), 2)
    found = as_stored(identity, lambda _: own, inputs)
    assert found.network(inputs.double()).tolist() == [pytest.approx([0.0, 1.0, 2.0, 3.0])]
    assert found.signed == ()
    with_sign = torch.tensor([[-3.0, 0.6, 2.4, 3.0]])
    found = as_stored(identity, lambda _: own, with_sign)
    assert found.network(with_sign.double()).tolist() == [pytest.approx([-3.0, 0.0, 3.0, 3.0])]
    assert found.signed == ("",)


@pytest.mark.parametrize(
    ("name", "top"), [("uniform", 5), ("pot_nearest_value", 16), ("pot_nearest_exponent", 4), ("apot", 3)]
)
def test_weights_that_stand_on_levels_stay(name: str, top: int) -> None:
    """Also where the largest level is not in use, so that the largest weight does not tell the scale."""
    own = quantiser(name, 4)
    levels = [level for level in own.magnitudes.tolist() if level <= top]
    weights = 0.0371 * RNG.choice([-1, 1], size=200) * RNG.choice(levels, size=200)
    weights[0] = 0.0371 * levels[-1]
    assert own.quantise(weights, stored_scale(own, weights)).values == pytest.approx(weights, rel=1e-9)


def test_other_weights_take_the_scale_of_the_quantiser() -> None:
    weights = RNG.normal(size=500)
    for name in ("uniform", "pot_nearest_value", "pot_inq"):
        assert stored_scale(quantiser(name, 4), weights) == quantiser(name, 4).scale(weights)


@pytest.mark.parametrize("weights", ["uniform_4bit", "uniform_4bit_pruned", "pot_4bit", "pot_4bit_pruned"])
def test_shipped_words_go_onto_their_chip_as_they_are(weights: str) -> None:
    """On the chip of their own quantiser, and on one of 8 bits, nothing is rounded but inputs."""
    work = xs.load_workload(f"cnn_digits@{weights}")
    chip = "zcu104-uniform" if weights.startswith("uniform") else "zcu104-pot"
    own = quantiser("uniform" if weights.startswith("uniform") else "pot_nearest_value", 4)
    for held in (
        weight.detach().numpy() for name, weight in work.network().named_parameters() if "weight" in name
    ):
        assert own.quantise(held, stored_scale(own, held)).values == pytest.approx(held, rel=1e-5)
    few, many = (xs.accuracy_on(xs.load_chip(name), work) for name in (chip, "systolic-int8"))
    assert few.by_age == many.by_age
    assert few.mean == pytest.approx(few.exact, abs=3 / 450)
