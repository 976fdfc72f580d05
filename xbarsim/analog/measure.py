"""How often a network is right."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BATCH = 1_000


def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor, batch: int = BATCH) -> float:
    """Share of inputs whose largest output is that of their class, of a network in evaluation mode.

    inputs: (n, …); labels: classes, (n,). batch: inputs at once; where products draw noise, it decides which input
    meets which, so a run is repeated exactly with the same one.
    Raises: ValueError if there is nothing to measure, or the outputs are not one for each class.
    """
    if len(inputs) != len(labels) or not len(labels):
        raise ValueError(
            f"{len(inputs)} inputs and {len(labels)} labels; allowed: as many of both, and at least one"
        )
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        with torch.no_grad():
            parts = zip(torch.split(inputs, batch), torch.split(labels, batch), strict=True)
            right = sum(_right(network(images), classes) for images, classes in parts)
    finally:
        for module, training in modes.items():
            module.training = training
    return right / len(labels)


def _right(outputs: object, labels: Tensor) -> int:
    if not isinstance(outputs, Tensor) or outputs.dim() != 2:
        found = "x".join(map(str, outputs.shape)) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(f"the network's output is {found}; allowed: a tensor (n, classes)")
    return int((outputs.argmax(dim=1) == labels).sum())
