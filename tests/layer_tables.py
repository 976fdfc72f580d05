"""Networks as tables of layer shapes, written down from their papers: nothing here asks the simulator or torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """One operation.

    positions: of its result, side x side of a map (side 1 for what is no map). inputs: layers that it reads.
    rows, columns: of its weight matrix, 0 if it has none. kernel, stride, padding: of the window by which it reads.
    unit: the function that a vector unit does, `operations` scalar operations of it for each position.
    """

    name: str
    inputs: tuple[str, ...]
    side: int
    width: int
    rows: int = 0
    columns: int = 0
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    unit: str = ""
    operations: int = 0
    tokens: int = 1

    @property
    def positions(self) -> int:
        return self.side**2 * self.tokens


@dataclass
class Table:
    """Layers in order; each reads the one before, if nothing else is said."""

    layers: list[Layer]

    @property
    def last(self) -> Layer:
        return self.layers[-1]

    def at(self, name: str) -> Layer:
        return next(layer for layer in self.layers if layer.name == name)

    def _put(self, layer: Layer) -> str:
        self.layers.append(layer)
        return layer.name

    def conv(
        self, name: str, width: int, kernel: int = 3, stride: int = 1, relu: str = "", of: str = ""
    ) -> str:
        before = self.at(of) if of else self.last
        side, rows = before.side // stride, before.width * kernel**2
        window = {"kernel": kernel, "stride": stride, "padding": kernel // 2}
        self._put(Layer(name, (before.name,), side, width, rows, width, **window))
        return self.function(relu, "relu") if relu else name

    def linear(self, name: str, width: int, relu: str = "") -> str:
        """A full layer reads all positions of a map as one vector."""
        rows = self.last.positions * self.last.width
        window = {"kernel": self.last.side, "stride": self.last.side}
        self._put(Layer(name, (self.last.name,), 1, width, rows, width, **window))
        return self.function(relu, "relu") if relu else name

    def matrix(self, name: str, tokens: int, rows: int, columns: int) -> str:
        return self._put(Layer(name, (), 1, columns, rows, columns, tokens=tokens))

    def function(self, name: str, unit: str) -> str:
        before = self.last
        return self._put(
            Layer(name, (before.name,), before.side, before.width, unit=unit, operations=before.width)
        )

    def add(self, name: str, a: str, b: str) -> str:
        side, width = self.at(a).side, self.at(a).width
        return self._put(Layer(name, (a, b), side, width, unit="add", operations=width))

    def pool(self, name: str, kernel: int, stride: int, padding: int = 0, unit: str = "max_pool") -> str:
        before = self.last
        window = {"kernel": kernel, "stride": stride, "padding": padding}
        work = {"unit": unit, "operations": before.width * kernel**2}
        return self._put(Layer(name, (before.name,), before.side // stride, before.width, **window, **work))


def _network(side: int, width: int, name: str = "image") -> Table:
    return Table([Layer(name, (), side, width)])


def perceptron() -> Table:
    """64-128-64-10."""
    net = _network(1, 64, "input")
    net.linear("0", 128, relu="1")
    net.linear("2", 64, relu="3")
    net.linear("4", 10)
    return net


def vgg8() -> Table:
    """Six convolutions of 128 to 512 filters on 32 x 32 pixels, halved after each second, and two full layers."""
    net = _network(32, 3, "input")
    number = 0
    for filters in (128, 256, 512):
        for _ in range(2):
            net.conv(f"features.{number}", filters, relu=f"features.{number + 1}")
            number += 2
        net.pool(f"features.{number}", 2, 2)
        number += 1
    net.linear("classifier.0", 1024, relu="classifier.1")
    net.linear("classifier.2", 10)
    return net


def resnet9() -> Table:
    """Convolutions of 56, 112, 112, 112, 224, 224, 224 and 224 filters with two residual connections."""
    net = _network(32, 3)

    def residual(name: str) -> None:
        x, width = net.last.name, net.last.width
        net.conv(f"{name}.conv1.0", width, relu=f"{name}.conv1.2")
        net.add(f"{name}.add", x, net.conv(f"{name}.conv2.0", width, relu=f"{name}.conv2.2"))

    net.conv("conv1.0", 56, relu="conv1.2")
    net.conv("conv2.0", 112, relu="conv2.2")
    net.pool("halve", 2, 2)
    residual("residual1")
    net.conv("conv3.0", 224, relu="conv3.2")
    net.pool("halve.2", 2, 2)
    net.conv("conv4.0", 224, relu="conv4.2")
    net.pool("halve.3", 2, 2)
    residual("residual2")
    net.pool("pool", 4, 4)
    net.linear("fc", 10)
    return net


def resnet18() -> Table:
    """He et al., CVPR 2016, Table 1, 224 x 224 pixels."""
    net = _network(224, 3)
    net.conv("conv1", 64, 7, 2, relu="relu")
    net.pool("maxpool", 3, 2, 1)
    for stage, filters in enumerate((64, 128, 256, 512), 1):
        for block in range(2):
            name, x = f"layer{stage}.{block}", net.last.name
            stride = 2 if stage > 1 and block == 0 else 1
            net.conv(f"{name}.conv1", filters, 3, stride, relu=f"{name}.relu")
            y = net.conv(f"{name}.conv2", filters)
            if stride > 1:
                x = net.conv(f"{name}.downsample.0", filters, 1, stride, of=x)
            net.add(f"{name}.add", y, x)
            net.function(f"{name}.relu.2", "relu")
    net.pool("avgpool", 7, 7, unit="avg_pool")
    net.linear("fc", 1000)
    return net


def bert_matrices(tokens: int = 128, width: int = 768, layers: int = 12) -> Table:
    """The weight matrices of BERT-base alone, one vector for each token; the pooler reads the first."""
    net = Table([])
    for layer in range(layers):
        for name, rows, columns in (
            ("attention.qkv", width, 3 * width),
            ("attention.out", width, width),
            ("feed_forward.up", width, 4 * width),
            ("feed_forward.down", 4 * width, width),
        ):
            net.matrix(f"layers.{layer}.{name}", tokens, rows, columns)
    net.matrix("pooler", 1, width, width)
    return net
