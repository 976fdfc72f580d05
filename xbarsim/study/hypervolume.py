"""How good a front is as one number: the volume that it dominates, up to a reference point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xbarsim.study.pareto import non_dominated

Points = NDArray[np.float64]


def hypervolume(values: Points, reference: NDArray[np.float64]) -> float:
    """Volume of what lies between the points (n, goals), less being better, and the reference (goals,).

    By slicing along the last goal (While et al., "A faster algorithm for calculating hypervolume", IEEE Trans.
    Evolutionary Computation 10 (2006) 29); exact, and fit for the few hundred points of a front.
    """
    inside = values[(values < reference).all(axis=1)]
    return _sliced(inside[non_dominated(inside)], reference)


def _sliced(points: Points, reference: NDArray[np.float64]) -> float:
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - points[:, 0].min())
    points = points[np.argsort(points[:, -1])]
    ends = np.append(points[1:, -1], reference[-1])
    depths = ends - points[:, -1]
    volume = 0.0
    for count, depth in enumerate(depths, 1):
        if depth > 0:
            below = points[:count, :-1]
            volume += float(depth) * _sliced(below[non_dominated(below)], reference[:-1])
    return volume
