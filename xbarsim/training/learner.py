"""A network that learns on arrays, batch by batch: loss and accuracy, and what each layer asked of its arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xbarsim.analog.measure import accuracy
from xbarsim.devices.state import Wholes
from xbarsim.errors import WorkloadError
from xbarsim.training.algorithm import Algorithm, GxnorAlgorithm
from xbarsim.training.asked import Asked
from xbarsim.training.by_algorithm import Devices, rules_for, ternarised
from xbarsim.training.layers import trained_in_place, trained_layers
from xbarsim.training.ternary_layers import squared_hinge
from xbarsim.workload.load import Workload


@dataclass(frozen=True)
class Batch:
    """One step of learning.

    epoch: from 0. samples: images of the batch. loss: mean over them, before the step.
    asked: of each layer on arrays, by its path, in the order of the network. A layer's entries are vectors: one an
        image, of a convolution as many an image as its kernel has positions.
    """

    epoch: int
    samples: int
    loss: float
    asked: Mapping[str, Asked]


class Learner:
    """The network of a workload, learning in place from weights drawn anew.

    devices: of the algorithm's arrays (`algorithm.arrays`), by name; each layer has devices of its own.
    seed: everything that is drawn follows from it. weights: start from these trained weights of the workload instead.
    data_folder: of data sets that are files.
    For "gxnor" the network is made ternary (`ternarised`), unless it is.
    samples: images learned from so far.
    Raises: WorkloadError, DataError, DeviceError, SpecError.
    """

    def __init__(
        self, work: Workload, algorithm: Algorithm, devices: Devices, seed: int = 0, weights: str | None = None,
        data_folder: str | None = None, samples: int | None = None,
    ):  # fmt: skip
        self.algorithm, self.samples = algorithm, 0
        rules = rules_for(algorithm, devices, seed)
        self._learned, self._tested = work.training_set(data_folder), work.test_set(data_folder)
        self._learned = self._learned[0][:samples], self._learned[1][:samples]
        start = _built(work, seed) if weights is None else work.network(weights)
        if isinstance(algorithm, GxnorAlgorithm):
            start = ternarised(start, algorithm.input_threshold)
        self.network = trained_in_place(start, rules)
        _demand_batches(work, self.network, len(self._learned[0]), algorithm.batch)
        self.layers = {layer.path: layer for layer in trained_layers(self.network)}
        self._order = torch.Generator().manual_seed(seed)
        self._digital = _optimiser(self.network, algorithm)

    @property
    def training_samples(self) -> int:
        """Images of an epoch."""
        return len(self._learned[0])

    def run(self, epochs: int | None = None) -> Iterator[Batch]:
        """Learn, one batch after another. epochs: those of the algorithm, if none are given."""
        last = epochs or self.algorithm.epochs
        for epoch in range(last):
            rate = self.algorithm.rate(epoch, last)
            order = torch.randperm(len(self._learned[0]), generator=self._order)
            for chosen in torch.split(order, self.algorithm.batch):
                yield self._batch(epoch, chosen, rate)

    def _batch(self, epoch: int, chosen: Tensor, rate: float) -> Batch:
        inputs, labels = (part[chosen] for part in self._learned)
        self.network.train()
        for layer in self.layers.values():
            layer.waiting = []
        loss = _loss(self.algorithm.loss, self.network(inputs), labels)
        self._digital.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in self._digital.param_groups:
            group["lr"] = rate
        self._digital.step()
        self.samples += len(inputs)
        found = {path: layer.update(rate) for path, layer in self.layers.items()}
        asked = {path: one for path, one in found.items() if one is not None}
        return Batch(epoch, len(inputs), float(loss.detach()), asked)

    def accuracy(self) -> float:
        """Share of the test images that are told right now."""
        return accuracy(self.network, *self._tested)

    def relax(self, seconds: float) -> None:
        """Let so much time pass: cells leak and drift, as far as their devices do by the second."""
        for layer in self.layers.values():
            layer.relax(seconds)

    @property
    def wear(self) -> Mapping[str, Mapping[str, Wholes]]:
        """Writes of each cell so far, by path of the layer and name of the array."""
        return {path: layer.rule.wear for path, layer in self.layers.items()}


def _loss(name: str, outputs: Tensor, labels: Tensor) -> Tensor:
    return squared_hinge(outputs, labels) if name == "squared_hinge" else F.cross_entropy(outputs, labels)


def _built(work: Workload, seed: int) -> nn.Module:
    """The network as its file builds it, with first weights of this seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network: nn.Module = work.untrained()
    return network


def _demand_batches(work: Workload, network: nn.Module, images: int, batch: int) -> None:
    """Raises: WorkloadError where a batch of one image would have to be normalised."""
    alone = images % batch == 1 or batch == 1
    if alone and any(isinstance(one, nn.BatchNorm1d | nn.BatchNorm2d) for one in network.modules()):
        raise WorkloadError(
            f"{work.name}: {images} images in batches of {batch} leave one alone, and a normalisation needs two or "
            f"more; give another batch, or another number of samples"
        )


def _optimiser(network: nn.Module, algorithm: Algorithm) -> torch.optim.Optimizer:
    """Of all that stays digital."""
    if algorithm.optimiser == "adam":
        return torch.optim.Adam(network.parameters(), lr=algorithm.learning_rate)
    return torch.optim.SGD(network.parameters(), lr=algorithm.learning_rate)
