"""Converted layers in a user's own loop: gradients, convolutions, what is asked for, messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.devices import constant_steps
from xbarsim.devices.state import Floats, Wholes
from xbarsim.training.asked import Asked
from xbarsim.training.layers import InPlace, trained_in_place, trained_layers
from xbarsim.training.rule import UpdateRule
from xbarsim.training.rules import in_memory_sgd
from xbarsim.training.ternary_layers import ByChance, Ternary, TernaryLinear
from xbarsim.training.trains import Pulsing


class Exact:
    """Gradient descent in floating point, as a rule."""

    def __init__(self, shape: tuple[int, int]):
        self.shape, self.held = shape, np.zeros(shape)
        self.wear: Mapping[str, Wholes] = {}

    def weights(self) -> Floats:
        return self.held

    def put(self, values: Floats) -> None:
        self.held = np.array(values)

    def update(self, x: Floats, d: Floats, rate: float) -> Asked:
        self.held = self.held + rate * d.T @ x
        return Asked.nothing(len(x), [])

    def relax(self, seconds: float) -> None:
        pass


def exact(path: str, shape: tuple[int, int]) -> UpdateRule:
    return Exact(shape)


NETWORKS = {
    "linear": (lambda: nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3, bias=False)), (4, 6)),
    "alone": (lambda: nn.Linear(6, 3), (4, 6)),
    "tokens": (lambda: nn.Sequential(nn.Linear(6, 3)), (4, 7, 6)),
    "convolution": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 3, (2, 1), dilation=(1, 2)), nn.Flatten()
        ),
        (4, 2, 7, 8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_exact_rule_is_gradient_descent(name: str) -> None:
    """Losses and weights of five steps beside torch's own layers and optimiser."""
    torch.manual_seed(0)
    make, shape = NETWORKS[name]
    plain = make().double()
    place = trained_in_place(plain, exact)
    one, other = torch.optim.SGD(plain.parameters(), lr=0.1), InPlace(place, lr=0.1)
    for _ in range(5):
        inputs = torch.randn(shape, dtype=torch.float64)
        losses = [network(inputs).square().mean() for network in (plain, place)]
        assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-9)
        for optimiser, loss in zip((one, other), losses, strict=True):
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    assert losses[0].item() > 0 and len(list(trained_layers(place))) == len(other.asked)


def test_digital_layers_schedulers_and_gathered_gradients() -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 3)).double()
    place = trained_in_place(plain, exact, digital=("1",))
    assert [layer.path for layer in trained_layers(place)] == ["0"]
    optimiser = InPlace(place, lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, 1, 0.5)
    optimiser.step()
    scheduler.step()
    inputs = torch.randn(4, 6, dtype=torch.float64)
    place(inputs).sum().backward()
    place(inputs).sum().backward()  # both count
    before = next(trained_layers(place)).rule.weights()
    optimiser.step()
    after = next(trained_layers(place)).rule.weights()
    gradient = 0.5 * 2 * plain[1].weight.sum(dim=0)[:, None] * inputs.sum(dim=0)
    assert after - before == pytest.approx(-gradient.detach().numpy())
    with torch.no_grad():
        place(inputs)
    optimiser.zero_grad()
    optimiser.step()
    assert np.array_equal(next(trained_layers(place)).rule.weights(), after)


def test_layers_have_devices_and_chance_of_their_own() -> None:
    def weights(seed: int) -> list[Floats]:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
        network[1].weight.data = network[0].weight.data.clone()
        rules = in_memory_sgd(Pulsing(31), constant_steps(step_spread=0.3, noise=0.3), seed)
        place = trained_in_place(network, rules)
        optimiser = InPlace(place, 0.5)
        place(torch.ones(3, 4)).sum().backward()
        optimiser.step()
        return [layer.rule.weights() for layer in trained_layers(place)]

    first, again, other = weights(1), weights(1), weights(2)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0]) and not np.array_equal(first[0], first[1])


def test_ternary_layers() -> None:
    values = torch.tensor([-1.6, -1.0, -0.4, 0.7, 1.5, 1.6], requires_grad=True)
    out = Ternary()(values)
    out.sum().backward()
    assert out.tolist() == [-1, -1, 0, 0, 1, 1]
    assert values.grad is not None and values.grad.tolist() == [0, 1, 0, 1, 1, 0]
    network = nn.Sequential(TernaryLinear(30, 20, path="a"))
    optimiser = ByChance(network, torch.optim.SGD(network.parameters(), lr=0.001))
    before = network[0].weight.detach().clone()
    (network(torch.randn(8, 30)) * torch.arange(20)).square().sum().backward()
    optimiser.step()
    after = network[0].weight.detach()
    assert set(after.unique().tolist()) <= {-1.0, 0.0, 1.0} and not torch.equal(before, after)


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: trained_in_place(nn.ReLU(), exact), "no Linear or Conv2d layer"),
        (lambda: trained_in_place(nn.Conv2d(4, 4, 3, groups=2), exact), "groups=1"),
        (lambda: ByChance(nn.Linear(2, 2), torch.optim.SGD([torch.zeros(1)], lr=1.0)), "no TernaryLinear"),
    ],
)
def test_messages(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()
