"""From exact reading ranges to a `Need`: the simplest rule that covers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from xbarsim.workload.graph import (
    Causal,
    Need,
    Part,
    Positions,
    Resample,
    Same,
    Slice,
    Whole,
    Window,
)

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Extent:
    """Shape of an operation's result; grid: the sizes whose raster order the positions follow."""

    positions: int
    width: int
    grid: tuple[int, ...]

    @property
    def rows_columns(self) -> tuple[int, int]:
        """The grid as a map, one row unless it is two-dimensional."""
        if len(self.grid) == 2:
            return (self.grid[0], self.grid[1])
        return (1, self.positions)


def two_axes(values: Iterable[int], missing: int = 1) -> tuple[int, int]:
    """One number per axis as (rows, columns): a line of pixels is a map of one row."""
    listed = [int(value) for value in values]
    return (listed[-2] if len(listed) > 1 else missing, listed[-1])


@dataclass(frozen=True)
class Fit:
    """A need, and whether it says exactly what was measured (else it waits for more)."""

    need: Need
    exact: bool


def fit_need(first: Positions, last: Positions, read: Extent, result: Extent) -> Fit:
    """The need of a result whose position i reads input positions first[i] … last[i].

    Where nothing is read, last is -1 and first is NEVER. Positions are delivered in order, so
    what counts is the running maximum of `last` and, from the end, the running minimum of `first`.
    """
    used = last >= 0
    until = np.maximum.accumulate(last)
    since = np.minimum.accumulate(first[::-1])[::-1]
    for need in _candidates(first, last, read, result):
        ahead, behind = need.last_needed(result.positions), need.first_needed(result.positions)
        if _safe(ahead, behind, until, since, read) and (ahead == until)[used].all():
            return Fit(need, bool((behind == since)[since < NEVER].all()))
    for need in _roomy(last, read, result):
        ahead, behind = need.last_needed(result.positions), need.first_needed(result.positions)
        if _safe(ahead, behind, until, since, read):
            return Fit(need, False)
    return Fit(Whole(read.positions), bool(until[0] == read.positions - 1))


def _safe(ahead: Positions, behind: Positions, until: Positions, since: Positions, read: Extent) -> bool:
    """Whether a need waits for all that is read and keeps all that is still to be read."""
    within = ahead.min() >= -1 and ahead.max() < read.positions
    return bool(within and (ahead >= until).all() and (behind <= since).all())


def _candidates(first: Positions, last: Positions, read: Extent, result: Extent) -> Iterator[Need]:
    """Rules that may be exact, the simplest first."""
    if read.positions == result.positions:
        yield Same()
    if (last == read.positions - 1).all() and (first == 0).all():
        yield Whole(read.positions)
    used = np.flatnonzero(last >= 0)
    if not used.size:
        yield Part(result.positions, read.positions)
        return
    yield from _lines(last, used, read, result)
    if (first == last)[used].all() and _are_maps(read, result):
        yield Resample(read.rows_columns, result.rows_columns)
        yield _window(last, used, read, result, 0)
    yield Causal(int(last[used[0]] - used[0]))


def _roomy(last: Positions, read: Extent, result: Extent) -> Iterator[Need]:
    """Rules with some room around what is read: margins, mirrored margins, uneven windows."""
    used = np.flatnonzero(last >= 0)
    if not used.size or not _are_maps(read, result) or read.positions == 1:
        return
    for reach in (1, 2):
        yield Resample(read.rows_columns, result.rows_columns, _where_large(read.rows_columns, reach))
    for reach in range(7):
        yield _window(last, used, read, result, reach)


def _are_maps(read: Extent, result: Extent) -> bool:
    maps = ((read.rows_columns, read.positions), (result.rows_columns, result.positions))
    return all(rows * columns == positions for (rows, columns), positions in maps)


def _where_large(size: tuple[int, int], reach: int) -> tuple[int, int]:
    return (reach if size[0] > 1 else 0, reach if size[1] > 1 else 0)


def _lines(last: Positions, used: Positions, read: Extent, result: Extent) -> Iterator[Need]:
    if used.size == result.positions:
        step = int(last[1] - last[0]) if result.positions > 1 else 1
        if step > 0:
            yield Slice(int(last[0]), step)
    yield Part(int(used[0] - last[used[0]]), read.positions)


def _window(last: Positions, used: Positions, read: Extent, result: Extent, reach: int) -> Window:
    """The window that moves as the last reads do, `reach` pixels larger on all sides."""
    read_map, result_map = read.rows_columns, result.rows_columns
    rows = _stride_and_padding(used // result_map[1], last[used] // read_map[1])
    columns = _stride_and_padding(used % result_map[1], last[used] % read_map[1])
    more = _where_large(read_map, reach)
    kernel = (1 + 2 * more[0], 1 + 2 * more[1])
    padding = (rows[1] + more[0], columns[1] + more[1])
    return Window(read_map, result_map, kernel, (rows[0], columns[0]), padding)


def _stride_and_padding(at: Positions, read: Positions) -> tuple[int, int]:
    """Stride and padding of the line read = at * stride - padding through the first two points."""
    others = np.flatnonzero(at > at[0])
    if not others.size:
        return (1, int(at[0] - read[0]))
    other = others[0]
    stride = max(1, int(read[other] - read[0]) // int(at[other] - at[0]))
    return (stride, int(at[0]) * stride - int(read[0]))
