"""Residual networks for CIFAR-10 as He et al., CVPR 2016, have them: thin, with shortcuts that hold no weights."""

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn


class Basic(nn.Module):
    """Two convolutions and a shortcut without weights: where it halves, every second pixel, new channels zero."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        stride = outputs // inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.stride, self.new = stride, (outputs - inputs) // 2

    def forward(self, x: Tensor) -> Tensor:
        short = x
        if self.stride > 1:
            short = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.new, self.new))
        return self.relu(self.norm2(self.conv2(self.relu(self.norm1(self.conv1(x))))) + short)


class ResNet20(nn.Module):
    """ResNet-20 for CIFAR-10 (He et al., CVPR 2016, sec. 4.2): shortcuts of option A, 0.27 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU()
        widths = [16] * 4 + [32] * 3 + [64] * 3
        self.blocks = nn.Sequential(*(Basic(a, b) for a, b in pairwise(widths)))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.blocks(self.relu(self.norm1(self.conv1(image))))
        return self.fc(self.pool(x).flatten(1))


def resnet20() -> nn.Module:
    return ResNet20()
