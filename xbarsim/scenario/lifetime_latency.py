"""Latency over spans of years, from samples: requests between turns of upkeep, and those that met one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xbarsim.scenario.lifetime_result import TAIL, TailRow
from xbarsim.scenario.lifetime_run import Times

_BEYOND = 10  # simulated requests beyond a quantile, for it to be told
_SHARES = tuple(float(name.removeprefix("p")) / 100 for name in TAIL)


@dataclass(frozen=True)
class Sample:
    """Latencies that stand for `requests` requests, all alike."""

    latency_ps: Times
    requests: float


def stand_for(samples: Sequence[Sample]) -> int:
    """Requests that samples stand for together."""
    return round(sum(one.requests for one in samples))


def tail(samples: Sequence[Sample], requests: int) -> TailRow:
    """Mean and quantiles of all that the samples stand for."""
    told = [one for one in samples if len(one.latency_ps) and one.requests > 0]
    simulated = sum(len(one.latency_ps) for one in told)
    if not told or not requests:
        return TailRow(requests, simulated, None, (None,) * len(TAIL), None)
    values = np.concatenate([one.latency_ps for one in told])
    weights = np.concatenate(
        [np.full(len(one.latency_ps), one.requests / len(one.latency_ps)) for one in told]
    )
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    return TailRow(
        requests,
        simulated,
        float((values * (weights / weights.sum())).sum()),
        tuple(_quantile(values, weights, share) for share in _SHARES),
        int(values[-1]),
    )


def _quantile(values: Times, weights: NDArray[np.float64], share: float) -> float | None:
    """The value that so large a share of the weight does not exceed; None if hardly anything was seen beyond."""
    total = np.cumsum(weights)
    place = int(np.searchsorted(total, share * total[-1] * (1 - 1e-12)))
    if len(values) - place < _BEYOND:
        return None
    return float(values[place])
