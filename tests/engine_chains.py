"""Chains of layers with one station each, for tests of the engines."""

from __future__ import annotations

from itertools import pairwise

from xbarsim.engine.chain import Chain, Stage
from xbarsim.engine.clock import Clock
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Edge, Network, Stream


def chain(times_ps: list[int], positions: int, capacity: int | None = 4) -> Network:
    """Layer after layer, position by position, each with a station of its own and data that moves at no cost."""
    clock = Clock()
    streams = [
        Stream(f"l{i}", positions, (Chain((Stage((Station(clock, f"s{i}"),), time_ps),)),))
        for i, time_ps in enumerate(times_ps)
    ]
    for a, b in pairwise(streams):
        index = list(range(positions))
        edge = Edge(a.name, b.name, positions, index, index, capacity, (Chain(()),))
        a.outputs, b.inputs = (edge,), (edge,)
    return Network("chain", tuple(streams))
