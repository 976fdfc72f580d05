"""Random numbers by place: each component has streams of its own, so a new one leaves those of the others alone."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import torch


def stream(seed: int, path: str, purpose: str) -> np.random.Generator:
    """The generator of one component for one purpose in a run of this seed."""
    return np.random.default_rng(_key(seed, path, purpose))


def torch_stream(seed: int, path: str, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(_key(seed, path, purpose) % 2**63)


def _key(seed: int, path: str, purpose: str) -> int:
    return int.from_bytes(sha256(f"{seed}/{path}/{purpose}".encode()).digest(), "big")
