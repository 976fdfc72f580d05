"""Pruning that suits powers of two: whole exponents go, the lowest first.

Reconstructed: that a pruning method "adapted to logarithmic quantisation" is used stands in the abstract of
Przewlocka-Rus and Kryjak (arXiv 2209.15257); how it works could not be read.

A threshold between two levels divides exponents; pruning below any other size would leave half of an exponent's
weights, and its word would still be needed. So the size is raised to the next threshold, and the levels below it are
used no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from xbarsim.quantised.layers import float_weight, layers, zero_share
from xbarsim.quantised.training import Tuning, tune

SHARES = (0.2, 0.4, 0.6)  # our choice; whole exponents round them up
BETWEEN, AFTER = Tuning(epochs=2), Tuning(epochs=16)  # our choice


@dataclass(frozen=True)
class Pruned:
    """What one step of pruning left: the share that was asked for and is reached, magnitudes removed by layer."""

    asked: float
    zero_share: float
    removed: Mapping[str, int]


def prune(network: nn.Module, share: float | Mapping[str, float], whole_exponents: bool = True) -> Pruned:
    """Set the smallest weights of each layer to zero, for good: a share of them at least, in place.

    share: of the weights of each layer, or by the place of the layer. whole_exponents: False takes just this share, as
    ordinary magnitude pruning does.
    Raises: ValueError for shares outside 0 to 1, or a network that is not quantised.
    """
    found = list(layers(network))
    if not found:
        raise ValueError("the network is not quantised; give what `quantised` returns")
    removed = {}
    for path, layer, rounded in found:
        asked = share[path] if isinstance(share, Mapping) else share
        if not 0 <= asked < 1:
            raise ValueError(f"share is {asked!r}; allowed: from 0 to below 1")
        weight = float_weight(layer).detach()
        below = _size_below(weight.abs(), asked)
        if whole_exponents:
            level = int(torch.bucketize(below, rounded.own_thresholds(weight)))
            level = max(rounded.removed, min(level, len(rounded.own.thresholds) - 1))
            rounded.remove(level, weight)
            below = rounded.thresholds[0] if level else below * 0
        rounded.mask = rounded.mask & (weight.abs() >= below)
        removed[path] = rounded.removed
    asked = max(share.values()) if isinstance(share, Mapping) else share
    return Pruned(asked, zero_share(network), removed)


def prune_gradually(
    network: nn.Module,
    inputs: Tensor,
    labels: Tensor,
    shares: tuple[float, ...] = SHARES,
    between: Tuning = BETWEEN,
    after: Tuning = AFTER,
    seed: int = 0,
) -> list[Pruned]:
    """Prune whole exponents step by step, in place, training a little between steps and more after the last.

    Returns what each step left.
    """
    steps = []
    for number, share in enumerate(shares):
        found = prune(network, share)
        last = number == len(shares) - 1
        tune(network, inputs, labels, after if last else between, seed)
        steps.append(Pruned(share, zero_share(network), found.removed))
    return steps


def _size_below(sizes: Tensor, share: float) -> Tensor:
    """The size that this share of all sizes does not reach."""
    ordered = sizes.flatten().sort().values
    return ordered[min(len(ordered) - 1, round(share * len(ordered)))]
