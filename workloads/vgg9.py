"""VGG-9 for 32x32 colour images in ten classes (CIFAR-10)."""

from torch import Tensor, nn


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class VGG9(nn.Module):
    """The network that Jia et al., JSSC 2020 ran on their chip (preprint, Fig. 11).

    Six 3x3 convolutions of 128, 128, 256, 256, 256 and 256 filters, full layers of 1024, 1024 and 10. The first full
    layer, of 4096 inputs, is written as the sum of two of 2048, because the chip's array has 2304 rows; normalisation
    stands before pooling, where it folds into the product (the paper lists it behind).
    """

    def __init__(self) -> None:
        super().__init__()
        features: list[nn.Module] = []
        inputs = 3
        for filters in (128, 256, 256):
            features += [_conv(inputs, filters), _conv(filters, filters), nn.MaxPool2d(2)]
            inputs = filters
        self.features = nn.Sequential(*features)
        self.upper = nn.Linear(2048, 1024)
        self.lower = nn.Linear(2048, 1024)
        self.relu = nn.ReLU()
        self.head = nn.Sequential(nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10))

    def forward(self, image: Tensor) -> Tensor:
        x = self.features(image).flatten(1)
        x = self.upper(x[:, :2048]) + self.lower(x[:, 2048:])
        return self.head(self.relu(x))


def vgg9() -> nn.Module:
    return VGG9()
