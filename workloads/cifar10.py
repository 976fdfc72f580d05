"""Networks for 32x32 colour images in ten classes (CIFAR-10)."""

from collections import OrderedDict

from torch import Tensor, nn


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two convolutions whose result is added to what went in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _conv(channels, channels)
        self.conv2 = _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(self.conv1(x))


class ResNet9(nn.Module):
    """ResNet-9 as run on the 64-core chip of Le Gallo et al., Nature Electronics 2023.

    Eight 3x3 convolutions of 56, 112, 112, 112, 224, 224, 224 and 224 filters and one full layer; without
    biases and normalisations (folded on the chip) these are the 1,866,536 weights that the paper states,
    exactly: 1,864,296 of the convolutions and 2,240 of the full layer. The paper gives the filters and the
    count; where the images are halved follows the ResNet-9 that it is derived from (Page, 2018).
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _conv(3, 56)
        self.conv2 = _conv(56, 112)
        self.residual1 = Residual(112)
        self.conv3 = _conv(112, 224)
        self.conv4 = _conv(224, 224)
        self.residual2 = Residual(224)
        self.halve = nn.MaxPool2d(2)
        self.pool = nn.MaxPool2d(4)
        self.fc = nn.Linear(224, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.halve(self.conv2(self.conv1(image)))
        x = self.residual1(x)
        x = self.halve(self.conv3(x))
        x = self.halve(self.conv4(x))
        x = self.residual2(x)
        return self.fc(self.pool(x).flatten(1))


def resnet9() -> nn.Module:
    return ResNet9()


def vgg8() -> nn.Module:
    """VGG-8, the benchmark of NeuroSim (Peng et al., IEDM 2019; from Simonyan and Zisserman, ICLR 2015).

    Six 3x3 convolutions of 128, 128, 256, 256, 512 and 512 filters, full layers of 1024 and 10; no biases.
    """
    features: list[nn.Module] = []
    inputs = 3
    for filters in (128, 256, 512):
        for _ in range(2):
            features += [nn.Conv2d(inputs, filters, 3, padding=1, bias=False), nn.ReLU()]
            inputs = filters
        features.append(nn.MaxPool2d(2))
    head = [nn.Linear(512 * 4 * 4, 1024, bias=False), nn.ReLU(), nn.Linear(1024, 10, bias=False)]
    parts = {
        "features": nn.Sequential(*features),
        "flatten": nn.Flatten(),
        "classifier": nn.Sequential(*head),
    }
    return nn.Sequential(OrderedDict(parts))
