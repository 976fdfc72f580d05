"""How a network's counts grow with the length of its state, without capturing it anew.

A decode step of a language model reads the keys and values of all tokens before its own. Everything
that varies with their number n (the context) is a straight line in n; an operation's `Growth` holds
the slopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from xbarsim.errors import WorkloadError
from xbarsim.workload.needs import Need

if TYPE_CHECKING:
    from xbarsim.workload.graph import Op

GROWING = ("positions", "width", "macs", "element_ops", "inner")


@dataclass(frozen=True)
class Context:
    """The length that a network's state grows by one a token.

    name: of the dimension in the workload's shapes; at: the length that the counts are of;
    most: the longest that the model can have before its token, None without a limit.
    """

    name: str
    at: int
    most: int | None = None

    def moved(self, length: int) -> Context:
        """The same dimension at another length.

        Raises: WorkloadError where the model does not reach so far.
        """
        if length < 1 or (self.most is not None and length > self.most):
            most = "" if self.most is None else f" to {self.most}"
            raise WorkloadError(f"{self.name} of {length}: the model takes a {self.name} from 1{most}")
        return replace(self, at=length)


@dataclass(frozen=True)
class Growth:
    """What one more token of context adds to the fields of an operation of the same names.

    needs: for each need what it adds to the need's numbers, in their order, pairs one after the other.
    """

    positions: int = 0
    width: int = 0
    macs: int = 0
    element_ops: int = 0
    inner: int = 0
    needs: tuple[tuple[int, ...], ...] = ()


def numbers(need: Need) -> tuple[int, ...]:
    """All numbers of a need, in the order of its fields."""
    return tuple(_flat(getattr(need, one.name) for one in fields(need)))


def _flat(values: Any) -> Iterator[int]:
    for value in values:
        yield from value if isinstance(value, tuple) else (value,)


def grown(op: Op, tokens: int) -> Op:
    """The operation with so many more tokens of context (fewer, where negative)."""
    growth = op.growth
    if growth is None or not tokens:
        return op
    counts = {name: getattr(op, name) + tokens * getattr(growth, name) for name in GROWING}
    slopes = growth.needs or ((),) * len(op.needs)
    needs = (_stretched(need, slope, tokens) for need, slope in zip(op.needs, slopes, strict=True))
    return replace(op, needs=tuple(needs), **counts)


def _stretched(need: Need, slopes: tuple[int, ...], tokens: int) -> Need:
    if not any(slopes):
        return need
    moved = iter(n + tokens * slope for n, slope in zip(numbers(need), slopes, strict=True))
    values = {}
    for one in fields(need):
        pair = isinstance(getattr(need, one.name), tuple)
        values[one.name] = (next(moved), next(moved)) if pair else next(moved)
    return replace(need, **values)
