"""Listeners: when each operation was in service, and the slices and power of the timeline."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from xbarsim.engine.chain import Stage
from xbarsim.engine.clock import Listener
from xbarsim.scenario.result import PowerSample, Slice, Timeline

BINS = 200


class Recorder(Listener):
    """Keeps the service intervals of every operation; with `slices`, also those of every stage."""

    def __init__(self, slices: int = 0):
        self.spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.slices: list[Slice] = []
        self.most_slices = slices
        self.each_service = slices > 0
        self.truncated = False
        self.power: list[tuple[str, int, int, float]] = []

    def served(self, stage: Stage, tag: Any, start_ps: int, end_ps: int) -> None:
        meta = stage.meta
        self.spans[meta.op].append((start_ps, end_ps))
        if not self.most_slices:
            return
        if meta.energy_pj:
            self.power.append((meta.component, start_ps, end_ps, meta.energy_pj))
        if len(self.slices) < self.most_slices:
            track = stage.stations[0].name if stage.stations else meta.component
            self.slices.append(Slice(track, meta.op, start_ps, end_ps, 1))
        else:
            self.truncated = True

    def spanned(self, op: str, start_ps: int, end_ps: int) -> None:
        self.spans[op].append((start_ps, end_ps))

    def merged(self, op: str) -> list[tuple[int, int]]:
        """Disjoint intervals in which the operation was in service."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted(self.spans.get(op, ())):
            if merged and start <= merged[-1][1]:
                if end > merged[-1][1]:
                    merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        return merged

    def timeline(self, elapsed_ps: int) -> Timeline:
        """Slices with the operations above them, and mean power in equal bins."""
        ops = [
            Slice("operations", op, spans[0][0], max(end for _, end in spans), 0)
            for op in self.spans
            if (spans := sorted(self.spans[op]))
        ]
        return Timeline((*ops, *self.slices), self._power(elapsed_ps), self.truncated)

    def _power(self, elapsed_ps: int) -> tuple[PowerSample, ...]:
        width = max(1, -(-elapsed_ps // BINS))
        bins: list[dict[str, float]] = [defaultdict(float) for _ in range(-(-elapsed_ps // width))]
        for component, start, end, energy_pj in self.power:
            if end <= start:
                bins[min(start // width, len(bins) - 1)][component] += energy_pj / width
                continue
            for i in range(start // width, min(-(-end // width), len(bins))):
                inside = min(end, (i + 1) * width) - max(start, i * width)
                bins[i][component] += energy_pj * inside / (end - start) / width
        return tuple(PowerSample(i * width, dict(sorted(power.items()))) for i, power in enumerate(bins))


def shares(intervals: list[tuple[int, int]], elapsed_ps: int, bins: int) -> tuple[float, ...]:
    """Share of each of equal time bins that the intervals cover."""
    if not elapsed_ps:
        return (0.0,) * bins
    covered, last = [0.0] * bins, bins - 1
    width = elapsed_ps / bins
    edges = [i * width for i in range(bins + 1)]
    for start, end in intervals:
        first, final = min(int(start / width), last), min(int(end / width), last)
        if first == final and start >= edges[first] and end <= edges[first + 1]:
            covered[first] += end - start  # most are shorter than a bin
            continue
        for i in range(first, final + 1):
            covered[i] += max(0.0, min(end, edges[i + 1]) - max(start, edges[i]))
    return tuple(min(1.0, time / width) for time in covered)
