"""A small mixture of experts in the manner of Mixtral (Jiang et al., Mixtral of Experts, 2024).

Each token goes to two of eight experts. Here all experts are computed, each weighed by its gate (zero
for those not chosen), as the operations of a graph cannot hang on data; the workload file says which
modules are experts, so that a chip does only what is chosen.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import silu
from transformer import Attention, Past

WORDS, WIDTH, LAYERS, HEADS, EXPERTS, CHOSEN = 8_000, 256, 4, 4, 8, 2


class Expert(nn.Module):
    """A gated feed-forward network."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, 2 * width, bias=False)
        self.up = nn.Linear(width, 2 * width, bias=False)
        self.down = nn.Linear(2 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(silu(self.gate(x)) * self.up(x))


class Mixture(nn.Module):
    """Every token's sum over its best experts."""

    def __init__(self, width: int, experts: int, chosen: int) -> None:
        super().__init__()
        self.router = nn.Linear(width, experts, bias=False)
        self.experts = nn.ModuleList(Expert(width) for _ in range(experts))
        self.chosen = chosen

    def forward(self, x: Tensor) -> Tensor:
        shares, places = self.router(x).softmax(-1).topk(self.chosen, -1)
        shares = shares / shares.sum(-1, keepdim=True)
        gates = torch.zeros(*x.shape[:-1], len(self.experts)).scatter(-1, places, shares)
        parts = [gates[..., n : n + 1] * expert(x) for n, expert in enumerate(self.experts)]
        return sum(parts[1:], parts[0])


class Block(nn.Module):
    """Normalisation before attention and mixture."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(WIDTH)
        self.attention = Attention(WIDTH, HEADS, causal=True)
        self.norm2 = nn.RMSNorm(WIDTH)
        self.mixture = Mixture(WIDTH, EXPERTS, CHOSEN)

    def forward(self, x: Tensor, past: Past | None = None, remembered: list[Past] | None = None) -> Tensor:
        x = x + self.attention(self.norm1(x), past, remembered)
        return x + self.mixture(self.norm2(x))


class Small(nn.Module):
    """Reads a prompt, (1, tokens), or one token after those whose keys and values are given."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, WIDTH)
        self.layers = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.RMSNorm(WIDTH)
        self.head = nn.Linear(WIDTH, WORDS, bias=False)

    def forward(
        self, tokens: Tensor, keys: Tensor | None = None, values: Tensor | None = None
    ) -> dict[str, Tensor | tuple[Tensor, ...]]:
        x, remembered = self.words(tokens), []
        for number, layer in enumerate(self.layers):
            past = None if keys is None else (keys[number], values[number])
            x = layer(x, past, remembered)
        own_keys, own_values = zip(*remembered, strict=True)
        return {"words": self.head(self.norm(x[:, -1])), "keys": own_keys, "values": own_values}


def small() -> nn.Module:
    return Small()
