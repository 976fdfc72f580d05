"""Labelled images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Part = Literal["train", "test"]


@dataclass(frozen=True, eq=False)
class Examples:
    """One part of a data set.

    images: (n, channels, rows, columns), from 0 to 1. labels: the class of each, from 0: (n,).
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def check_part(part: str) -> None:
    """Raises: ValueError."""
    if part not in ("train", "test"):
        raise ValueError(f"part is {part!r}; allowed: 'train', 'test'")
