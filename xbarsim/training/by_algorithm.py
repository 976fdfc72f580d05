"""An algorithm and its devices as update rules of layers; networks as the algorithm needs them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from torch import nn

from xbarsim.analog.streams import stream
from xbarsim.devices.ideal import IdealCell
from xbarsim.devices.mtj import Mtj
from xbarsim.devices.pcm import Pcm
from xbarsim.devices.pulsed import PulsedDevice
from xbarsim.devices.technology import Technology
from xbarsim.errors import DeviceError, WorkloadError
from xbarsim.training.algorithm import (
    Algorithm,
    GxnorAlgorithm,
    HybridAlgorithm,
    InMemorySgdAlgorithm,
    MixedPrecisionAlgorithm,
    TransferAlgorithm,
)
from xbarsim.training.hybrid import MSB, Tiers
from xbarsim.training.layers import Rules
from xbarsim.training.magnetic import Inverse, Width, fitted_width
from xbarsim.training.rule import UpdateRule
from xbarsim.training.rules import hybrid, in_memory_sgd, mixed_precision, with_transfers
from xbarsim.training.ternary_layers import Ternary, TernaryInput
from xbarsim.training.transitions import JUNCTIONS, DiscreteTransitions

Devices = Mapping[str, PulsedDevice | Technology]
_HALF = np.array(0.5)  # of the highest conductance: where a cell of a pair stands on average


def rules_for(algorithm: Algorithm, devices: Devices, seed: int = 0) -> Rules:
    """Update rules of an algorithm on these devices, by the names of its arrays.

    Raises: DeviceError where an array has no device, or one that the algorithm cannot use.
    """
    unknown = sorted(set(devices) - set(algorithm.arrays))
    if unknown:
        raise DeviceError(f"devices: '{unknown[0]}' is no array; {_arrays(algorithm)}")
    if isinstance(algorithm, GxnorAlgorithm):
        return _transitions(algorithm, _device(algorithm, devices, JUNCTIONS, Mtj, IdealCell), seed)
    if isinstance(algorithm, HybridAlgorithm):
        return hybrid(_tiers(algorithm, _device(algorithm, devices, MSB, Pcm, IdealCell)), seed)
    first, *others = (_device(algorithm, devices, name, PulsedDevice) for name in algorithm.arrays)
    if isinstance(algorithm, TransferAlgorithm):
        return with_transfers(algorithm.transfer(), first, others[0], seed)
    if isinstance(algorithm, MixedPrecisionAlgorithm):
        return mixed_precision(first, algorithm.most_pulses, seed)
    assert isinstance(algorithm, InMemorySgdAlgorithm)
    return in_memory_sgd(algorithm.pulsing(), first, seed)


def _device(
    algorithm: Algorithm, devices: Devices, name: str, *allowed: type[PulsedDevice | Technology]
) -> Any:
    """The device of an array, which is one of these."""
    device = devices.get(name)
    if isinstance(device, allowed):
        return device
    found = "no device" if device is None else f"a device of {getattr(device, 'kind', 'pulses')}"
    kinds = " or ".join(getattr(one, "kind_name", "") or "a pulsed device" for one in allowed)
    raise DeviceError(f"{algorithm.kind}: array '{name}' has {found}; allowed: {kinds}; {_arrays(algorithm)}")


def _arrays(algorithm: Algorithm) -> str:
    return f"the arrays of {algorithm.kind} are {', '.join(map(repr, algorithm.arrays))}"


def _tiers(algorithm: HybridAlgorithm, cell: Pcm | IdealCell) -> Tiers:
    """Drift of a pair's cells: that of a cell at half of the highest conductance."""
    step = algorithm.largest_weight / algorithm.levels
    plain = Tiers(
        algorithm.bits_of_word, step, algorithm.levels, algorithm.refresh_every, algorithm.pulse_noise
    )
    if isinstance(cell, IdealCell):
        return plain
    cell.need("drift", "drift_mean", "drift_spread", "drift_from")
    mean, spread = float(cell.drift_mean.at(_HALF)), float(cell.drift_spread.at(_HALF))
    return Tiers(
        plain.bits, step, plain.levels, plain.refresh_every, plain.noise, mean, spread, cell.drift_from_s
    )


def _transitions(algorithm: GxnorAlgorithm, device: Mtj | IdealCell, seed: int) -> Rules:
    mtj = device if isinstance(device, Mtj) else None
    width: Width | Inverse | None = None
    if mtj is not None:
        width = fitted_width(mtj) if algorithm.widths == "affine" else Inverse(mtj, algorithm.timer_s)

    def rule(path: str, shape: tuple[int, int]) -> UpdateRule:
        rng = stream(seed, path, "transitions")
        return DiscreteTransitions(shape, rng, mtj, width, algorithm.assignment, algorithm.moments())

    return rule


def ternarised(network: nn.Module, input_threshold: float) -> nn.Module:
    """A network for ternary weights: inputs ternary, each layer without bias and normalised, activations ternary.

    Layers keep their names. One that has ternary activations is left as it is. input_threshold: of 2 x - 1.
    Raises: WorkloadError for one that is no chain of layers.
    """
    if any(isinstance(module, Ternary) for module in network.modules()):
        return network
    if not isinstance(network, nn.Sequential):
        raise WorkloadError(
            f"gxnor: the network is a {type(network).__name__}, whose activations cannot be made ternary; allowed: an "
            f"nn.Sequential, or a network with 'Ternary' activations of its own"
        )
    layers: dict[str, nn.Module] = {"input": TernaryInput(input_threshold)}
    for name, layer in deepcopy(network).named_children():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.register_parameter("bias", None)
            layers |= {name: layer, f"{name}_normalised": _normalisation(layer)}
        else:
            layers[name] = Ternary() if isinstance(layer, nn.ReLU) else layer
    return nn.Sequential(OrderedDict(layers))


def _normalisation(layer: nn.Linear | nn.Conv2d) -> nn.Module:
    if isinstance(layer, nn.Linear):
        return nn.BatchNorm1d(layer.out_features)
    return nn.BatchNorm2d(layer.out_channels)
