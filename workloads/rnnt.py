"""The MLPerf speech network (RNN transducer) as five analog chips hold it: the products of one step of each chip.

Ambrogio et al., Nature 620, 2023, Fig. 4 and Extended Data Figs. 5 and 7. What the chips do not do is left out: gate
functions, states and the joint layer ran on a host. Layers of a chip work on different frames side by side.
"""

import torch
from torch import Tensor, nn

UNITS, DECODER_UNITS, JOINT = 1024, 320, 512


def product(rows: int, columns: int) -> nn.Linear:
    """Biases were added with the calibration, outside the chips."""
    return nn.Linear(rows, columns, bias=False)


class Apart(nn.Module):
    """An LSTM's gates whose products with input and state leave the chip apart."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.x = product(inputs, 4 * UNITS)
        self.h = product(UNITS, 4 * UNITS)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.x(x), self.h(h)


class Chip(nn.Module):
    """A chip with one LSTM of the encoder."""

    def __init__(self, layer: str, inputs: int) -> None:
        super().__init__()
        self.layer = layer
        self.add_module(layer, Apart(inputs))

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.get_submodule(self.layer)(x, h)


class EncoderEnd(nn.Module):
    """Two LSTMs whose products with input and state add up on the chip, and the layer behind them."""

    def __init__(self) -> None:
        super().__init__()
        self.enc3 = product(2 * UNITS, 4 * UNITS)
        self.enc4 = product(2 * UNITS, 4 * UNITS)
        self.encfc = product(UNITS, JOINT)

    def forward(self, x3: Tensor, h3: Tensor, x4: Tensor, h4: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        both = torch.cat((x3, h3), dim=1), torch.cat((x4, h4), dim=1)
        return self.enc3(both[0]), self.enc4(both[1]), self.encfc(y)


class Decoder(nn.Module):
    """The decoder's two LSTMs and the layer behind them.

    The chip holds embedding and input weights of the first LSTM multiplied out, 28 x 1280, nine times: 252 rows
    in place of the 320 here. The paper counts operations of the network's own weights, as here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dec0 = product(2 * DECODER_UNITS, 4 * DECODER_UNITS)
        self.dec1 = product(2 * DECODER_UNITS, 4 * DECODER_UNITS)
        self.decfc = product(DECODER_UNITS, JOINT)

    def forward(self, x0: Tensor, h0: Tensor, x1: Tensor, h1: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        both = torch.cat((x0, h0), dim=1), torch.cat((x1, h1), dim=1)
        return self.dec0(both[0]), self.dec1(both[1]), self.decfc(y)


def chip1() -> nn.Module:
    return Chip("enc0", 240)


def chip2() -> nn.Module:
    return Chip("enc1", UNITS)


def chip3() -> nn.Module:
    return Chip("enc2", 2 * UNITS)


def chip4() -> nn.Module:
    return EncoderEnd()


def chip5() -> nn.Module:
    return Decoder()
