"""The trained digits networks of tests/data/analog and their test images."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from xbarsim.analog import AnalogNetwork, ArraySize, Converter, Numerics, Periphery, convert_to_analog
from xbarsim.devices.load import load_technology
from xbarsim.devices.technology import Technology

DATA = Path(__file__).parent.parent / "data" / "analog"
AGES_S = {"prog(t=0)": 0.0, "20s": 20.0, "1h": 3600.0, "1d": 86400.0, "1mo": 2.592e6, "1y": 3.1536e7}
# "default": 7-bit inputs, 9-bit outputs, with the noise of a typical read-out.
PERIPHERIES = {
    "ideal": Periphery(),
    "default": Periphery(Converter(1.0, 1 / 126), Converter(12.0, 1 / 510), "abs_max", "iterative", output_noise=0.06),
}  # fmt: skip


@cache
def network(seed: int, training: str) -> nn.Module:
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    with np.load(DATA / f"digits_mlp_seed{seed}_{training}.npz") as weights:
        net.load_state_dict({name: torch.tensor(weights[name]) for name in weights.files})
    return net


@cache
def images_and_labels() -> tuple[Tensor, Tensor]:
    with np.load(DATA / "digits_test.npz") as stored:
        images, labels = stored["images"] / 16, stored["labels"].astype(int)
    return torch.tensor(images, dtype=torch.float32), torch.tensor(labels)


@cache
def pcm(noise: float = 1.0) -> Technology:
    """Phase-change memory with programming and read noise times a factor."""
    cells = load_technology("pcm")
    programming = [noise * value for value in cells.programming_usiemens_by_level]
    read = cells.read_noise
    changed = (
        f"programming_usiemens_by_level={programming}",
        f"read_noise.factor={noise * read.factor}",
        f"read_noise.most={noise * read.most}",
    )
    return cells if noise == 1.0 else load_technology("pcm", changed)


def accuracy(net: nn.Module) -> float:
    images, labels = images_and_labels()
    with torch.no_grad():
        return (net(images).argmax(dim=1) == labels).double().mean().item()


def on_pcm(
    seed: int,
    training: str,
    periphery: str,
    noise: float,
    compensated: bool,
    run: int,
    pairs: Literal["apart", "net"] = "apart",
) -> AnalogNetwork:
    numerics = Numerics(
        ArraySize(512, 512),
        pcm(noise),
        periphery=PERIPHERIES[periphery],
        compensation="global" if compensated else "none",
        pairs=pairs,
        weight_range="array",
        read_noise="held",
    )
    analog = convert_to_analog(network(seed, training), numerics, run)
    analog.program_analog_weights()
    return analog
