"""Parts of a vector, each from low to high of 0 to 1: what of it is read where."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import ceil, floor

Span = tuple[float, float]
Seen = tuple[float, float, int]  # a part, and the positions at which it is read, one bit for each

_ROUNDING = 1e-6  # of an element: what floats are off by


def whole(low: float, high: float, width: int) -> Span:
    """The elements, of `width`, of which the part has anything: an element is not sent by halves."""
    return floor(low * width + _ROUNDING) / width, ceil(high * width - _ROUNDING) / width


def united(spans: Iterable[Span]) -> list[Span]:
    """The same without overlaps, in order."""
    found: list[Span] = []
    for low, high in sorted(set(spans)):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found


def seen_together(spans: Iterable[Seen]) -> list[Seen]:
    """Cut into parts all of whose elements are read at the same positions."""
    spans = list(spans)
    found: list[Seen] = []
    for low, high in pairwise(sorted({end for span in spans for end in span[:2]})):
        positions = 0
        for a, b, where in spans:
            positions |= where if a <= low and high <= b else 0
        if found and found[-1][1:] == (low, positions):
            found[-1] = found[-1][0], high, positions
        elif positions:
            found.append((low, high, positions))
    return found
