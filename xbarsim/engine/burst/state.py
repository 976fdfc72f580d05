"""What changes in a run of the compiled engine, in tables that grow when they must."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from xbarsim.engine.burst import fields as f
from xbarsim.engine.burst.machine import rearrange
from xbarsim.engine.burst.tables import Tables
from xbarsim.engine.burst.works import Table
from xbarsim.engine.station import Station

FIRST_PASSAGES = 256
FIRST_SPANS = 4096
AHEAD = 16  # steps that there must be room for when a table has grown
FIRST_DAYS = 256
FIRST_SHIFT = 10  # a day of 512 ps
REQUEST_RING = 8


class State:
    """The tables of one run. The static ones are shared, those that a run writes to are copies."""

    def __init__(self, tables: Tables):
        t = self.tables = tables
        self.scalars = np.zeros(f.SCALARS, np.int64)
        self.scalars[f.MOST_STATIONS] = t.most_stations
        self.scalars[f.FREE_PASSAGE] = self.scalars[f.FREE_FRAME] = f.NONE
        self.scalars[f.SHORT] = self.scalars[f.FREE_NOTE] = f.NONE
        self.scalars[f.DAYS], self.scalars[f.SHIFT] = FIRST_DAYS, FIRST_SHIFT
        self.scalars[f.MARGIN], self.scalars[f.DRIVERS] = t.margin, len(t.drivers)
        self.scalars[f.EDGES_N], self.scalars[f.STREAMS_N] = len(t.edges), len(t.streams)
        columns = f.TIMES + 2 * t.most_stations + 2 * t.most_lines
        self.scalars[f.PASSAGE] = -(-columns // 8) * 8  # whole lines of the cache
        self.stations, self.stages = (_longer(rows, len(rows)) for rows in (t.stations, t.stages))
        self.members, self.works, self.flat = t.members, t.works, t.flat
        self.drivers, self.counters = t.drivers.copy(), t.counters.copy()
        self.edges, self.streams, self.networks = t.edges, t.streams.copy(), t.networks.copy()
        self.gates = t.gates.copy()
        self.due = np.zeros((t.due_places + 1, 2), np.int64)
        self.waits = np.zeros(len(t.pairs_) + 1, np.int64)
        self.rings = np.zeros(t.ring_places + 1, np.int64)
        self.passages = np.zeros((0, self.scalars[f.PASSAGE]), np.int64)
        self.frames = np.zeros((0, f.FRAME), np.int64)
        self.notes = np.zeros((0, f.NOTE), np.int64)
        self.days = np.full((FIRST_DAYS, 2), f.NONE, np.int64)
        self.fifo = np.zeros(1, np.int64)
        self.stack = np.zeros((0, 4), np.int64)
        self.open = np.full((len(t.ops_) + 1, 2), f.NONE, np.int64)
        self.spans = np.zeros((FIRST_SPANS + 2 * AHEAD * t.margin, 3), np.int64)
        self.services = np.zeros((FIRST_SPANS + 2 * AHEAD * t.margin, 3), np.int64)
        self.told = np.zeros(64, np.int64)
        self.levels = np.zeros(0, np.int64)
        self.gate_bits = np.zeros(0, np.int64)
        self.requests_kept = 0
        self.placed = False  # whether the addresses are those of the tables as they are
        self.addresses = np.zeros(f.TABLES + 3, np.int64)
        self._where = int(self.addresses.ctypes.data)
        self._keep_requests(REQUEST_RING)
        self._free_all_inputs()
        self.make_room()

    def address(self, *more: Table) -> int:
        """Of the array of the tables' addresses, in the order of `fields`, with further tables behind them."""
        if self.placed and not more:
            return self._where
        self.placed = True
        tables = (
            self.scalars, self.stations, self.due, self.waits, self.stages, self.members, self.works, self.flat,
            self.passages, self.frames, self.drivers, self.counters, self.rings, self.edges, self.streams,
            self.networks, self.gates, self.gate_bits, self.levels, self.notes, self.fifo, self.stack,
            self.open, self.spans, self.services, self.told, self.days, *more,
        )  # fmt: skip
        self.addresses[: len(tables)] = [rows.ctypes.data for rows in tables]
        return self._where

    def members_of(self, stage: int) -> list[int]:
        """Stations of a stage."""
        if stage == f.NONE:
            return []
        at, number = self.stages[stage, f.MEMBERS_AT], self.stages[stage, f.STATIONS] >> 1
        return [int(row) for row in self.members[at : at + number, 0]]

    def tallied(self) -> Table:
        """Jobs served, by tally."""
        jobs = np.zeros(len(self.tables.tallies_), np.int64)
        np.add.at(jobs, self.tables.tallies, self.stages[:, f.STAGE_JOBS])
        return jobs

    def served(self) -> tuple[Table, Table]:
        """Jobs of every station, and the picoseconds of their services."""
        stages = self.stages
        number = stages[:, f.STATIONS] >> 1
        stage = np.repeat(np.arange(len(stages)), number)  # members stand in the order of their stages
        jobs, busy_ps = (np.zeros(len(self.stations), np.int64) for _ in range(2))
        np.add.at(jobs, self.members[:, 0], stages[stage, f.STAGE_JOBS])
        service_ps = stages[:, f.STAGE_JOBS] * stages[:, f.PORTION_PS] * stages[:, f.PORTIONS]
        np.add.at(busy_ps, self.members[:, 0], service_ps[stage])
        return jobs, busy_ps

    def hand_back(self, stations: Sequence[Station]) -> None:
        """The books of every station, as the tables kept them."""
        jobs, busy_ps = self.served()
        kept = self.stations[:, [f.FREE, f.HELD_MORE_PS, f.WAITED_PS, f.GATED_PS, f.IDLE_SINCE_PS]]
        rows = zip(stations, jobs.tolist(), busy_ps.tolist(), kept.tolist(), strict=True)
        for station, number, served_ps, (free, more_ps, waited_ps, gated_ps, since_ps) in rows:
            station.jobs, station.busy_ps, station.held_ps = number, served_ps, served_ps + more_ps
            station.free, station.waited_ps = free, waited_ps
            station.gated_ps, station.idle_since_ps = gated_ps, since_ps

    def taken(self) -> tuple[list[list[int]], list[list[int]]]:
        """Services and spans: (stage or operation, start, end), the open spans closed."""
        open_ = [[op, start, end] for op, (start, end) in enumerate(self.open.tolist()) if start != f.NONE]
        spans = self.spans[: self.scalars[f.SPANS]].tolist() + open_
        return self.services[: self.scalars[f.SERVICES]].tolist(), spans

    def _free_all_inputs(self) -> None:
        """What no first position needs is let go before anything begins."""
        for number, edge in enumerate(self.edges):
            self.counters[2 * number + 1, f.VALUE] = max(0, int(self.flat[edge[f.FIRST_AT]]))

    # --- room ----------------------------------------------------------------------------------

    def make_room(self) -> None:
        """Let every table grow that is nearly full."""
        before = self._growing()
        g, margin = self.scalars, self.tables.margin
        if g[f.SHORT] != f.NONE:
            self._longer_ring(int(g[f.SHORT]))
            g[f.SHORT] = f.NONE
        if g[f.FREE_PASSAGES] < 2 * AHEAD:
            self.passages = self._pool(self.passages, FIRST_PASSAGES, f.NEXT, f.FREE_PASSAGE, f.FREE_PASSAGES)
        if g[f.FREE_FRAMES] < AHEAD * margin:
            self.frames = self._pool(
                self.frames, FIRST_PASSAGES + 2 * AHEAD * margin, f.A, f.FREE_FRAME, f.FREE_FRAMES
            )
        if len(self.stack) - g[f.ACTIONS] < AHEAD * margin:
            self.stack = _longer(self.stack, 2 * len(self.stack) + 2 * AHEAD * margin)
        if len(self.notes) - g[f.CALENDAR] < AHEAD * margin:
            self._longer_calendar()
        if len(self.spans) - g[f.SPANS] < AHEAD * margin:
            self.spans = _longer(self.spans, 2 * len(self.spans))
        if len(self.services) - g[f.SERVICES] < AHEAD * margin:
            self.services = _longer(self.services, 2 * len(self.services))
        if len(self.told) < 2 * (len(self.passages) + 8):
            self.told = _longer(self.told, 2 * (len(self.passages) + 8))
        self._longer_fifo(2 * (len(self.passages) + len(self.drivers)))
        if any(new is not old for new, old in zip(self._growing(), before, strict=True)):
            self.placed = False
        g[f.FIFO_SIZE], g[f.ROOM_CALENDAR], g[f.ROOM_ACTIONS] = (
            len(self.fifo),
            len(self.notes),
            len(self.stack),
        )
        g[f.ROOM_SPANS], g[f.ROOM_SERVICES] = len(self.spans), len(self.services)

    def _growing(self) -> tuple[Table, ...]:
        """The tables that may be replaced by longer ones."""
        return (
            self.passages, self.frames, self.stack, self.notes, self.days, self.spans, self.services, self.told,
            self.fifo, self.rings,
        )  # fmt: skip

    def _pool(self, rows: Table, more: int, link: int, first: int, free: int) -> Table:
        """A longer pool of rows, the new ones in the list of free ones."""
        old = len(rows)
        rows = _longer(rows, 2 * old + more)
        rows[old:-1, link] = np.arange(old + 1, len(rows))
        rows[-1, link] = self.scalars[first]
        self.scalars[first] = old
        self.scalars[free] += len(rows) - old
        return rows

    def _longer_calendar(self) -> None:
        """Room for more events, and as many days as there is room for."""
        old = len(self.notes)
        self.notes = _longer(self.notes, 2 * old + 2 * AHEAD * self.tables.margin)
        self.notes[old:-1, f.AFTER_NOTE] = np.arange(old + 1, len(self.notes))
        self.notes[-1, f.AFTER_NOTE] = self.scalars[f.FREE_NOTE]
        self.scalars[f.FREE_NOTE] = old
        days = 1 << (len(self.notes) - 1).bit_length()
        if days > len(self.days):
            longer = np.full((days, 2), f.NONE, np.int64)
            longer[: len(self.days)] = self.days
            self.days = longer
            # Those of the longer round are entered anew.
            self.scalars[f.DAYS] = days
            self.placed = False
            rearrange(self.address(), int(self.scalars[f.SHIFT]))

    def _longer_fifo(self, least: int) -> None:
        g, size = self.scalars, 1 << max(6, (least - 1).bit_length())
        if size <= len(self.fifo):
            return
        held = [int(self.fifo[i & (len(self.fifo) - 1)]) for i in range(g[f.FIFO_HEAD], g[f.FIFO_TAIL])]
        self.fifo = np.zeros(size, np.int64)
        self.fifo[: len(held)] = held
        g[f.FIFO_HEAD], g[f.FIFO_TAIL] = 0, len(held)

    def _longer_ring(self, counter: int) -> None:
        """A counter gets a ring four times as long, at the end of the table."""
        row = self.counters[counter]
        at, size, value = int(row[f.RING_AT]), int(row[f.RING]), int(row[f.VALUE])
        places = np.arange(value, value + size)
        bits = self.rings[at + (places & (size - 1))]
        new = len(self.rings)
        self.rings = _longer(self.rings, new + 4 * size)
        self.rings[new + (places & (4 * size - 1))] = bits
        row[f.RING_AT], row[f.RING] = new, 4 * size

    # --- requests ------------------------------------------------------------------------------

    def note_request(
        self, network: int, request: int, variant: int, gates: Mapping[str, Sequence[bool]], done: int
    ) -> None:
        """Keep what a request asks for, as long as it flows; the last readers may be one request behind."""
        if not self.tables.asks:
            return
        if request - done + 3 > self.requests_kept:
            self._keep_requests(2 * self.requests_kept)
        slot = request & (self.requests_kept - 1)
        self.levels[self.networks[network, f.LEVELS_AT] + slot] = variant
        for name in self.tables.gates_of[network]:
            row = self.gates[self.tables.gate_rows[network, name]]
            at = row[f.GATE_AT] + slot * row[f.GATE_JOBS]
            self.gate_bits[at : at + row[f.GATE_JOBS]] = gates.get(name, 1)

    def _keep_requests(self, size: int) -> None:
        """Room for so many requests, a power of two; what is kept of those under way moves along."""
        self.placed = False
        old = self.requests_kept
        levels, bits = self.levels, self.gate_bits
        n_networks = len(self.networks)
        self.levels = np.zeros(size * n_networks, np.int64)
        jobs = self.gates[:, f.GATE_JOBS]
        self.gate_bits = np.ones(int(jobs.sum()) * size, np.int64)
        before = self.gates[:, f.GATE_AT].copy()
        self.gates[:, f.GATE_AT] = np.concatenate([[0], np.cumsum(jobs * size)[:-1]]) if len(jobs) else 0
        for network in range(n_networks):
            first = int(self.networks[network, f.COMPLETED])
            for request in range(max(0, first - 2), first - 2 + old if old else 0):
                self.levels[network * size + (request & (size - 1))] = levels[
                    network * old + (request & (old - 1))
                ]
                for gate in self.tables.rows_of_gates(network):
                    n = int(jobs[gate])
                    source = int(before[gate]) + (request & (old - 1)) * n
                    target = int(self.gates[gate, f.GATE_AT]) + (request & (size - 1)) * n
                    self.gate_bits[target : target + n] = bits[source : source + n]
            self.networks[network, f.LEVELS_AT] = network * size
        self.networks[:, f.REQUEST_RING] = size
        self.requests_kept = size


def aligned(*shape: int) -> Table:
    """Zeros, from the beginning of a line of the processor's cache, so that rows of one line take one line."""
    size, line = int(np.prod(shape)), 8
    numbers = np.zeros(size + line, np.int64)
    first = -(numbers.ctypes.data // numbers.itemsize) % line
    return numbers[first : first + size].reshape(shape)


def _longer(rows: Table, size: int) -> Table:
    """The same rows with zeros behind them."""
    longer = aligned(size, *rows.shape[1:])
    longer[: len(rows)] = rows
    return longer
