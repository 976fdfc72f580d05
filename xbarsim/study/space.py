"""A design space as the samplers of Optuna see it: every axis a parameter, every place a set of parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from xbarsim.study.axes import Axis, Option, Place, Span, place

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


def params_of(axes: Sequence[Axis], settings: Mapping[str, str]) -> dict[str, Any] | None:
    """The parameters of a point from what was set at it; None if it is no point of this space."""
    params: dict[str, Any] = {}
    for axis in axes:
        found = _spanned(axis, settings) if axis.span is not None else _chosen(axis, settings)
        if found is None and not axis.when:
            return None
        params[axis.name] = _anything(axis) if found is None else found
    return params


def _chosen(axis: Axis, settings: Mapping[str, str]) -> Any:
    for at, option in enumerate(axis.options):
        if _holds(option, settings):
            return at if _ordered(axis) else option.label
    return None


def _holds(option: Option, settings: Mapping[str, str]) -> bool:
    return all(settings.get(_told(key)) == value for key, value in option.settings if key not in _WHOLE)


def _spanned(axis: Axis, settings: Mapping[str, str]) -> float | None:
    text = settings.get(_told(axis.keys[0]), "")
    span = axis.span
    assert span is not None
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


def _anything(axis: Axis) -> Any:
    """For an axis that is absent at the point."""
    if axis.span is not None:
        return 0.0
    return 0 if _ordered(axis) else axis.options[0].label


_WHOLE = ("chip", "workload", "seed")  # told by other columns of a row
