"""A design space as the samplers of Optuna see it: every axis a parameter, every place a set of parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from xbarsim.study.axes import Axis, Option, Place, Span, place

Params = dict[str, Any]
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:\s.*)?")


def distributions(axes: Sequence[Axis]) -> dict[str, BaseDistribution]:
    """A share for a span, a number for places in order, a choice for all else."""
    return {axis.name: _distribution(axis) for axis in axes}


def _distribution(axis: Axis) -> BaseDistribution:
    if axis.span is not None:
        return FloatDistribution(0.0, 1.0)
    if _ordered(axis):
        return IntDistribution(0, len(axis.options) - 1)
    return CategoricalDistribution([option.label for option in axis.options])


def _ordered(axis: Axis) -> bool:
    return all(_NUMBER.fullmatch(option.label) for option in axis.options)


def place_of(axes: Sequence[Axis], params: Mapping[str, Any]) -> Place:
    """The place that parameters stand for."""
    return place(axes, [_share(axis, params[axis.name]) for axis in axes])


def _share(axis: Axis, value: Any) -> float:
    if axis.span is not None:
        return float(value)
    labels = [option.label for option in axis.options]
    index = int(value) if _ordered(axis) else labels.index(value)
    return (index + 0.5) / len(labels)


def everywhere(axis: Axis) -> list[Any]:
    """All that a parameter of an axis without a span can be."""
    return [_named(axis, at) for at in range(len(axis.options))]


def anywhere(axis: Axis, draws: np.random.Generator) -> Any:
    """A parameter at random."""
    if axis.span is not None:
        return float(draws.random())
    return _named(axis, int(draws.integers(len(axis.options))))


def _named(axis: Axis, at: int) -> Any:
    return at if _ordered(axis) else axis.options[at].label


def params_of(axes: Sequence[Axis], settings: Mapping[str, str]) -> Iterator[Params]:
    """Parameters that a point may have, from what was set at it; none if it is no point of this space.

    Where settings alone do not say which chip or network an axis chose, each may be the one.
    """
    found = [_found(axis, settings) for axis in axes]
    for values in product(*found):
        yield {axis.name: value for axis, value in zip(axes, values, strict=True)}


def _found(axis: Axis, settings: Mapping[str, str]) -> list[Any]:
    if axis.span is not None:
        share = _spanned(axis, axis.span, settings)
        found = [] if share is None else [share]
    else:
        found = [_named(axis, at) for at, option in enumerate(axis.options) if _holds(option, settings)]
    absent: list[Any] = [0.0 if axis.span is not None else _named(axis, 0)]  # its condition did not hold
    return found or (absent if axis.when else [])


def _holds(option: Option, settings: Mapping[str, str]) -> bool:
    return all(settings.get(_told(key)) == value for key, value in option.settings if key not in _WHOLE)


def _spanned(axis: Axis, span: Span, settings: Mapping[str, str]) -> float | None:
    text = settings.get(_told(axis.keys[0]), "")
    if not _NUMBER.fullmatch(text):
        return None
    return _share_of(float(text.split()[0]), span)


def _share_of(value: float, span: Span) -> float | None:
    if span.log:
        share = math.log(value / span.low) / math.log(span.high / span.low) if value > 0 else -1.0
    else:
        share = (value - span.low) / (span.high - span.low)
    return min(1.0, max(0.0, share)) if -1e-6 <= share <= 1 + 1e-6 else None


def _told(key: str) -> str:
    """A key as a row of the store has it."""
    return f"chip.{key}" if key.startswith("mapping.") else key


_WHOLE = ("chip", "workload", "seed")  # told by other columns of a row
