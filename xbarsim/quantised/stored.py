"""A network as a digital chip computes it: weights as words, inputs of every layer as whole numbers.

What the elements add up is exact (`xbarsim.quantise.elements`), so doubles of the same numbers give the same sums, as
long as these stay below 2^53. Biases and what is between layers stay float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from xbarsim.quantise.grid import Quantiser, stored_scale
from xbarsim.quantised.layers import Layer, plain

SEEN = 1_000  # inputs from which the range of each layer's inputs is taken


@dataclass(frozen=True)
class Held:
    """How a layer is held: the quantiser of its words, and bits of its inputs."""

    words: Quantiser
    input_bits: int


@dataclass(frozen=True)
class Stored:
    """A network as the chip computes it.

    zero_share: of all its words. signed: layers whose inputs are negative too, so that one bit is their sign.
    """

    network: nn.Module
    zero_share: float
    signed: tuple[str, ...]


class _Steps(nn.Module):
    """Whole numbers times a step, from 0 or, of signed inputs, symmetric around it."""

    def __init__(self, bits: int, low: float, high: float):
        super().__init__()
        self.steps = 2 ** (bits - 1) - 1 if low < 0 else 2**bits - 1
        self.least = -self.steps if low < 0 else 0
        self.step: float = (max(-low, high) or 1.0) / max(1, self.steps)

    def forward(self, inputs: Tensor) -> Tensor:
        rounded: Tensor = (inputs / self.step).round().clamp(self.least, self.steps)
        return rounded * self.step


def as_stored(network: nn.Module, held: Callable[[str], Held], seen: Tensor) -> Stored:
    """A copy of a network with every Linear, Conv1d and Conv2d layer as `held` says of its place.

    Weights that stand on the levels of the words keep them; others are rounded, their largest one as scale. seen:
    inputs of the network, from whose activations the range of each layer's inputs is taken, (n, …).
    """
    found = plain(network) if _parametrised(network) else deepcopy(network)
    found = found.double().eval()
    layers = {path: module for path, module in found.named_modules() if isinstance(module, Layer)}
    ranges = _ranges(found, layers, seen[:SEEN].double())
    zeros = 0.0
    for path, layer in layers.items():
        own, given = held(path), layer.weight.detach().numpy()
        words = own.words.quantise(given, stored_scale(own.words, given))
        layer.weight = nn.Parameter(torch.from_numpy(words.values), requires_grad=False)
        zeros += words.zero_share * given.size
        layer.register_forward_pre_hook(_hook(_Steps(own.input_bits, *ranges[path])))
    signed = tuple(path for path, (low, _) in ranges.items() if low < 0)
    return Stored(found, zeros / max(1, sum(layer.weight.numel() for layer in layers.values())), signed)


def weights_by_layer(network: nn.Module) -> dict[str, Tensor]:
    """Weights of every Linear, Conv1d and Conv2d layer by its place."""
    return {
        path: module.weight.detach() for path, module in network.named_modules() if isinstance(module, Layer)
    }


def share_of_zeros(network: nn.Module) -> float:
    """Of the weights of these layers, as they are."""
    held = list(weights_by_layer(network).values())
    return sum(int((weight == 0).sum()) for weight in held) / max(1, sum(weight.numel() for weight in held))


def _parametrised(network: nn.Module) -> bool:
    return any(nn.utils.parametrize.is_parametrized(module) for module in network.modules())


def _hook(steps: _Steps) -> Callable[[nn.Module, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    return lambda _, inputs: (steps(inputs[0]), *inputs[1:])


@torch.no_grad()
def _ranges(
    network: nn.Module, layers: Mapping[str, nn.Module], seen: Tensor
) -> dict[str, tuple[float, float]]:
    """Smallest and largest input of each layer."""
    found: dict[str, tuple[float, float]] = dict.fromkeys(layers, (0.0, 0.0))

    def watch(path: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def look(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            low, high = found[path]
            found[path] = (min(low, float(inputs[0].min())), max(high, float(inputs[0].max())))

        return look

    hooks = [layer.register_forward_pre_hook(watch(path)) for path, layer in layers.items()]
    network(seen)
    for hook in hooks:
        hook.remove()
    return found
