"""A sequence without end in a store of fixed size: batches that are merged two by two when it is full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

FIRST_SIZE = 5  # of a batch; of White's MSER-5
T = TypeVar("T")


class Pairwise(Generic[T]):
    """Consecutive batches of equal size, fewer than `capacity` of them, and the open one after them.

    When `capacity` batches are closed, neighbours are merged, and batches are twice as large from then on.
    A batch is whatever `of` makes of its numbers; `merge` joins two, and must lose nothing.

    capacity: an even number.
    """

    def __init__(self, capacity: int, of: Callable[[np.ndarray], T], merge: Callable[[T, T], T]):
        self.capacity, self.of, self.merge = capacity, of, merge
        self.size = FIRST_SIZE
        self.closed: list[T] = []
        self.open: T | None = None
        self.open_count = 0

    @property
    def count(self) -> int:
        return len(self.closed) * self.size + self.open_count

    def extend(self, values: np.ndarray) -> None:
        """Add numbers in their order."""
        start = 0
        while start < len(values):
            piece = values[start : start + self.size - self.open_count]
            part = self.of(piece)
            self.open = part if self.open is None else self.merge(self.open, part)
            self.open_count += len(piece)
            start += len(piece)
            if self.open_count == self.size:
                self._close()

    def all(self) -> list[T]:
        """The closed batches and the open one, if there is one."""
        return self.closed if self.open is None else [*self.closed, self.open]

    def _close(self) -> None:
        assert self.open is not None
        self.closed.append(self.open)
        self.open, self.open_count = None, 0
        if len(self.closed) == self.capacity:
            pairs = zip(self.closed[::2], self.closed[1::2], strict=True)
            self.closed = [self.merge(a, b) for a, b in pairs]
            self.size *= 2
