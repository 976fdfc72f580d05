"""GPT-2 small (Radford et al., Language Models are Unsupervised Multitask Learners, 2019)."""

import torch
from torch import Tensor, nn
from transformer import PreNormBlock

WORDS, PLACES, WIDTH, LAYERS, HEADS = 50_257, 1_024, 768, 12, 12


class GPT2(nn.Module):
    """124,439,808 parameters; the output layer shares its weights with the word table."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.places = nn.Embedding(PLACES, WIDTH)
        self.layers = nn.ModuleList(PreNormBlock(WIDTH, HEADS, causal=True) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, WORDS, bias=False)
        self.head.weight = self.words.weight


class Prefill(GPT2):
    """Reads a whole prompt, (1, tokens), and predicts the word after its end."""

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x[:, -1]))


class Decode(GPT2):
    """Reads one token, (1, 1), beside the keys and values of the tokens before it.

    keys, values: (layers, 1, heads, tokens before, width of a head). The token's own keys and values
    stay in the model: storing them for the next step is not part of the workload.
    """

    def forward(self, token: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        place = keys.shape[3]
        x = self.words(token) + self.places.weight[place]
        for number, layer in enumerate(self.layers):
            x = layer(x, (keys[number], values[number]))
        return self.head(self.norm(x[:, -1]))


def prefill() -> nn.Module:
    return Prefill()


def decode() -> nn.Module:
    return Decode()
