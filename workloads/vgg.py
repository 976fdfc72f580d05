"""VGG-16, configuration D (Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015)."""

from torch import Tensor, nn

STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # filters, convolutions


class VGG(nn.Module):
    """Stages of 3x3 convolutions, each halved by pooling, and three full layers."""

    def __init__(self) -> None:
        super().__init__()
        features: list[nn.Module] = []
        channels = 3
        for filters, depth in STAGES:
            for _ in range(depth):
                features += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
                channels = filters
            features.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*features)
        hidden = [
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(),
        ]
        self.classifier = nn.Sequential(*hidden, nn.Linear(4096, 1000))

    def forward(self, image: Tensor) -> Tensor:
        return self.classifier(self.features(image).flatten(1))


def vgg16() -> nn.Module:
    return VGG()
