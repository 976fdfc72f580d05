"""Training a quantised network further: gradients pass the rounding as if it were not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Tuning:
    """Epochs, examples in a batch, rate and momentum of gradient descent; the rate falls linearly to a tenth."""

    epochs: int = 20
    batch: int = 64
    learning_rate: float = 0.02
    momentum: float = 0.9

    def __post_init__(self) -> None:
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"Tuning.{name} is {getattr(self, name)!r}; allowed: a whole number from 1")


def tune(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    tuning: Tuning = Tuning(),
    seed: int = 0,
    loss: Loss = F.cross_entropy,
) -> nn.Module:
    """Train a network in place; back in evaluation mode.

    inputs (n, …); labels (n,) classes for the cross entropy. seed: of the order of examples.
    Raises: ValueError if training diverges.
    """
    optimiser = torch.optim.SGD(network.parameters(), lr=tuning.learning_rate, momentum=tuning.momentum)
    order = torch.Generator().manual_seed(seed)
    network.train()
    for epoch in range(tuning.epochs):
        share = epoch / max(1, tuning.epochs - 1)
        optimiser.param_groups[0]["lr"] = tuning.learning_rate * (1 - 0.9 * share)
        for chosen in torch.split(torch.randperm(len(inputs), generator=order), tuning.batch):
            found = loss(network(inputs[chosen]), labels[chosen])
            if not torch.isfinite(found):
                raise ValueError(
                    f"tune: the loss is {found.item()} in epoch {epoch}; lower the learning rate "
                    f"({tuning.learning_rate})"
                )
            optimiser.zero_grad()
            found.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return network.eval()
