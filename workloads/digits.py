"""Small networks for the 8x8 digits (1,797 images of the UCI Optical Recognition of Handwritten Digits)."""

from torch import Tensor, nn


def mlp() -> nn.Module:
    """A perceptron with two hidden layers, 64-128-64-10, as Rumelhart, Hinton and Williams, Nature 1986."""
    return nn.Sequential(
        nn.Linear(64, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


class LeNet(nn.Module):
    """LeNet-5 (LeCun et al., Proc. IEEE 1998) for 8x8 images.

    Its widths (6, 16, 120, 84, 10) are LeNet-5's; kernels are 3x3 with padding, since the image is small.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 16, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(16 * 2 * 2, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.pool(self.relu(self.conv1(image)))
        x = self.pool(self.relu(self.conv2(x))).flatten(1)
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        return self.fc3(x)


def lenet() -> nn.Module:
    return LeNet()


def cnn() -> nn.Module:
    """The network of Ivanov, arXiv 2310.00337 (workloads/mnist.py), for 8x8 images.

    The three matrices are those of the paper, 9x8, 72x12 and 192x10, so 2,886 parameters. An image of 8
    pixels has less to lose on its way, so 8 > 8 > 4 > 4: convolutions have a padding of 1, and only the first is
    followed by pooling, of 2. LogSoftmax is left out as there.
    """
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12 * 4 * 4, 10),
    )
