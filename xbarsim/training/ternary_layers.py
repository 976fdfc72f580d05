"""Ternary layers for torch, and the optimiser that moves their weights by chance: GXNOR, ideal or on magnetic synapses.

    network = nn.Sequential(TernaryLinear(64, 256), nn.BatchNorm1d(256), Ternary(), TernaryLinear(256, 10), ...)
    optimiser = ByChance(network, torch.optim.Adam(network.parameters(), lr=0.05), seed=0, mtj=load_technology("mtj"))

The inner optimiser says how far each weight should go; where it goes, chance says. Its moments, normalisations and
biases stay real numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xbarsim.analog.streams import stream, torch_stream
from xbarsim.devices.mtj import Mtj
from xbarsim.training.gxnor import moved
from xbarsim.training.magnetic import Assignment, Inverse, MagneticSynapses, Width, Written


class _Ternarise(torch.autograd.Function):
    """-1, 0 or 1; backward a rectangle of width 2 a around each threshold (a slope of 1 / 2a)."""

    @staticmethod
    def forward(context: Any, values: Tensor, threshold: float, half: float) -> Tensor:
        context.save_for_backward(values)
        context.threshold, context.half = threshold, half
        return torch.sign(values) * (values.abs() >= threshold)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (values,) = context.saved_tensors
        near = (values.abs() - context.threshold).abs() <= context.half
        return gradients[0] * near / (2 * context.half), None, None


class Ternary(nn.Module):
    """Activation of GXNOR. threshold r = 1 and half width a = 0.5: the authors' code; it follows a normalisation."""

    def __init__(self, threshold: float = 1.0, half_width: float = 0.5):
        super().__init__()
        self.threshold, self.half_width = threshold, half_width

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = _Ternarise.apply(values, self.threshold, self.half_width)  # type: ignore[no-untyped-call]
        return result


class TernaryInput(nn.Module):
    """Inputs x from 0 to 1 as -1, 0 or 1: 2 x - 1, of which what is within +-threshold is 0."""

    def __init__(self, threshold: float = 0.5):
        super().__init__()
        self.threshold = threshold

    def forward(self, values: Tensor) -> Tensor:
        stretched = 2 * values - 1
        return torch.sign(stretched) * (stretched.abs() >= self.threshold)


class TernaryLinear(nn.Linear):
    """Weights of -1, 0 and 1, at first evenly drawn; no bias."""

    def __init__(self, inputs: int, outputs: int, seed: int = 0, path: str = "ternary"):
        super().__init__(inputs, outputs, bias=False)
        drawn = torch.randint(-1, 2, (outputs, inputs), generator=torch_stream(seed, path, "weights"))
        self.weight.data = drawn.to(self.weight.dtype)


def squared_hinge(outputs: Tensor, labels: Tensor) -> Tensor:
    """Mean squared hinge with targets of +-1: the loss of GXNOR."""
    targets = 2 * F.one_hot(labels, outputs.shape[1]).to(outputs) - 1
    return (1 - targets * outputs).clamp(min=0).square().mean()


class ByChance:
    """An optimiser around another one: ternary weights move where its step would take them, by chance.

    inner: made over the network's parameters; `param_groups` are its own, so schedulers take it.
    mtj: ternary weights stand on magnetic synapses of this junction, whose pulses move them; None: ideal transitions.
    assignment, width: as in `MagneticSynapses`.
    synapses, written: of each ternary layer, by path; written: the last update's pulses.
    """

    def __init__(
        self,
        network: nn.Module,
        inner: torch.optim.Optimizer,
        seed: int = 0,
        mtj: Mtj | None = None,
        assignment: Assignment = "both",
        width: Width | Inverse | None = None,
    ):
        self.inner = inner
        self.layers = {
            path: layer for path, layer in network.named_modules() if isinstance(layer, TernaryLinear)
        }
        if not self.layers:
            raise ValueError("ByChance: the network has no TernaryLinear layer")
        self._rng = {path: stream(seed, path, "transitions") for path in self.layers}
        self.written: dict[str, Written] = {}
        self.synapses: dict[str, MagneticSynapses] = {}
        if mtj is not None:
            for path, layer in self.layers.items():
                weights = _numbers(layer.weight)
                self.synapses[path] = MagneticSynapses(mtj, weights, self._rng[path], width, assignment)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        return self.inner.param_groups

    def zero_grad(self) -> None:
        self.inner.zero_grad()

    def step(self) -> None:
        before = {path: layer.weight.detach().clone() for path, layer in self.layers.items()}
        self.inner.step()
        for path, layer in self.layers.items():
            stood = _numbers(before[path])
            change = _numbers(layer.weight) - stood
            layer.weight.data.copy_(torch.as_tensor(self._moved(path, stood, change)))

    def _moved(self, path: str, stood: np.ndarray, change: np.ndarray) -> np.ndarray:
        if path not in self.synapses:
            return moved(stood, change, self._rng[path])
        self.written[path] = self.synapses[path].update(change)
        return self.synapses[path].weights


def _numbers(values: Tensor) -> np.ndarray:
    return np.asarray(values.detach().cpu().numpy(), dtype=np.float64)
