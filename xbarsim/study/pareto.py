"""Which points no other point beats in every goal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from xbarsim.study.query import connect
from xbarsim.study.store import Store
from xbarsim.study.study import Goal


def non_dominated(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mask (n,) of the rows of values (n, goals), less being better, that no other row beats.

    A row beats another if it is nowhere worse and somewhere better; equal rows stay together. Rows with a figure
    that is not known (NaN) never stay.
    """
    left = np.flatnonzero(~np.isnan(values).any(axis=1))
    if left.size > _MANY:  # the best of a few beat nearly all
        few = values[left[:: left.size // _FEW]]
        for best in few[_best(few)]:
            left = left[_unbeaten(values[left], best)]
    mask = np.zeros(len(values), dtype=bool)
    mask[left[_best(values[left])]] = True
    return mask


def _best(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numbers of the rows that no other one beats."""
    # The row of the least sum is never beaten; each pass keeps it and drops all that it beats.
    left = np.argsort(_ranks(values).sum(axis=1), kind="stable")
    found = [np.empty(0, dtype=np.int64)]
    while left.size:
        best = values[left[0]]
        equal = (values[left] == best).all(axis=1)
        found.append(left[equal])
        left = left[~equal & _unbeaten(values[left], best)]
    return np.concatenate(found)


_MANY, _FEW = 10_000, 1_000


def _unbeaten(values: NDArray[np.float64], best: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows that are better than another one in something, or its equal."""
    better, equal = values[:, 0] < best[0], values[:, 0] == best[0]
    for goal in range(1, len(best)):  # by column: several times as fast as along the rows
        better |= values[:, goal] < best[goal]
        equal &= values[:, goal] == best[goal]
    kept: NDArray[np.bool_] = better | equal
    return kept


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """In place of the figures: any of them counts as much as another, and the order within each is kept strictly."""
    ranks = np.empty(values.shape)
    for column in range(values.shape[1]):
        ranks[:, column] = np.unique(values[:, column], return_inverse=True)[1]
    return ranks


def signed(rows: Sequence[Sequence[float | None]], goals: Sequence[Goal]) -> NDArray[np.float64]:
    """Figures (n, goals) with less being better; NaN where one is not known."""
    values = np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=float)
    values = values.reshape(len(rows), len(goals))
    values *= np.array([goal.sign for goal in goals], dtype=float)
    return values


def front_of_store(store: Store, goals: Sequence[Goal], where: str = "true") -> list[str]:
    """Addresses of the points of a whole store that no other one beats.

    where: SQL that says which points are looked at.
    """
    names = [goal.figure for goal in goals]
    columns = ", ".join(f"CAST({name} AS DOUBLE) AS {name}" for name in names)
    with connect(store) as base:
        told = base.execute(f"SELECT {columns} FROM points WHERE status = 'done' AND ({where})").fetchnumpy()
        values = np.column_stack([_filled(told[goal.figure]) * goal.sign for goal in goals])
        best = np.unique(values[non_dominated(values)], axis=0) * np.array(
            [goal.sign for goal in goals], dtype=float
        )
        if not len(best):
            return []
        base.execute("CREATE TABLE best AS SELECT * FROM (VALUES "
                     + ", ".join(f"({', '.join(repr(float(v)) + '::DOUBLE' for v in row)})" for row in best)
                     + f") AS front({', '.join(names)})")  # fmt: skip
        found = base.execute(
            f"SELECT key FROM points JOIN best USING ({', '.join(names)}) "
            f"WHERE status = 'done' AND ({where}) ORDER BY {names[0]}, key"
        )
        return [key for (key,) in found.fetchall()]


def _filled(column: np.ma.MaskedArray | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.ma.filled(column.astype(float), np.nan)
