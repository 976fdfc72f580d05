"""Linear and convolution layers whose weights stand in array blocks. The bias is added digitally."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xbarsim.analog.block import Block
from xbarsim.analog.pieces import pieces
from xbarsim.analog.settings import Numerics
from xbarsim.workload.graph import Matrix

Convolution = nn.Conv1d | nn.Conv2d
Layer = nn.Linear | Convolution
CONVERTED = (nn.Linear, nn.Conv1d, nn.Conv2d)


class AnalogLayer(nn.Module):
    """A matrix cut into blocks: each multiplies its part of the input, and sums of row blocks are added digitally.

    path: the layer's place in the network.
    """

    def __init__(self, path: str, layer: Layer, groups: int, numerics: Numerics, seed: int):
        super().__init__()
        self.path = path
        weight, bias = layer.weight.detach(), layer.bias
        outputs = weight.shape[0]
        stored = weight.reshape(groups, outputs // groups, -1).to(torch.float64).numpy()
        self.matrix = Matrix(path, stored.shape[2], stored.shape[1], groups, bias is not None)
        self.bias: Tensor | None
        self.register_buffer("bias", None if bias is None else bias.detach().clone())
        self.blocks = [
            Block(f"{path}.block[{number}]", piece, numerics, seed, weight.dtype)
            for number, piece in enumerate(pieces(numerics.cut(self.matrix), stored))
        ]

    def multiply(self, vectors: Tensor) -> Tensor:
        """vectors (n, inputs): products (n, outputs) with the bias."""
        if len(self.blocks) == 1:
            result = self.blocks[0].product(vectors)
        else:
            result = vectors.new_zeros(len(vectors), self.matrix.columns * self.matrix.groups)
            for block in self.blocks:
                result[:, block.outputs] += block.product(vectors[:, block.inputs])
        return result if self.bias is None else result.add_(self.bias)

    def probe(self) -> Tensor:
        """Input vectors (n, inputs) whose answers tell whether the weights are still what they were: each input
        alone; of a convolution one patch, in channel i of which element (i, i) is 1."""
        return torch.eye(self.matrix.rows * self.matrix.groups, dtype=self.blocks[0].dtype)

    def spread(self, vectors: Tensor) -> Tensor:
        """vectors (n, inputs): standard deviation of the products (n, outputs) over reads at this age."""
        variance = vectors.new_zeros(len(vectors), self.matrix.columns * self.matrix.groups)
        for block in self.blocks:
            variance[:, block.outputs] += block.spread(vectors[:, block.inputs]) ** 2
        return variance.sqrt()

    def weights(self) -> np.ndarray:
        """The matrix that its cells stand for now, not compensated: (outputs, inputs of a group)."""
        whole = np.zeros((self.matrix.groups * self.matrix.columns, self.matrix.rows))
        for block in self.blocks:
            first = block.inputs.start % self.matrix.rows
            found = block.weights()
            whole[block.outputs, first : first + found.shape[2]] = found.reshape(-1, found.shape[2])
        return whole

    def extra_repr(self) -> str:
        return f"{self.matrix.rows} x {self.matrix.columns}, groups={self.matrix.groups}, blocks={len(self.blocks)}"


class AnalogLinear(AnalogLayer):
    """A linear layer on arrays."""

    def __init__(self, path: str, layer: nn.Linear, numerics: Numerics, seed: int):
        super().__init__(path, layer, 1, numerics, seed)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.multiply(inputs.reshape(-1, inputs.shape[-1])).reshape(*inputs.shape[:-1], -1)


class AnalogConvolution(AnalogLayer):
    """A convolution on arrays: one product for each position of the kernel."""

    def __init__(self, path: str, layer: Convolution, numerics: Numerics, seed: int):
        super().__init__(path, layer, layer.groups, numerics, seed)
        self.kernel, self.stride, self.dilation = layer.kernel_size, layer.stride, layer.dilation
        self.border = tuple(layer._reversed_padding_repeated_twice)
        self.channels = layer.in_channels
        self.mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode

    def forward(self, images: Tensor) -> Tensor:
        axes = len(self.kernel)
        batched = images if images.dim() == axes + 2 else images.unsqueeze(0)
        padded = F.pad(batched, self.border, self.mode)
        size = [
            (n - d * (k - 1) - 1) // s + 1
            for n, k, s, d in zip(padded.shape[2:], self.kernel, self.stride, self.dilation, strict=True)
        ]
        vectors = self._unfolded(padded).mT.reshape(-1, self.matrix.rows * self.matrix.groups)
        maps = self.multiply(vectors).reshape(len(batched), -1, self.matrix.columns * self.matrix.groups)
        result = maps.mT.reshape(len(batched), -1, *size)
        return result if images.dim() == axes + 2 else result.squeeze(0)

    def probe(self) -> Tensor:
        patch = torch.zeros(self.channels, *self.kernel, dtype=self.blocks[0].dtype)
        for i in range(min(self.channels, *self.kernel)):
            patch[(i, *([i] * len(self.kernel)))] = 1.0
        return patch.reshape(1, -1)

    def _unfolded(self, padded: Tensor) -> Tensor:
        """What the kernel sees at each position: (images, channels x kernel, positions)."""
        if len(self.kernel) == 2:
            return F.unfold(padded, self.kernel, self.dilation, stride=self.stride)
        kernel, dilation, stride = ((1, *values) for values in (self.kernel, self.dilation, self.stride))
        return F.unfold(padded.unsqueeze(2), kernel, dilation, stride=stride)


def on_arrays(path: str, layer: nn.Module, numerics: Numerics, seed: int) -> AnalogLayer:
    if isinstance(layer, nn.Linear):
        return AnalogLinear(path, layer, numerics, seed)
    assert isinstance(layer, nn.Conv1d | nn.Conv2d)
    return AnalogConvolution(path, layer, numerics, seed)
