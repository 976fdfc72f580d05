"""Blocks shared by the transformers of this folder (Vaswani et al., Attention Is All You Need, 2017)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

Past = tuple[Tensor, Tensor]  # keys and values of earlier tokens, each (1, heads, tokens, width of a head)


class Attention(nn.Module):
    """Multi-head self-attention, over earlier tokens too where their keys and values are given.

    remembered: list to which the keys and values of these tokens are added, for tokens to come.
    """

    def __init__(self, width: int, heads: int, causal: bool = False) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, past: Past | None = None, remembered: list[Past] | None = None) -> Tensor:
        _, tokens, width = x.shape
        parts = self.qkv(x).view(1, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        if remembered is not None:
            remembered.append((key, value))
        if past is not None:
            key, value = torch.cat((past[0], key), dim=2), torch.cat((past[1], value), dim=2)
        y = scaled_dot_product_attention(query, key, value, is_causal=self.causal and past is None)
        return self.out(y.transpose(1, 2).reshape(1, tokens, width))


class FeedForward(nn.Module):
    """Two full layers with GELU between, four times as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, 4 * width)
        self.gelu = nn.GELU()
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.gelu(self.up(x)))


class PreNormBlock(nn.Module):
    """Normalisation before attention and feed-forward (GPT-2, ViT)."""

    def __init__(self, width: int, heads: int, causal: bool = False, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=epsilon)
        self.attention = Attention(width, heads, causal)
        self.norm2 = nn.LayerNorm(width, eps=epsilon)
        self.feed_forward = FeedForward(width)

    def forward(self, x: Tensor, past: Past | None = None, remembered: list[Past] | None = None) -> Tensor:
        x = x + self.attention(self.norm1(x), past, remembered)
        return x + self.feed_forward(self.norm2(x))


class PostNormBlock(nn.Module):
    """Normalisation after attention and feed-forward (BERT)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.feed_forward = FeedForward(width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.feed_forward(x))
