"""A network of ternary weights and activations for the 8x8 digits, as GXNOR has it."""

from torch import nn

from xbarsim.training.ternary_layers import Ternary, TernaryInput


def mlp() -> nn.Module:
    """64-128-64-10 as in digits.py; inputs and activations of -1, 0, 1, and a normalisation after each layer."""
    return nn.Sequential(
        TernaryInput(),
        nn.Linear(64, 128, bias=False),
        nn.BatchNorm1d(128),
        Ternary(),
        nn.Linear(128, 64, bias=False),
        nn.BatchNorm1d(64),
        Ternary(),
        nn.Linear(64, 10, bias=False),
        nn.BatchNorm1d(10),
    )
