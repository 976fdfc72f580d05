"""Layers whose weights learn in place, and the optimiser that hands each batch to their update rules.

    from xbarsim.training.layers import InPlace, trained_in_place

    network = trained_in_place(network, rules)          # Linear and Conv2d layers on arrays of their own
    optimiser = InPlace(network, lr=0.05)
    for images, labels in batches:                      # your loop, as it is
        loss = criterion(network(images), labels)
        optimiser.zero_grad(); loss.backward(); optimiser.step()

Products are computed with what a read of the arrays sees, without converters. Biases and all other parameters stay
digital and are trained by gradient descent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xbarsim.devices.state import Floats
from xbarsim.training.asked import Asked
from xbarsim.training.rule import UpdateRule

Rules = Callable[[str, tuple[int, int]], UpdateRule]


class _Product(torch.autograd.Function):
    """x W^T with the weights of a rule; the backward pass keeps what the update needs."""

    @staticmethod
    def forward(context: Any, vectors: Tensor, anchor: Tensor, layer: TrainedLayer) -> Tensor:
        context.layer, context.weights = layer, layer.read(vectors)
        context.save_for_backward(vectors)
        result: Tensor = vectors @ context.weights.T
        return result

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (vectors,) = context.saved_tensors
        context.layer.waiting.append((vectors.detach(), gradients[0].detach()))
        return gradients[0] @ context.weights, None, None


class TrainedLayer(nn.Module):
    """A matrix of weights that a rule updates.

    waiting: vectors (n, inputs) and gradients of the loss by the outputs (n, outputs), of backward passes since the
        last update.
    """

    def __init__(self, path: str, layer: nn.Linear | nn.Conv2d, rules: Rules):
        super().__init__()
        weight = layer.weight.detach()
        matrix = weight.reshape(weight.shape[0], -1)
        self.path, self.rule = path, rules(path, (matrix.shape[0], matrix.shape[1]))
        self.rule.put(matrix.cpu().numpy().astype(np.float64))
        self.bias = layer.bias
        # Asks autograd for a backward pass here even where the input needs none.
        self.anchor = nn.Parameter(torch.zeros(()))
        self.waiting: list[tuple[Tensor, Tensor]] = []
        self._read: Tensor | None = None

    def read(self, like: Tensor) -> Tensor:
        """The weights as products see them, until the next update."""
        if self._read is None or self._read.dtype != like.dtype or self._read.device != like.device:
            self._read = torch.as_tensor(self.rule.weights()).to(like)
        return self._read

    def multiply(self, vectors: Tensor) -> Tensor:
        """vectors (n, inputs): (n, outputs)."""
        result: Tensor = _Product.apply(vectors, self.anchor, self)  # type: ignore[no-untyped-call]
        return result if self.bias is None else result + self.bias

    def update(self, rate: float) -> Asked | None:
        """Learn from what waits; None if nothing does."""
        if not self.waiting:
            return None
        vectors, gradients = (torch.cat(parts).cpu().numpy() for parts in zip(*self.waiting, strict=True))
        self.waiting, self._read = [], None
        return self.rule.update(_wide(vectors), -_wide(gradients), rate)

    def relax(self, seconds: float) -> None:
        """Let so much time pass on the arrays."""
        self.rule.relax(seconds)
        self._read = None

    def extra_repr(self) -> str:
        outputs, inputs = self.rule.shape
        return f"{inputs} x {outputs}, {type(self.rule).__name__}"


class TrainedLinear(TrainedLayer):
    def forward(self, inputs: Tensor) -> Tensor:
        return self.multiply(inputs.reshape(-1, inputs.shape[-1])).reshape(*inputs.shape[:-1], -1)


class TrainedConvolution(TrainedLayer):
    """One product for each position of the kernel, so as many updates an image as it has positions."""

    def __init__(self, path: str, layer: nn.Conv2d, rules: Rules):
        if layer.groups != 1 or layer.padding_mode != "zeros" or isinstance(layer.padding, str):
            raise ValueError(
                f"{path}: {layer}; allowed: groups=1, padding in numbers, padding_mode='zeros'; leave it digital by "
                f"naming it in `digital`"
            )
        super().__init__(path, layer, rules)
        self.kernel, self.unfolding = layer.kernel_size, (layer.dilation, layer.padding, layer.stride)

    def forward(self, images: Tensor) -> Tensor:
        dilation, padding, stride = self.unfolding
        patches = F.unfold(images, self.kernel, dilation, padding, stride)
        maps = self.multiply(patches.mT.reshape(-1, patches.shape[1]))
        size = [
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, d, p, s in zip(images.shape[2:], self.kernel, dilation, padding, stride, strict=True)
        ]
        return maps.reshape(len(images), -1, maps.shape[1]).mT.reshape(len(images), -1, *size)


def _wide(values: np.ndarray) -> Floats:
    return np.asarray(values, dtype=np.float64)


def trained_in_place(network: nn.Module, rules: Rules, digital: tuple[str, ...] = ()) -> nn.Module:
    """A copy of a network whose Linear and Conv2d layers learn in place, from the weights they have.

    rules: path of a layer and shape of its matrix (outputs, inputs): its update rule. digital: paths that are left.
    Raises: ValueError where no layer is left to put on arrays, or a convolution cannot be.
    """
    copy = nn.Sequential(deepcopy(network))
    found = False
    for parent_path, parent in list(copy.named_modules()):
        for name, child in list(parent.named_children()):
            path = f"{parent_path}.{name}".strip(".").removeprefix("0").strip(".")
            if path in digital or type(child) not in (nn.Linear, nn.Conv2d):
                continue
            kind = TrainedLinear if isinstance(child, nn.Linear) else TrainedConvolution
            setattr(parent, name, kind(path or "network", child, rules))
            found = True
    if not found:
        raise ValueError("trained_in_place: no Linear or Conv2d layer to put on arrays")
    result: nn.Module = copy[0]
    return result


def trained_layers(network: nn.Module) -> Iterator[TrainedLayer]:
    return (module for module in network.modules() if isinstance(module, TrainedLayer))


class InPlace(torch.optim.SGD):
    """Gradient descent: of layers in place by their rules, of all other parameters as torch does it.

    lr: of both; a learning-rate scheduler may change it.
    asked: what each layer's last update asked for, by path.
    """

    def __init__(self, network: nn.Module, lr: float, momentum: float = 0.0):
        super().__init__(network.parameters(), lr=lr, momentum=momentum)
        self.layers = list(trained_layers(network))
        self.asked: dict[str, Asked] = {}

    def zero_grad(self, set_to_none: bool = True) -> None:
        super().zero_grad(set_to_none)
        for layer in getattr(self, "layers", ()):
            layer.waiting = []

    def step(self, closure: Any = None) -> Any:
        loss = super().step(closure)
        for layer in self.layers:
            asked = layer.update(self.param_groups[0]["lr"])
            if asked is not None:
                self.asked[layer.path] = asked
        return loss
