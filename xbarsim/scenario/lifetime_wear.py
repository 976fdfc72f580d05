"""How much of their life cells have used up, and when they will be worn out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xbarsim.maintenance.life import Life
from xbarsim.scenario.lifetime_result import AgeRow, CellRow, Wear, WearRow

SHARES = (None, 0.01, 0.5)  # of the cells, whose end is told; None: the first cell
_BINS, _FAILED = 20, 20


def wear(life: Life, ages: Sequence[AgeRow]) -> Wear:
    """Of a network at the last of its ages."""
    writes, endurance = life.writes(), life.endurance()
    failed = sorted(life.failed, key=lambda cell: (cell.age_s, cell.block, cell.place))
    rows = tuple(CellRow(cell.block, cell.place, cell.age_s, cell.writes) for cell in failed[:_FAILED])
    if endurance is None:
        return Wear(len(writes), (), (), len(failed), rows)
    return Wear(
        len(writes), _histogram(writes / endurance), _remaining(writes, endurance, ages), len(failed), rows
    )


def _histogram(used: NDArray[np.float64]) -> tuple[WearRow, ...]:
    """From nothing to worn out in equal steps; the last holds all that are beyond. Endless cells have used nothing."""
    bounds = np.linspace(0, 1, _BINS + 1)
    cells = np.histogram(np.minimum(used, 1.0), bounds)[0]
    return tuple(
        WearRow(float(low), float(high), int(number))
        for low, high, number in zip(bounds[:-1], bounds[1:], cells, strict=True)
    )


def _remaining(
    writes: NDArray[np.int64], endurance: NDArray[np.float64], ages: Sequence[AgeRow]
) -> tuple[tuple[float | None, float], ...]:
    """At the rate at which cells were written in the last span."""
    before = ages[-2] if len(ages) > 1 else None
    # Each cell was written once when the chip was new.
    number = (ages[-1].writes or 0) - ((before.writes or 0) if before is not None else 1)
    rate_hz = number / (ages[-1].age_s - (before.age_s if before is not None else 0.0))
    left = np.sort(np.maximum(endurance - writes, 0.0))
    told = []
    for share in SHARES:
        one = left[0 if share is None else min(len(left) - 1, int(share * len(left)))]
        told.append((share, float(one / rate_hz) if rate_hz > 0 else float("inf")))
    return tuple(told)
