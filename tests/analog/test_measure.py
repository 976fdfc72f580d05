"""Accuracy: right answers counted, in batches, without leaving a trace."""

import pytest
import torch
from torch import nn

import xbarsim as xs


class Told(nn.Module):
    """Answers what its input says."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, bool]] = []

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.seen.append((len(inputs), self.training))
        return nn.functional.one_hot(inputs[:, 0].long(), 4).float()


@pytest.mark.parametrize("batch", [1, 3, 7, 100])
def test_right_answers_are_counted_in_batches_of_any_size(batch):
    network, answers = Told(), torch.tensor([[0], [1], [2], [3], [0], [1], [2]])
    assert xs.accuracy(network, answers, torch.tensor([0, 1, 2, 0, 0, 0, 2]), batch) == 5 / 7
    assert [count for count, _ in network.seen][:-1] == [batch] * (len(network.seen) - 1)
    assert sum(count for count, _ in network.seen) == 7


def test_the_network_is_in_evaluation_mode_and_comes_out_as_it_was():
    network = nn.Sequential(Told(), nn.Dropout(0.5))
    network[1].eval()
    xs.accuracy(network, torch.zeros(3, 1), torch.zeros(3))
    assert network[0].seen == [(3, False)]
    assert [module.training for module in network.modules()] == [True, True, False]


def test_no_gradients_are_kept():
    class Learns(nn.Module):
        def forward(self, inputs):
            assert not torch.is_grad_enabled()
            return inputs

    assert xs.accuracy(Learns(), torch.eye(3), torch.arange(3)) == 1.0


@pytest.mark.parametrize(("inputs", "labels"), [(3, 2), (0, 0)])
def test_nothing_to_measure(inputs, labels):
    with pytest.raises(ValueError) as caught:
        xs.accuracy(Told(), torch.zeros(inputs, 1), torch.zeros(labels))
    assert (
        str(caught.value)
        == f"{inputs} inputs and {labels} labels; allowed: as many of both, and at least one"
    )


def test_outputs_that_are_no_classes():
    with pytest.raises(ValueError) as caught:
        xs.accuracy(nn.Flatten(0), torch.zeros(2, 5), torch.zeros(2))
    assert str(caught.value) == "the network's output is 10; allowed: a tensor (n, classes)"
