"""Vision transformers (Dosovitskiy et al., ICLR 2021; the small one: Touvron et al., DeiT, ICML 2021)."""

import torch
from torch import Tensor, nn
from transformer import PreNormBlock


class ViT(nn.Module):
    """Patches of 16x16 as tokens behind a class token; 22,050,664 parameters at 384 wide, 12 deep."""

    def __init__(self, width: int = 384, layers: int = 12, heads: int = 6, size: int = 224) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 16, 16)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.zeros(1, 1 + (size // 16) ** 2, width))
        self.layers = nn.ModuleList(PreNormBlock(width, heads, epsilon=1e-6) for _ in range(layers))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.classifier = nn.Linear(width, 1000)

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat((self.class_token, x), dim=1) + self.places
        for layer in self.layers:
            x = layer(x)
        return self.classifier(self.norm(x[:, 0]))


def vit_small() -> nn.Module:
    return ViT()
