"""Without noise and in full precision a network on arrays is the network: on the blocks of every chip."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor, nn

import xbarsim as xs
from xbarsim.analog import ArraySize, Converter, Numerics, Periphery, convert_to_analog
from xbarsim.shipped import shipped

CHIPS = sorted(path.stem for path in shipped("architectures").glob("*.yaml"))


class AllLayers(nn.Module):
    """Every layer that is converted, with strides, borders, dilations, groups; some higher or wider than an array."""

    def __init__(self) -> None:
        super().__init__()
        self.strided = nn.Conv2d(3, 24, 3, padding=1, stride=2)
        self.depthwise = nn.Conv2d(24, 24, 3, padding="same", groups=24, dilation=2)
        self.grouped = nn.Conv2d(24, 36, 3, groups=3, padding=(1, 2), padding_mode="circular")
        self.line = nn.Conv1d(36, 300, 5, stride=2, padding=2, bias=False)
        self.wide_groups = nn.Conv1d(300, 600, 1, groups=2)
        self.linear = nn.Linear(600, 10)

    def forward(self, images: Tensor) -> Tensor:
        x = torch.relu(self.grouped(self.depthwise(torch.relu(self.strided(images)))))
        return self.linear(torch.relu(self.wide_groups(self.line(x.flatten(2)))).mT)


@cache
def example() -> tuple[nn.Module, Tensor, Tensor]:
    torch.manual_seed(0)
    network, images = AllLayers().eval(), torch.randn(2, 3, 12, 12)
    return network, images, network(images).detach()


@pytest.mark.parametrize("chip", CHIPS)
def test_on_the_blocks_of_a_chip(chip: str) -> None:
    network, images, expected = example()
    analog = convert_to_analog(network, Numerics(xs.load_chip(chip)))
    assert analog(images) == pytest.approx(expected, abs=2e-6)
    analog.program_analog_weights()
    analog.drift_analog_weights(3.15e7)
    assert analog(images) == pytest.approx(expected, abs=2e-6)
    assert analog.digital == ()


@pytest.mark.parametrize("chip", ["tutorial", "hermes64"])
def test_fine_converters_change_nothing(chip: str) -> None:
    """Slices converted one by one, and put together digitally."""
    network, images, expected = example()
    fine = Periphery(Converter(1.0, 1e-7), Converter(1e3, 1e-9), "abs_max", "iterative")
    analog = convert_to_analog(network, Numerics(xs.load_chip(chip), periphery=fine))
    assert analog(images) == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("size", [(512, 512), (64, 40), (60, 7)])
def test_on_plain_arrays(size: tuple[int, int]) -> None:
    network, images, expected = example()
    analog = convert_to_analog(
        network, Numerics(ArraySize(*size), weight_range="column", compensation="global")
    )
    analog.program_analog_weights()
    assert analog(images) == pytest.approx(expected, abs=2e-6)


def test_blocks_are_those_of_the_mapping() -> None:
    chip = xs.load_chip("hermes64")
    network = nn.Sequential(nn.Linear(600, 300), nn.ReLU(), nn.Linear(300, 10))
    program = xs.map_network(chip, xs.trace(network, torch.zeros(1, 600)))
    analog = convert_to_analog(network, Numerics(chip))
    blocks = [len(layer.blocks) for layer in analog.layers()]
    assert blocks == [cut.blocks for cut in program.cuts.values()] == [6, 2]


def test_one_image_alone_and_inputs_of_more_axes() -> None:
    network = nn.Conv2d(3, 5, 3)
    analog = convert_to_analog(network, Numerics(ArraySize(8, 8)))
    assert analog(torch.ones(3, 6, 6)) == pytest.approx(network(torch.ones(3, 6, 6)).detach(), abs=1e-6)
    linear = nn.Linear(7, 5)
    x = torch.randn(2, 3, 4, 7)
    result = convert_to_analog(linear, Numerics(ArraySize(3, 3)))(x)
    assert result == pytest.approx(linear(x).detach(), abs=1e-6)


def test_rounded_weights_are_those_of_the_chip() -> None:
    """ISAAC's 16 bit leave an error of at most half a step of the largest weight in each weight."""
    linear = nn.Linear(300, 100)
    analog = convert_to_analog(linear, Numerics(xs.load_chip("isaac"), rounded=True))
    step = linear.weight.abs().max().item() / (2**15 - 1)
    wrong = abs(analog.layer("network").weights() - linear.weight.detach().numpy())
    assert 0.3 * step < wrong.max() <= 0.5 * step * 1.0001


def test_layers_that_stand_in_two_places_are_one_and_others_stay_digital() -> None:
    shared = nn.Linear(4, 4)
    network = nn.Sequential(shared, nn.LSTM(4, 4), shared)
    analog = convert_to_analog(network, Numerics(ArraySize(8, 8)))
    assert [layer.path for layer in analog.layers()] == ["0"]
    assert analog.network[0] is analog.network[2]
    assert analog.digital == ("1 (LSTM)",)
    assert network[0] is shared and type(shared) is nn.Linear  # the original is left alone
