"""Hardware-aware training: a float network learns with the noise that its weights will have on cells.

    from xbarsim.analog import Awareness, aware

    with aware(network, Awareness(weight_noise=0.1, clip_sigmas=2.5)):
        for images, labels in batches:                     # your loop and your optimiser, as they are
            loss = criterion(network(images), labels)
            optimiser.zero_grad(); loss.backward(); optimiser.step()

Noise on weights and clipping: Joshi et al., Nature Communications 11, 2473 (2020). Converters in the forward pass, and
gradients that pass them as if they were not there: Rasch et al., Nature Communications 14, 5282 (2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xbarsim.analog.layers import CONVERTED, Convolution, on_arrays
from xbarsim.analog.settings import Numerics
from xbarsim.analog.streams import torch_stream

Layer = nn.Linear | Convolution
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Awareness:
    """What training feels of the hardware, in every Linear, Conv1d and Conv2d layer.

    weight_noise: standard deviation of what is added to each weight, in parts of the largest of its layer (of its
        output, where the numerics' weight_range is "column"); drawn anew in each forward pass.
    clip_sigmas: weights are cut at so many standard deviations of their layer, before each forward pass and at the
        end; None: they are not. A smaller largest weight makes the same weights larger parts of it.
    clip_at: the same at a fixed size.
    numerics: arrays, range and Periphery (converters, noise of the read-out) that products go through, as they will
        in inference; None: products are exact. Its cells, codebook and rounding are left out: weight_noise stands for
        them.
    """

    weight_noise: float
    clip_sigmas: float | None = None
    clip_at: float | None = None
    numerics: Numerics | None = None

    def __post_init__(self) -> None:
        if not self.weight_noise >= 0:
            raise ValueError(f"Awareness.weight_noise is {self.weight_noise!r}; allowed: a number from 0")
        if self.clip_sigmas is not None and not self.clip_sigmas > 1:
            raise ValueError(
                f"Awareness.clip_sigmas is {self.clip_sigmas!r}; allowed: a number above 1 (no weights have all of "
                f"them within less), or None"
            )
        if self.clip_at is not None and not self.clip_at > 0:
            raise ValueError(f"Awareness.clip_at is {self.clip_at!r}; allowed: a number above 0, or None")
        if self.clip_sigmas is not None and self.clip_at is not None:
            raise ValueError("Awareness.clip_sigmas and clip_at are both given; allowed: one of them")

    def bound(self, weight: Tensor) -> float | None:
        """The size at which the weights of a layer are cut."""
        if self.clip_sigmas is None:
            return self.clip_at
        return self.clip_sigmas * float(weight.detach().std(correction=0))

    @property
    def by_output(self) -> bool:
        return self.numerics is not None and self.numerics.weight_range == "column"

    @property
    def exact(self) -> bool:
        """Whether products are exact but for the noise of weights."""
        return self.numerics is None or self.numerics.periphery.linear


@contextmanager
def aware(network: nn.Module, awareness: Awareness, seed: int = 0) -> Iterator[nn.Module]:
    """Let a network feel the hardware in its forward passes; what backward gives are gradients of its own weights.

    Inside, the network is in training mode; where you put it into evaluation mode it is exact. Parameters keep their
    names and identity, so an optimiser may be made before or inside. Afterwards it is the plain network again, its
    weights clipped, in the mode it was in.
    seed: of the noise, by the place of each layer.
    Raises: ValueError if nothing in the network would be on arrays, it is aware already, or stands where arrays are not
        computed.
    """
    layers = dict(_on_arrays(network))
    _check(layers, awareness)
    modes = {module: module.training for module in network.modules()}
    network.train()
    felt = [_Felt(path or "network", layer, awareness, seed) for path, layer in layers.items()]
    try:
        for one in felt:
            vars(one.layer)["forward"] = one.forward
        yield network
    finally:
        for one in felt:
            del vars(one.layer)["forward"]
            one.clip()
        for module, training in modes.items():
            module.training = training


def _on_arrays(network: nn.Module) -> Iterator[tuple[str, Layer]]:
    """The layers that `convert_to_analog` would put on arrays, each once."""
    for path, layer in network.named_modules():
        if type(layer) in CONVERTED:
            assert isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d)
            yield path, layer


def _check(layers: Mapping[str, Layer], awareness: Awareness) -> None:
    """Raises: ValueError."""
    if not layers:
        raise ValueError(
            "the network has no Linear, Conv1d or Conv2d layer, so nothing that stands on arrays"
        )
    if any("forward" in vars(layer) for layer in layers.values()):
        raise ValueError("the network is aware already, or has layers with a forward of their own")
    elsewhere = {str(layer.weight.device) for layer in layers.values()} - {"cpu"}
    if elsewhere and not awareness.exact:
        raise ValueError(
            f"the network is on {', '.join(sorted(elsewhere))}; converters and the noise of the read-out are computed "
            f"on the processor: give network.cpu(), or no numerics (noise of weights alone is drawn for every device)"
        )


class _Felt:
    """One layer as it feels the hardware."""

    def __init__(self, path: str, layer: Layer, awareness: Awareness, seed: int):
        self.path, self.layer, self.awareness, self.seed = path, layer, awareness, seed
        self.passes = 0
        self._noise = torch_stream(seed, path, "aware")
        given = awareness.numerics
        self.numerics = given and replace(
            given, cells=None, codebook=None, rounded=False, compensation="none"
        )

    def forward(self, inputs: Tensor) -> Tensor:
        if not self.layer.training:
            return _product(self.layer, inputs, self.layer.weight)
        self.clip()
        weight = self.layer.weight + self._drawn()
        result = _product(self.layer, inputs, weight)
        if self.awareness.exact:
            return result
        with torch.no_grad():
            beyond = self._on_arrays(inputs, weight) - result
        return result + beyond  # forward as on arrays, backward as if exact

    def clip(self) -> None:
        """Cut the weights. Not seen by autograd, which may still hold them from another pass."""
        bound = self.awareness.bound(self.layer.weight)
        if bound is not None:
            self.layer.weight.data.clamp_(-bound, bound)

    def _drawn(self) -> Tensor:
        """Noise for each weight: a constant for backward."""
        weight = self.layer.weight.detach()
        rest = tuple(range(1, weight.dim())) if self.awareness.by_output else tuple(range(weight.dim()))
        largest = weight.abs().amax(dim=rest, keepdim=True)
        # Drawn on the processor, so that it is the same on every device.
        drawn = torch.randn(weight.shape, generator=self._noise, dtype=weight.dtype).to(weight.device)
        return self.awareness.weight_noise * largest * drawn

    def _on_arrays(self, inputs: Tensor, weight: Tensor) -> Tensor:
        """The products as arrays and their periphery give them, with noise of its own in each pass."""
        assert self.numerics is not None
        twin = copy(self.layer)
        del vars(twin)["forward"]
        twin._parameters = {**self.layer._parameters, "weight": nn.Parameter(weight, requires_grad=False)}
        self.passes += 1
        found: Tensor = on_arrays(f"{self.path}.pass[{self.passes}]", twin, self.numerics, self.seed)(inputs)
        return found


def _product(layer: Layer, inputs: Tensor, weight: Tensor) -> Tensor:
    """The layer's own product, with other weights."""
    if isinstance(layer, nn.Linear):
        return F.linear(inputs, weight, layer.bias)
    result: Tensor = layer._conv_forward(inputs, weight, layer.bias)
    return result


@dataclass(frozen=True)
class Schedule:
    """How `fine_tune` trains: epochs, examples in a batch, and the rate and momentum of gradient descent.

    The rate falls linearly, to a tenth in the last epoch.
    """

    epochs: int = 20
    batch: int = 64
    learning_rate: float = 0.01
    momentum: float = 0.9


def fine_tune(
    network: nn.Module, inputs: Tensor, labels: Tensor, awareness: Awareness,
    schedule: Schedule = Schedule(), seed: int = 0, loss: Loss = F.cross_entropy,
) -> nn.Module:  # fmt: skip
    """A copy of a trained network, trained further with the hardware in its forward passes; in evaluation mode.

    inputs: (n, …); labels: what the loss compares outputs with, (n,) classes for the cross entropy.
    seed: of the order of examples and of the noise.
    Raises: ValueError if training diverges, with what to change.
    """
    tuned = deepcopy(network)
    optimiser = torch.optim.SGD(tuned.parameters(), lr=schedule.learning_rate, momentum=schedule.momentum)
    order = torch_stream(seed, "fine_tune", "order")
    with aware(tuned, awareness, seed):
        for epoch in range(schedule.epochs):
            optimiser.param_groups[0]["lr"] = schedule.learning_rate * (
                1 - 0.9 * epoch / max(schedule.epochs - 1, 1)
            )
            for chosen in torch.split(torch.randperm(len(inputs), generator=order), schedule.batch):
                found = loss(tuned(inputs[chosen]), labels[chosen])
                if not torch.isfinite(found):
                    raise ValueError(
                        f"fine_tune: the loss is {found.item()} in epoch {epoch}; lower the learning rate "
                        f"({schedule.learning_rate}) or the weight noise ({awareness.weight_noise})"
                    )
                optimiser.zero_grad()
                found.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
    return tuned.eval()
