"""Rows of works, stages and stations: collected one by one, put into tables all at once."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from xbarsim.engine.burst import fields as f
from xbarsim.engine.chain import Chain, Seq, Stage, Tally, Work
from xbarsim.engine.station import Station

Table = NDArray[np.int64]
Thing = TypeVar("Thing", bound=Hashable)


class Flat:
    """One long list of numbers, in which others have their places."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.known: dict[tuple[int, ...] | int, int] = {}
        self.kept: list[object] = []

    def put(self, numbers: Iterable[int]) -> int:
        at = len(self.numbers)
        self.numbers.extend(numbers)
        return at

    def shared(self, numbers: Sequence[int]) -> int:
        """As put; the same object again has the same place."""
        if id(numbers) not in self.known:
            self.known[id(numbers)] = self.put(numbers)
            self.kept.append(numbers)  # or its id might be given to another
        return self.known[id(numbers)]

    def short(self, numbers: tuple[int, ...]) -> int:
        """As put; equal ones have the same place."""
        at = self.known.get(numbers)
        if at is None:
            at = self.known[numbers] = self.put(numbers)
        return at


class _Numbers(dict[Thing, int]):
    """Things numbered in the order in which they are first looked up."""

    def __missing__(self, thing: Thing) -> int:
        number = self[thing] = len(self)
        return number


class _OfStream(dict[Stage, int]):
    """Rows of the stages that work for one stream or task, made when they are first looked up."""

    def __init__(self, stages: list[Stage]):
        self.stages = stages  # of all streams
        self.works: dict[int, int] = {}  # rows of its works, by identity

    def __missing__(self, stage: Stage) -> int:
        number = self[stage] = len(self.stages)
        self.stages.append(stage)
        return number


class Works:
    """Numbers works and their stages, for each stream or task apart: a job is told from another's by its stage."""

    def __init__(self, flat: Flat):
        self.flat = flat
        self.stages: list[Stage] = []
        self.works = array("q", (f.CHAIN, 0, 0, 1))  # row after row; tuples would take five times the memory
        self.longest = 0  # parts of a work
        self._streams: list[tuple[int, int]] = []  # (first stage, stream) of each run of stages
        self._of: dict[int, _OfStream] = {}

    def row(self, work: Work, stream: int) -> int:
        if stream not in self._of:
            self._of[stream] = _OfStream(self.stages)
        if not self._streams or self._streams[-1][1] != stream:
            self._streams.append((len(self.stages), stream))
        return self._row(work, self._of[stream])

    def _row(self, work: Work, known: _OfStream) -> int:
        row = known.works.get(id(work))
        if row is not None:
            return row
        if isinstance(work, Chain):
            kind, wide = f.CHAIN, 1
            parts = tuple(map(known.__getitem__, work.stages))
        else:
            kind = f.SEQUENTIAL if isinstance(work, Seq) else f.PARALLEL
            parts = tuple([self._row(part, known) for part in work.parts])
            widths = [self.works[f.WORK * part + f.WIDTH] for part in parts]
            wide = 1 if not parts else widths[0] if kind == f.SEQUENTIAL else sum(widths)
        if len(parts) > self.longest:
            self.longest = len(parts)
        row = known.works[id(work)] = len(self.works) // f.WORK
        self.works.extend((kind, self.flat.short(parts) if parts else 0, len(parts), wide))
        return row

    def streams(self) -> Table:
        """The stream that each stage works for."""
        firsts = [first for first, _ in self._streams]
        lengths = np.diff([*firsts, len(self.stages)])
        return np.repeat(np.array([stream for _, stream in self._streams], dtype=np.int64), lengths)

    def table(self) -> Table:
        return np.array(self.works, dtype=np.int64).reshape(-1, f.WORK)


class StageTables:
    """Rows of all stages, and of whom they ask for; stations, operations and tallies as they first come."""

    def __init__(self, stages: Sequence[Stage], streams: Table):
        stations: _Numbers[Station] = _Numbers()
        ops: _Numbers[Hashable] = _Numbers()
        tallies: _Numbers[Tally] = _Numbers()
        numbers = np.array([len(s.in_order) for s in stages], dtype=np.int64)
        asked = [stations[station] for stage in stages for station in stage.in_order]
        self.members, self.pairs = _pairs(asked, np.repeat(streams, numbers))
        holds = np.array([s.holds for s in stages], dtype=np.int64)
        self.stages = rows = np.zeros((len(stages), f.STAGE), dtype=np.int64)
        rows[:, f.PORTION_PS] = [s.portion_ps for s in stages]
        rows[:, f.PORTIONS] = [s.portions for s in stages]
        rows[:, f.DELAY_PS] = [s.delay_ps for s in stages]
        rows[:, f.STATIONS] = 2 * numbers + holds
        rows[:, f.MEMBERS_AT] = at = np.cumsum(numbers) - numbers
        rows[:, f.FIRST_STATION] = f.NONE
        rows[numbers > 0, f.FIRST_STATION] = self.members[at[numbers > 0], 0]
        rows[:, f.OPERATION] = [ops[getattr(s.meta, "op", None)] for s in stages]
        self.tally_of = np.array([tallies[s.tally] for s in stages], dtype=np.int64)
        self.stations, self.ops, self.tallies = list(stations), list(ops), list(tallies)


def _pairs(stations: list[int], streams: Table) -> tuple[Table, Table]:
    """(station, number of its pair) of each asking, and the pairs: (station, stream whose job asks)."""
    asked = np.stack([np.array(stations, dtype=np.int64), streams], axis=1)
    key = asked[:, 0] * (int(streams.max(initial=0)) + 1) + asked[:, 1]
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return np.stack([asked[:, 0], which.reshape(-1)], axis=1), asked[first]


def station_rows(stations: Sequence[Station]) -> Table:
    """Stations as new, each with a place for the releases of its servers."""
    rows = np.zeros((len(stations), f.STATION), dtype=np.int64)
    servers = np.array([station.servers for station in stations], dtype=np.int64)
    rows[:, f.FREE] = rows[:, f.SERVERS] = servers
    rows[:, [f.HANDED_PS, f.WOKEN_PS, f.QUEUE_HEAD, f.QUEUE_TAIL]] = f.NONE
    rows[:, f.GATED_AFTER_PS] = [f.NONE if s.gated_after_ps is None else s.gated_after_ps for s in stations]
    rows[:, f.DUE_AT] = np.cumsum(servers) - servers
    return rows
