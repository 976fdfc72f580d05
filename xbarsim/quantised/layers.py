"""Layers whose weights stand on the levels of a quantiser, with gradients as if they did not.

The forward pass sees rounded weights, the backward pass gives their gradients to the float weights behind them
(straight-through; Bengio et al., arXiv 1308.3432). Biases and normalisations stay float, as in the published
power-of-two training codes. Levels are frozen before training: the scale of each layer follows from its weights then.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from xbarsim.quantise import Quantised, Quantiser, QuantiserName, best_scale, quantiser

Layer = nn.Linear | nn.Conv1d | nn.Conv2d


@dataclass(frozen=True)
class LowBit:
    """What the weights of every Linear, Conv1d and Conv2d layer become.

    quantiser, bits: see `xbarsim.quantise`. least_error: the scale with the least squared error; else each quantiser's
    own, from the largest weight.
    """

    quantiser: QuantiserName = "pot_nearest_value"
    bits: int = 4
    least_error: bool = False

    def __post_init__(self) -> None:
        _ = self.words

    @property
    def words(self) -> Quantiser:
        return quantiser(self.quantiser, self.bits)


class Rounded(nn.Module):
    """The weights of one layer on their way into a product.

    unit: the weight that integer 1 stands for. removed: how many of the lowest magnitudes above zero are not used.
    """

    mask: Tensor
    magnitudes: Tensor
    thresholds: Tensor

    def __init__(self, own: Quantiser, scale: float, weight: Tensor):
        super().__init__()
        self.own, self.unit, self.removed = own, scale / own.largest, 0
        self.register_buffer("mask", torch.ones_like(weight, dtype=torch.bool))
        self._levels(weight)

    def forward(self, weight: Tensor) -> Tensor:
        kept = weight * self.mask
        return kept + (self.rounded(kept) - kept).detach()

    def rounded(self, weight: Tensor) -> Tensor:
        """Each weight to its level; beyond the largest one clipped."""
        level = torch.bucketize(weight.detach().abs(), self.thresholds, right=True)
        sign = torch.where(weight < 0, -1.0, 1.0).to(weight.dtype)
        return sign * self.magnitudes[level] * self.unit * self.mask

    def remove(self, magnitudes: int, weight: Tensor) -> None:
        """Use no more of the lowest magnitudes; what would stand there becomes zero."""
        self.removed = magnitudes
        self._levels(weight)

    def own_thresholds(self, like: Tensor) -> Tensor:
        """Sizes between all levels of the quantiser, removed or not."""
        return _as(like, (self.own.thresholds * self.unit).tolist())

    def _levels(self, like: Tensor) -> None:
        first = self.removed
        magnitudes = [0 if i == 0 and first else int(m) for i, m in enumerate(self.own.magnitudes)]
        self.register_buffer("magnitudes", _as(like, [*magnitudes[:1], *magnitudes[1 + first :]]))
        self.register_buffer("thresholds", _as(like, (self.own.thresholds * self.unit)[first:].tolist()))


def quantised(network: nn.Module, low_bit: LowBit = LowBit()) -> nn.Module:
    """A copy of a network whose layers compute with rounded weights; it can be trained as it is.

    Raises: ValueError if it has no Linear, Conv1d or Conv2d layer, or is quantised already.
    """
    copied = deepcopy(network)
    if any(layers(copied)):
        raise ValueError("the network is quantised already; take `plain` of it first")
    found = [module for module in copied.modules() if isinstance(module, Layer)]
    if not found:
        raise ValueError("the network has no Linear, Conv1d or Conv2d layer, so no weights to quantise")
    for layer in found:
        weight = layer.weight.detach()
        given, own = weight.double().numpy(), low_bit.words
        scale = best_scale(own, given) if low_bit.least_error else own.scale(given)
        parametrize.register_parametrization(layer, "weight", Rounded(own, scale, weight))
    return copied


def layers(network: nn.Module) -> Iterator[tuple[str, Layer, Rounded]]:
    """Quantised layers by their place, each with what rounds its weights."""
    for path, module in network.named_modules():
        if isinstance(module, Layer) and parametrize.is_parametrized(module, "weight"):
            rounded = module.parametrizations["weight"][0]  # type: ignore[index]
            if isinstance(rounded, Rounded):
                yield path, module, rounded


def float_weight(layer: Layer) -> Tensor:
    """The weights behind the rounding."""
    original = layer.parametrizations["weight"].original  # type: ignore[union-attr,index]
    assert isinstance(original, Tensor)
    return original


def words(network: nn.Module) -> dict[str, Quantised]:
    """What a memory holds of each layer, by its place."""
    return {
        path: rounded.own.quantise(layer.weight.detach().double().numpy(), rounded.unit * rounded.own.largest)
        for path, layer, rounded in layers(network)
    }


def zero_share(network: nn.Module) -> float:
    """Share of all quantised weights that are zero."""
    held = [layer.weight.detach() for _, layer, _ in layers(network)]
    return sum(int((weight == 0).sum()) for weight in held) / max(1, sum(weight.numel() for weight in held))


def plain(network: nn.Module) -> nn.Module:
    """A copy with ordinary layers, whose weights are the rounded ones: to be saved, traced or put on analog arrays."""
    copied = deepcopy(network).eval()
    for path, layer, _ in list(layers(copied)):
        parent, _, name = path.rpartition(".")
        if not path:
            return _ordinary(layer)
        setattr(copied.get_submodule(parent), name, _ordinary(layer))
    return copied


def _ordinary(layer: Layer) -> nn.Module:
    """The layer of the kind that it was before its weights were rounded. (torch's own way back changes the class that
    copies share.)"""
    kind: type[nn.Module] = type(layer).__mro__[1]
    found = kind.__new__(kind)
    vars(found).update(vars(layer))
    found._modules = {name: part for name, part in layer._modules.items() if name != "parametrizations"}
    found._parameters = {"weight": nn.Parameter(layer.weight.detach().clone()), **layer._parameters}
    return found


def _as(like: Tensor, values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device)
