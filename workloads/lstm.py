"""Recurrent networks: a language model, and one step of an image captioner's cell."""

import torch
from torch import Tensor, nn


class LanguageModel(nn.Module):
    """The "medium" LSTM of Zaremba, Sutskever and Vinyals, Recurrent Neural Network Regularization, 2014.

    Two layers of 650 units on the Penn Treebank's 10,000 words; the words after each token are predicted.
    """

    def __init__(self, words: int = 10_000, units: int = 650) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, units)
        self.lstm = nn.LSTM(units, units, num_layers=2, batch_first=True)
        self.head = nn.Linear(units, words)

    def forward(self, tokens: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(tokens))
        return self.head(states)


def language_model() -> nn.Module:
    return LanguageModel()


class CaptionStep(nn.Module):
    """One step of the captioning LSTM run on the 64-core chip of Le Gallo et al., Nature Electronics 2023.

    504 inputs beside 504 hidden states give 4 x 504 gate values. One matrix of 1,008 x 2,016, as on the
    chip, so that the products with input and state are added in the array; the cell's output goes out.
    """

    def __init__(self, units: int = 504) -> None:
        super().__init__()
        self.gates = nn.Linear(2 * units, 4 * units)

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        gates = self.gates(torch.cat((x, hidden), dim=1))
        enter, forget, leave, new = gates.chunk(4, dim=1)
        cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
        return leave.sigmoid() * cell.tanh(), cell


def caption_step() -> nn.Module:
    return CaptionStep()
