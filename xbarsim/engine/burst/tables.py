"""From streams to the tables of the compiled engine."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xbarsim.engine.burst import fields as f
from xbarsim.engine.burst.works import Flat, StageTables, Table, Works, station_rows
from xbarsim.engine.chain import Stage, Tally, Work
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Edge, Network, Stream

PORTION_KINDS = 4  # lines that a passage keeps at least


@dataclass
class Tables:
    """What does not change in a run: who is where, in rows and flat lists of row numbers."""

    streams_: list[Stream]
    stations_: list[Station] = field(default_factory=list)
    stages_: list[Stage] = field(default_factory=list)
    stage_streams: Table = field(init=False)  # the stream that a stage works for
    tallies_: list[Tally] = field(default_factory=list)
    pairs_: Table = field(init=False)  # (station, stream whose job held it)
    ops_: list[Any] = field(default_factory=list)
    stations: Table = field(init=False)
    due_places: int = 0
    stages: Table = field(init=False)
    tallies: Table = field(init=False)  # by stage
    members: Table = field(init=False)
    works: Table = field(init=False)
    flat: Table = field(init=False)
    drivers: Table = field(init=False)
    counters: Table = field(init=False)
    ring_places: int = 0
    edges: Table = field(init=False)
    edges_: list[Edge] = field(default_factory=list)
    streams: Table = field(init=False)
    networks: Table = field(init=False)
    gates: Table = field(init=False)
    gate_rows: dict[tuple[int, str], int] = field(default_factory=dict)  # by network and name
    gates_of: list[list[str]] = field(default_factory=list)  # names, by network
    asks: bool = False  # whether requests may differ: variants or gates
    task_works: dict[str, int] = field(default_factory=dict)
    tasks_: list[str] = field(default_factory=list)
    most_stations: int = 1
    most_lines: int = PORTION_KINDS
    margin: int = 64

    def tag(self, stream: int) -> str:
        """The name of the stream or task that a job works for."""
        return (
            self.streams_[stream].name
            if stream < len(self.streams_)
            else self.tasks_[stream - len(self.streams_)]
        )

    def rows_of_gates(self, network: int) -> list[int]:
        return [self.gate_rows[network, name] for name in self.gates_of[network]]


def encode(networks: Sequence[Network], tasks: Mapping[str, Work] | None = None) -> Tables:
    """The tables of several networks on one clock, and of further work that may be submitted."""
    collects = gc.isenabled()
    gc.disable()  # a million small objects, none of them garbage
    try:
        return _Encoder(networks).tables(tasks or {})
    finally:
        if collects:
            gc.enable()


class _Encoder:
    def __init__(self, networks: Sequence[Network]):
        self.networks = networks
        self.flat = Flat()
        self.works = Works(self.flat)
        self.streams = [stream for network in networks for stream in network.streams]
        self.tables_ = Tables(self.streams)
        self.gates: list[tuple[int, int]] = []

    def tables(self, tasks: Mapping[str, Work]) -> Tables:
        t = self.tables_
        t.edges_ = [edge for stream in self.streams for edge in stream.outputs]
        edge_rows = {id(edge): i for i, edge in enumerate(t.edges_)}
        number_of = {id(s): i for i, s in enumerate(self.streams)}
        names = {(n.name, s.name): number_of[id(s)] for n in self.networks for s in n.streams}
        rows, drivers, edges, ends = [], [], [], []
        for number, network in enumerate(self.networks):
            t.gates_of.append([])
            ends.append([number_of[id(s)] for s in network.streams if not s.outputs])
            for stream in network.streams:
                at = number_of[id(stream)]
                rows.append(self._stream(stream, at, number, edge_rows))
                drivers += self._drivers(stream, at)
                edges += [
                    self._edge(edge, at, names[network.name, edge.consumer], number)
                    for edge in stream.outputs
                ]
        for task, work in tasks.items():
            t.task_works[task] = self.works.row(work, len(self.streams) + len(t.tasks_))
            t.tasks_.append(task)
        t.networks = _table([(self.flat.put(end), len(end), 0, 1, 0) for end in ends], f.NETWORK_COLUMNS)
        t.streams = _table(rows, f.STREAM_COLUMNS)
        t.drivers, t.edges = _table(drivers, f.DRIVER), _table(edges, f.EDGE)
        t.gates = _table(self.gates, f.GATE_COLUMNS)
        self._rest()
        return t

    # --- streams -------------------------------------------------------------------------------

    def _stream(self, stream: Stream, at: int, network: int, edge_rows: dict[int, int]) -> tuple[int, ...]:
        roots = [self.works.row(work, at) for works in stream.levels for work in works]
        inputs = [edge_rows[id(edge)] for edge in stream.inputs]
        outputs = [edge_rows[id(edge)] for edge in stream.outputs]
        jobs = -(-stream.positions // stream.chunk)
        return (
            stream.positions, stream.chunk, jobs, self.flat.put(inputs), len(inputs), self.flat.put(outputs),
            len(outputs), 0, network, self.flat.put(roots), len(stream.levels), len(stream.copies),
            self._gate(stream.gate, jobs, network), stream.at_the_door,
        )  # fmt: skip

    def _gate(self, name: str | None, jobs: int, network: int) -> int:
        t = self.tables_
        if name is None:
            return f.NONE
        if (network, name) not in t.gate_rows:
            t.gate_rows[network, name] = len(self.gates)
            t.gates_of[network].append(name)
            self.gates.append((0, jobs))
        return t.gate_rows[network, name]

    def _drivers(self, stream: Stream, at: int) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        for copy in range(len(stream.copies)):
            jobs = stream.jobs_of(copy)
            found.append((at, copy, 0, 0, 0, self.flat.put(jobs), len(jobs), f.NONE, 0, f.NONE))
        return found

    def _edge(self, edge: Edge, producer: int, consumer: int, network: int) -> tuple[int, ...]:
        works = [self.works.row(work, producer) for level in edge.levels for work in level]
        return (
            producer, consumer, edge.positions, f.NONE if edge.capacity is None else edge.capacity,
            self.flat.shared(edge.last_needed), self.flat.shared(edge.first_needed),
            f.NONE if edge.route is None else self.flat.shared(edge.route), self.flat.put(works),
            len(edge.deliveries), len(edge.levels),
            self._gate(edge.gate, self.streams[producer].jobs, network),
        )  # fmt: skip

    # --- what is only known at the end ---------------------------------------------------------

    def _rest(self) -> None:
        t, works = self.tables_, self.works
        self.flat.numbers.append(0)
        t.works, t.flat = works.table(), np.array(self.flat.numbers, dtype=np.int64)
        t.stages_, t.stage_streams = works.stages, works.streams()
        rows = StageTables(t.stages_, t.stage_streams)
        t.stages, t.members, t.tallies = rows.stages, rows.members, rows.tally_of
        t.stations_, t.pairs_, t.ops_, t.tallies_ = rows.stations, rows.pairs, rows.ops, rows.tallies
        t.stations = station_rows(t.stations_)
        t.due_places = int(t.stations[:, f.SERVERS].sum())
        t.most_stations = max(1, int(t.stages[:, f.STATIONS].max(initial=0)) >> 1)
        if len(t.stages):
            slopes = len(np.unique(t.stages[:, f.PORTION_PS]))
            longest = int(t.works[t.works[:, f.KIND] == f.CHAIN, f.PARTS].max())
            t.most_lines = max(PORTION_KINDS, min(slopes, longest) + 2)
        t.margin = max(
            t.margin,
            2 * works.longest + 32,
            4 * t.most_stations + 32,
            *(2 * len(s.outputs) + 32 for s in self.streams),
        )
        t.asks = bool(len(t.gates)) or any(
            len(levels) > 1 for s in self.streams for levels in (s.levels, *(e.levels for e in s.outputs))
        )
        t.counters = self._counters()

    def _counters(self) -> Table:
        """Two for each edge (arrived, freed), one for each stream (done), one for each network (let in)."""
        t = self.tables_
        rows = []
        chunks = [self.streams[edge[f.PRODUCER]].chunk for edge in t.edges]
        needs = (
            [n for c in chunks for n in (c, 0)] + [s.chunk for s in self.streams] + [0] * len(self.networks)
        )
        for need in needs:
            size = 1 << max(6, (2 * need - 1).bit_length()) if need else 0
            rows.append((0, f.NONE, t.ring_places, size))
            t.ring_places += size
        return _table(rows, f.COUNTER)


def _table(rows: Sequence[Sequence[int]], columns: int) -> Table:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)
