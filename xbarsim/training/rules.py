"""Update rules for the layers of a network: each layer gets arrays and random numbers of its own, by its place."""

from __future__ import annotations

from xbarsim.analog.streams import stream
from xbarsim.devices.pulsed import PulsedDevice
from xbarsim.training.array import PulsedArray
from xbarsim.training.hybrid import HybridTraining, Tiers
from xbarsim.training.layers import Rules
from xbarsim.training.rule import InMemorySgd, MixedPrecision, UpdateRule
from xbarsim.training.tiki_taka import TikiTaka, Transfer
from xbarsim.training.trains import Pulsing


def with_transfers(transfer: Transfer, fast: PulsedDevice, slow: PulsedDevice, seed: int = 0) -> Rules:
    """TTv2, chopped TTv2 or AGAD, as `transfer` says."""

    def rule(path: str, shape: tuple[int, int]) -> UpdateRule:
        gathering = PulsedArray(fast, shape, stream(seed, path, "fast"))
        holding = PulsedArray(slow, shape, stream(seed, path, "slow"))
        return TikiTaka(transfer, gathering, holding, stream(seed, path, "pulses"))

    return rule


def in_memory_sgd(pulsing: Pulsing, device: PulsedDevice, seed: int = 0) -> Rules:
    def rule(path: str, shape: tuple[int, int]) -> UpdateRule:
        array = PulsedArray(device, shape, stream(seed, path, "weights"))
        return InMemorySgd(array, pulsing, stream(seed, path, "pulses"))

    return rule


def mixed_precision(device: PulsedDevice, longest: int = 1, seed: int = 0) -> Rules:
    return lambda path, shape: MixedPrecision(
        PulsedArray(device, shape, stream(seed, path, "weights")), longest
    )


def hybrid(tiers: Tiers, seed: int = 0) -> Rules:
    return lambda path, shape: HybridTraining(tiers, shape, stream(seed, path, "weights"))
