"""Networks for 28x28 grey images in ten classes (MNIST)."""

from torch import nn


def ivanov() -> nn.Module:
    """The network whose weights correct themselves (Ivanov, arXiv 2310.00337, and its published code).

    Images of 28 > 26 > 9 > 7 > 4 pixels; matrices 9x8, 72x12 and 192x10; 2,886 parameters, 92,928 MACs.
    The LogSoftmax at its end is left out: it belongs to the loss in training, and does not change which class is
    the largest, so that chips without a softmax unit can run it.
    """
    return nn.Sequential(
        nn.Conv2d(1, 8, 3),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=3, padding=1),
        nn.Conv2d(8, 12, 3),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=2, padding=1),
        nn.Flatten(),
        nn.Linear(12 * 4 * 4, 10),
    )
