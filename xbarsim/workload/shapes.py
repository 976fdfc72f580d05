"""Shapes of a model's inputs, as text: '1x3x224x224', or with a named length, '12x1x12x{context}x64'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

TYPES = ("float32", "float16", "bfloat16", "float64", "int64", "int32", "bool")
_PART = r"(?:[1-9]\d*|\{[A-Za-z_]\w*\})"
_PARTS = re.compile(rf"{_PART}(?:x{_PART})*")


@dataclass(frozen=True)
class Dimension:
    """A length that shapes name: its value where none other is asked for, and the largest there is."""

    name: str
    default: int
    most: int | None = None


@dataclass(frozen=True)
class Input:
    """One example input of a model.

    shape: with the batch of one; name: of the argument of forward, "" if by place;
    high: integers lie in 0 … high - 1 (token numbers);
    lengths: for each dimension the name of its length, "" where fixed; () if all are.
    """

    shape: tuple[int, ...]
    name: str = ""
    type: str = "float32"
    high: int | None = None
    lengths: tuple[str, ...] = ()

    def at(self, lengths: Mapping[str, int]) -> Input:
        """The input with other values for the lengths that it names."""
        named = self.lengths or ("",) * len(self.shape)
        sizes = (lengths.get(name, size) for name, size in zip(named, self.shape, strict=True))
        return replace(self, shape=tuple(sizes))


def parse_parts(text: str) -> tuple[int | str, ...]:
    """'1x{tokens}' as (1, 'tokens'). Raises: ValueError."""
    text = str(text).replace(" ", "")
    if not _PARTS.fullmatch(text):
        raise ValueError(f"'{text}' is not a shape; write it like '1x3x224x224'")
    return tuple(part[1:-1] if part[0] == "{" else int(part) for part in re.findall(_PART, text))


def parse_shape(text: str) -> tuple[int, ...]:
    """'1x3x224x224' as (1, 3, 224, 224). Raises: ValueError."""
    parts = parse_parts(text)
    if any(isinstance(part, str) for part in parts):
        raise ValueError(f"'{text}' is not a shape of numbers; write it like '1x3x224x224'")
    return tuple(int(part) for part in parts)
