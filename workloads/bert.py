"""BERT (Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers, NAACL 2019)."""

import torch
from torch import Tensor, nn
from transformer import PostNormBlock


class Bert(nn.Module):
    """Encoder and pooler, uncased vocabulary. One segment, no padding.

    Parameters: 109,482,240 (base), 335,141,888 (large).
    """

    def __init__(self, width: int = 768, layers: int = 12, heads: int = 12) -> None:
        super().__init__()
        self.words = nn.Embedding(30_522, width)
        self.places = nn.Embedding(512, width)
        self.segments = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(PostNormBlock(width, heads) for _ in range(layers))
        self.pooler = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        places = self.places(torch.arange(tokens.shape[1])) + self.segments.weight[0]
        x = self.norm(self.words(tokens) + places)
        for layer in self.layers:
            x = layer(x)
        return x, self.pooler(x[:, 0]).tanh()


def bert_base() -> nn.Module:
    return Bert()


def bert_large() -> nn.Module:
    return Bert(width=1024, layers=24, heads=16)


def base_layers() -> nn.Module:
    """The layers of BERT-base alone: token vectors in, token vectors out."""
    return nn.Sequential(*(PostNormBlock(768, 12) for _ in range(12)))


def large_layers() -> nn.Module:
    """The layers of BERT-large alone."""
    return nn.Sequential(*(PostNormBlock(1024, 16) for _ in range(24)))
