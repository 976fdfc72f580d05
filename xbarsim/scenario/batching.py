"""Batching: how many of the requests at a network's door are let in together.

A chip whose weights stay in place takes requests one behind the other through the layers. So a batch is no
wider product: its requests are let in at the same instant, back to back, and the chip works on as many of them
as it has room for. What batching buys is that the chip stands still between batches (and can be gated); what it
costs is the wait for the batch to fill.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

from xbarsim.errors import Problem, SpecError, shown
from xbarsim.scenario.arrivals import PS_PER_S
from xbarsim.units import DURATION, UnitError, exact

OPTION = "--batch"
FORMS = ("none", "fixed 8", "timeout 8 1 ms")
WAITS_S = (1e-12, 1e6)


class Batching(ABC):
    """When those who wait at the door go in, and how many of them together."""

    @property
    @abstractmethod
    def most(self) -> int:
        """Requests of the largest batch."""

    @property
    def patience_ps(self) -> int | None:
        """How long the oldest waits at most for its batch to fill; None: for ever."""
        return None

    @abstractmethod
    def batch(self, waiting: int, waited_ps: int) -> int:
        """How many of `waiting` requests go in together now, the oldest having waited so long; 0: none yet."""


@dataclass(frozen=True)
class OneByOne(Batching):
    """No batches: each request goes in as soon as it may."""

    @property
    def most(self) -> int:
        return 1

    def batch(self, waiting: int, waited_ps: int) -> int:
        return min(1, waiting)


@dataclass(frozen=True)
class Fixed(Batching):
    """Batches of `size`: nobody goes in before so many are there."""

    size: int

    def __post_init__(self) -> None:
        demand_count("Fixed.size", self.size)

    @property
    def most(self) -> int:
        return self.size

    def batch(self, waiting: int, waited_ps: int) -> int:
        return self.size if waiting >= self.size else 0


@dataclass(frozen=True)
class TimeOut(Batching):
    """Batches of `size`; a smaller one when the oldest has waited `wait_s`."""

    size: int
    wait_s: float

    def __post_init__(self) -> None:
        demand_count("TimeOut.size", self.size)
        wait_s, (least, most) = self.wait_s, WAITS_S
        if isinstance(wait_s, bool) or not isinstance(wait_s, Real) or not least <= float(wait_s) <= most:
            raise ValueError(
                f"TimeOut.wait_s is {wait_s!r}; allowed: a number from {least:g} to {most:g} (seconds)"
            )

    @property
    def most(self) -> int:
        return self.size

    @property
    def patience_ps(self) -> int:
        return round(float(self.wait_s) * PS_PER_S)

    def batch(self, waiting: int, waited_ps: int) -> int:
        if waiting >= self.size or waited_ps >= self.patience_ps:
            return min(waiting, self.size)
        return 0


ONE_BY_ONE = OneByOne()


def demand_count(name: str, value: object, least: int = 1) -> None:
    """Raises: ValueError if it is no whole number from `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} is {value!r}; allowed: a whole number from {least}")


def batching_from_text(text: str, where: str = OPTION) -> Batching:
    """A policy from one of the FORMS. Raises: SpecError naming all forms."""
    kind, *words = text.strip().split() or [""]
    makers: dict[str, tuple[Callable[[list[str]], Batching], str, range]] = {
        "none": (lambda words: ONE_BY_ONE, FORMS[0], range(0, 1)),
        "fixed": (lambda words: Fixed(_size(words[0])), FORMS[1], range(1, 2)),
        "timeout": (lambda words: TimeOut(_size(words[0]), _seconds(words[1:])), FORMS[2], range(2, 4)),
    }
    if kind.lower() not in makers:
        raise _refused(where, f"{shown(kind)} is no kind of batching" if kind else "empty")
    make, form, lengths = makers[kind.lower()]
    if len(words) not in lengths:
        raise _refused(where, f"{shown(text)} is not written like '{form}'")
    try:
        return make(words)
    except UnitError as error:
        raise _refused(where, error.found, f"write it like '{form}'") from None
    except ValueError as error:
        raise SpecError([Problem(where, 0, "", str(error))]) from None


def _size(word: str) -> int:
    if not word.isdecimal():
        raise UnitError(f"{shown(word)} is no whole number of requests")
    return int(word)


def _seconds(words: list[str]) -> float:
    return float(exact(" ".join(words), DURATION) / PS_PER_S)


def _refused(where: str, found: str, fix: str = "") -> SpecError:
    forms = ", ".join(f"'{form}'" for form in FORMS)
    return SpecError([Problem(where, 0, "", found, f"one of {forms}", fix)])
