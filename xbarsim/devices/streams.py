"""Random numbers of one component: a stream of its own, so that other components leave it alone."""

from __future__ import annotations

from hashlib import sha256

import numpy as np


def stream(seed: int, path: str) -> np.random.Generator:
    """The generator of a component ('core[3].array'), the same for the same seed and path wherever it is made."""
    words = np.frombuffer(sha256(path.encode()).digest(), dtype="<u4")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(int(word) for word in words)))
