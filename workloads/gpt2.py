"""GPT-2 small (Radford et al., Language Models are Unsupervised Multitask Learners, 2019)."""

import torch
from torch import Tensor, nn
from transformer import Past, PreNormBlock

WORDS, PLACES, WIDTH, LAYERS, HEADS = 50_257, 1_024, 768, 12, 12
Answer = dict[str, Tensor | tuple[Tensor, ...]]


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

    def answer(self, x: Tensor, remembered: list[Past]) -> Answer:
        """The next word, and for each layer what is added to the keys and values."""
        keys, values = zip(*remembered, strict=True)
        return {"words": self.head(self.norm(x[:, -1])), "keys": keys, "values": values}


class Prefill(GPT2):
    """Reads a whole prompt, (1, tokens): the word after its end, keys and values for those to come."""

    def forward(self, tokens: Tensor) -> Answer:
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        remembered: list[Past] = []
        for layer in self.layers:
            x = layer(x, None, remembered)
        return self.answer(x, remembered)


class Decode(GPT2):
    """Reads one token, (1, 1), and the keys and values of the tokens before it, and adds its own to them.

    keys, values: (layers, 1, heads, tokens before, width of a head).
    """

    def forward(self, token: Tensor, keys: Tensor, values: Tensor) -> Answer:
        x = self.words(token) + self.places.weight[keys.shape[3]]
        remembered: list[Past] = []
        for number, layer in enumerate(self.layers):
            x = layer(x, (keys[number], values[number]), remembered)
        return self.answer(x, remembered)


def prefill() -> nn.Module:
    return Prefill()


def decode() -> nn.Module:
    return Decode()
