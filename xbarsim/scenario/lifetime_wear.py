"""How much of their life cells have used up, and when they will be worn out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xbarsim.maintenance.life import Life
from xbarsim.scenario.lifetime_result import CellRow, Wear, WearRow

SHARES = (None, 0.01, 0.5)  # of the cells, whose end is told; None: the first cell
_BINS, _FAILED = 20, 20


def wear(life: Life, writes: Sequence[NDArray[np.int64]], span_s: float) -> Wear:
    """Of a network at the last of its ages. writes: of every cell, before the last span and after it."""
    endurance = life.endurance()
    failed = sorted(life.failed, key=lambda cell: (cell.age_s, cell.block, cell.place))
    rows = tuple(CellRow(cell.block, cell.place, cell.age_s, cell.writes) for cell in failed[:_FAILED])
    if endurance is None:
        return Wear(len(writes[-1]), (), (), len(failed), rows)
    used = writes[-1] / endurance
    left_s = _remaining_s(endurance - writes[-1], (writes[-1] - writes[-2]) / span_s)
    return Wear(len(writes[-1]), _histogram(used), left_s, len(failed), rows)


def _histogram(used: NDArray[np.float64]) -> tuple[WearRow, ...]:
    """From nothing to worn out in equal steps; the last holds all that are beyond. Endless cells have used nothing."""
    bounds = np.linspace(0, 1, _BINS + 1)
    cells = np.histogram(np.minimum(used, 1.0), bounds)[0]
    return tuple(
        WearRow(float(low), float(high), int(number))
        for low, high, number in zip(bounds[:-1], bounds[1:], cells, strict=True)
    )


def _remaining_s(
    left: NDArray[np.float64], rate_hz: NDArray[np.float64]
) -> tuple[tuple[float | None, float], ...]:
    """Of each cell, at the rate at which it was written in the last span."""
    forever = np.full(len(left), np.inf)
    ends_s = np.sort(np.divide(np.maximum(left, 0.0), rate_hz, out=forever, where=rate_hz > 0))
    places = [0 if share is None else min(len(left) - 1, int(share * len(left))) for share in SHARES]
    return tuple((share, float(ends_s[place])) for share, place in zip(SHARES, places, strict=True))
