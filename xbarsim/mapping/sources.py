"""What an operation really reads: positions of other operations, seen through moves that cost nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xbarsim.workload.graph import Positions, Window


@dataclass(frozen=True)
class Source:
    """An operation whose data is read, seen through moves that cost nothing."""

    producer: str
    last_needed: Positions
    first_needed: Positions
    window: Window | None = None


def identity(producer: str, positions: int) -> Source:
    """Data read position by position."""
    index = np.arange(positions, dtype=np.int64)
    return Source(producer, index, index)


def at_one(producer: str, positions: int) -> Source:
    """Data of so many positions that all come with one job."""
    index = np.zeros(positions, dtype=np.int64)
    return Source(producer, index, index)


def both(a: Source, b: Source) -> Source:
    """One source that is read in two ways: all that either needs."""
    return Source(
        a.producer, np.maximum(a.last_needed, b.last_needed), np.minimum(a.first_needed, b.first_needed)
    )


def pointwise(source: Source) -> bool:
    """Whether each position needs its own, and no other."""
    index = np.arange(len(source.last_needed))
    return bool((source.last_needed == index).all() and (source.first_needed == index).all())
