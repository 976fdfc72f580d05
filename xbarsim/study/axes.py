"""Axes of a design space: what each may be set to, and how a number between 0 and 1 picks from it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Settings = tuple[tuple[str, str], ...]
ABSENT = "–"  # label of an axis whose condition does not hold


@dataclass(frozen=True)
class Option:
    """One place on an axis: what it is called, and what it sets."""

    label: str
    settings: Settings


@dataclass(frozen=True)
class Span:
    """A stretch of numbers, all of which may be taken.

    unit: what follows the number in the setting; whole: whole numbers only; log: even steps of its logarithm.
    """

    low: float
    high: float
    unit: str = ""
    whole: bool = False
    log: bool = False

    def at(self, share: float) -> str:
        """The value at this share of the way, to six digits, as text with its unit."""
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        text = str(round(value)) if self.whole else f"{value:.6g}"
        return f"{text} {self.unit}".rstrip()


@dataclass(frozen=True)
class Axis:
    """A direction of the design space.

    options: the places of a discrete axis, or none where `span` says all that lies between two numbers.
    keys: what a value of the span is given to; when: axis -> labels, of which each must hold, or the axis is absent.
    """

    name: str
    keys: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    span: Span | None = None
    when: Mapping[str, tuple[str, ...]] | None = None

    def at(self, share: float) -> Option:
        """The place at a share (0 to 1) of the way: every option has the same room."""
        if self.span is not None:
            return self.named(self.span.at(share))
        return self.options[min(int(share * len(self.options)), len(self.options) - 1)]

    def named(self, label: str) -> Option:
        """The place of this label. Raises: KeyError if there is none."""
        if self.span is not None:
            return Option(label, tuple((key, label) for key in self.keys))
        return {option.label: option for option in self.options}[label]

    @property
    def sets(self) -> frozenset[str]:
        """All keys that it gives a value to."""
        return frozenset((*self.keys, *(key for option in self.options for key, _ in option.settings)))

    def holds(self, chosen: Mapping[str, str]) -> bool:
        """Whether its condition does, given the labels of the axes before it."""
        return all(chosen.get(name) in labels for name, labels in (self.when or {}).items())


@dataclass(frozen=True)
class Place:
    """One point of the design space: a label on each axis, and all that it sets."""

    labels: Settings
    settings: Settings


def grid(axes: Sequence[Axis]) -> Iterator[Place]:
    """Every combination, the last axis running fastest; an absent axis counts once."""
    yield from _grid(tuple(axes), {}, ())


def _grid(axes: tuple[Axis, ...], chosen: dict[str, str], settings: Settings) -> Iterator[Place]:
    if not axes:
        yield Place(tuple(chosen.items()), settings)
        return
    first, rest = axes[0], axes[1:]
    options = first.options if first.holds(chosen) else (Option(ABSENT, ()),)
    for option in options:
        yield from _grid(rest, chosen | {first.name: option.label}, settings + option.settings)


def place(axes: Sequence[Axis], shares: Sequence[float]) -> Place:
    """The combination at these shares of each axis, (axes,); an absent axis takes its share all the same."""
    return combined(axes, [axis.at(share) for axis, share in zip(axes, shares, strict=True)])


def combined(axes: Sequence[Axis], options: Sequence[Option]) -> Place:
    """The combination of one option of each axis, (axes,); that of an absent axis is not looked at."""
    chosen: dict[str, str] = {}
    settings: Settings = ()
    for axis, option in zip(axes, options, strict=True):
        taken = option if axis.holds(chosen) else Option(ABSENT, ())
        chosen[axis.name] = taken.label
        settings += taken.settings
    return Place(tuple(chosen.items()), settings)


def size(axes: Sequence[Axis]) -> int | None:
    """How many combinations there are; None where an axis is a span."""
    if any(axis.span is not None for axis in axes):
        return None
    return sum(1 for _ in grid(axes))


def places_between(low: float, high: float, step: float) -> list[float]:
    """low, low + step, … up to high, which is among them if the step meets it within a millionth."""
    count = math.floor((high - low) / step * (1 + 1e-9) + 1e-6)
    return [low + i * step for i in range(count + 1)]


def places_by_factor(low: float, high: float, factor: float) -> list[float]:
    """low, low * factor, … up to high."""
    steps = itertools.takewhile(
        lambda value: value <= high * (1 + 1e-9), (low * factor**i for i in itertools.count())
    )
    return list(steps)


def places_evenly(low: float, high: float, points: int, log: bool) -> list[float]:
    """So many from low to high, in even steps of the number or of its logarithm."""
    shares = [i / (points - 1) for i in range(points)] if points > 1 else [0.0]
    if log:
        return [low * (high / low) ** share for share in shares]
    return [low + share * (high - low) for share in shares]
