"""8x8 digits, and training loops on them as a user writes one."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

from tests.training.devices import soft_bounds
from xbarsim.data.digits import digits
from xbarsim.devices.mtj import Mtj
from xbarsim.devices.pulsed import PulsedDevice
from xbarsim.training.layers import InPlace, Rules, trained_in_place
from xbarsim.training.magnetic import Assignment
from xbarsim.training.rules import with_transfers
from xbarsim.training.ternary_layers import ByChance, Ternary, TernaryLinear, squared_hinge
from xbarsim.training.tiki_taka import Transfer, agad, chopped_ttv2, ttv2
from xbarsim.training.trains import Pulsing

BATCH = 16


@cache
def images(part: str) -> tuple[Tensor, Tensor]:
    found = digits(part)  # type: ignore[arg-type]
    return torch.tensor(found.images).reshape(-1, 64), torch.tensor(found.labels)


def accuracy(network: nn.Module, stretch: bool = False) -> float:
    inputs, labels = images("test")
    with torch.no_grad():
        answers = network(2 * inputs - 1 if stretch else inputs).argmax(dim=1)
    return float((answers == labels).float().mean())


def device(offset: float) -> PulsedDevice:
    """200 states, with the default spreads of the independent program's soft-bounds devices."""
    return soft_bounds(
        step=0.01, step_spread=0.3, asymmetry_spread=0.01, low_spread=0.3, high_spread=0.3, noise=0.3,
        reference_spread=offset, at_symmetry_point=True,
    )  # fmt: skip


def settings(algorithm: str) -> Transfer:
    train = (2, Pulsing(5), 200.0)
    if algorithm == "ttv2":
        return ttv2(*train)
    return chopped_ttv2(*train, 0.1) if algorithm == "c-ttv2" else agad(*train, 0.1, 0.5, referred=True)


def perceptron(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def trained(rules: Rules | None, epochs: int, seed: int = 0, rate: float = 0.1) -> tuple[float, InPlace]:
    """Accuracy after training; without rules in floating point."""
    network = perceptron(seed)
    network = network if rules is None else trained_in_place(network, rules)
    optimiser, (inputs, labels) = InPlace(network, rate), images("train")
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for chosen in torch.split(torch.randperm(len(inputs), generator=order), BATCH):
            loss = nn.functional.cross_entropy(network(inputs[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return accuracy(network), optimiser


def with_offset(algorithm: str, offset: float, epochs: int, seed: int = 0) -> float:
    return trained(with_transfers(settings(algorithm), device(offset), device(0.0), seed), epochs, seed)[0]


def ternary(
    mtj: Mtj | None, epochs: int, seed: int, hidden: int = 128, assignment: Assignment = "both"
) -> float:
    """Mean accuracy over the last three epochs of a ternary network of two hidden layers."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for place, (n, m) in enumerate(((64, hidden), (hidden, hidden), (hidden, 10))):
        layers += [TernaryLinear(n, m, seed, str(place)), nn.BatchNorm1d(m), Ternary()]
    network, (inputs, labels) = nn.Sequential(*layers[:-1]), images("train")
    rate, order, found = 0.05, torch.Generator().manual_seed(seed), []
    optimiser = ByChance(network, torch.optim.Adam(network.parameters(), lr=rate), seed, mtj, assignment)
    for epoch in range(epochs):
        optimiser.param_groups[0]["lr"] = rate * 0.01 ** (epoch / (epochs - 1))
        network.train()
        for chosen in torch.split(torch.randperm(len(inputs), generator=order)[:1344], 64):
            loss = squared_hinge(network(2 * inputs[chosen] - 1), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        found.append(accuracy(network.eval(), stretch=True))
    return sum(found[-3:]) / 3
