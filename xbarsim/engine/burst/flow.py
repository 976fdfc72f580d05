"""`burst`: the flow of a run worked out in compiled code, between the decisions that SimPy makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from xbarsim.engine.burst import fields as f
from xbarsim.engine.burst.machine import advance, frame, push, raise_to, settle_all
from xbarsim.engine.burst.state import State
from xbarsim.engine.burst.steady import Steady
from xbarsim.engine.burst.tables import Tables, encode
from xbarsim.engine.chain import Call, Work
from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Flow, Held, Standstill
from xbarsim.engine.stream import Network

__all__ = ["Burst", "encode"]

FOR_EVER = np.iinfo(np.int64).max
TICK = 1_000_000  # events after which the compiled code comes back, so that a run can be watched and ended


class Burst(Flow):
    """The same events in the same order as the reference's, in tables instead of objects."""

    def __init__(
        self,
        clock: Clock,
        networks: Sequence[Network],
        tasks: Mapping[str, Work],
        tables: Tables,
    ):
        super().__init__(clock, networks, tasks)
        self.tables = tables
        self.state = State(self.tables)
        self.waiting: dict[int, Call] = {}  # what to call when a submitted task is done
        self.tokens = 0
        self.positions_done = 0
        self.steady: Steady | None = None

    # --- decisions from outside ----------------------------------------------------------------

    def _submit(self, task: str, done: Call) -> None:
        s = self.state
        s.scalars[f.NOW] = self.clock.now
        self.waiting[self.tokens] = done
        s.make_room()
        m = s.address()
        push(m, f.PERFORM, self.tables.task_works[task], f.NONE, frame(m, f.EXTERNAL, self.tokens, 0, 0, 0))
        self.tokens += 1
        self._advance(-1)

    def _let_in(self, network: int, request: int, variant: int, gates: Mapping[str, Sequence[bool]]) -> None:
        s = self.state
        s.scalars[f.NOW] = self.clock.now
        s.note_request(network, request, variant, gates, self.done[network])
        door = 2 * len(s.edges) + len(s.streams) + network
        raise_to(s.address(), door, request + 1)

    # --- running -------------------------------------------------------------------------------

    def _run(self) -> None:
        clock, s = self.clock, self.state
        self._record()
        why = self._advance(-1)
        while True:
            next_ps = clock.peek()
            if next_ps <= s.scalars[f.NOW] or next_ps <= clock.now:
                clock.step()
                continue
            until_ps = FOR_EVER if next_ps == float("inf") else int(next_ps)
            if why == f.TOLD_SO and until_ps == FOR_EVER:
                self._leap()
            why = self._advance(until_ps)
            self._report()
            if why == f.IDLE and until_ps == FOR_EVER:
                break
            if why in (f.UNTIL, f.IDLE):
                clock.step()
        clock.catch_up(int(s.scalars[f.NOW]))
        self._hand_back()

    def _leap(self) -> None:
        """Where nothing is decided any more and the state has come again, whole periods are left out."""
        alone = len(self.networks) == 1 and not self.tables.asks and not self.submitted
        if self.repeated is None or not alone or self.clock.listeners:
            return
        if self.steady is None:
            self.steady = Steady(self.state)
        leap = self.steady.look(int(self.state.networks[0, f.COMPLETED]), self.admitted[0])
        if leap is not None:
            self.done[0] += leap.times * leap.requests
            self.repeated(leap.times, leap.requests, leap.period_ps)
            self.repeated = None

    def _advance(self, until_ps: int) -> int:
        """Run the compiled loop; give it longer tables where it asks for them."""
        while True:
            why = int(advance(self.state.address(), until_ps, TICK))
            if why == f.TOLD_SO:
                self._tell()
            if why != f.GROW:
                return why
            self.state.make_room()

    def _tell(self) -> None:
        """What is complete is known to those who decide, at this instant."""
        s = self.state
        self.clock.catch_up(int(s.scalars[f.NOW]))
        for number in range(len(self.networks)):
            for request in range(self.done[number], int(s.networks[number, f.COMPLETED])):
                self._complete(number, request)
        for token in s.told[: s.scalars[f.TOLD]].tolist():
            self.clock.decide(self.waiting.pop(token))
        s.scalars[f.TOLD] = 0

    def _report(self) -> None:
        if self.progressed is not None:
            done = sum(self.positions())
            self.progressed(done - self.positions_done)
            self.positions_done = done

    def positions(self) -> list[int]:
        first = 2 * len(self.state.edges)
        return self.state.counters[first : first + len(self.state.streams), f.VALUE].tolist()

    # --- what was measured -----------------------------------------------------------------------

    def _record(self) -> None:
        listeners = self.clock.listeners
        every = any(listener.each_service for listener in listeners)
        self.state.scalars[f.RECORD] = 2 if every else 1 if listeners else 0

    def _hand_back(self) -> None:
        """Into the stations, the stages and the listeners: what the tables counted."""
        s, t = self.state, self.tables
        for tally, jobs in zip(t.tallies_, s.tallied().tolist(), strict=True):
            tally.jobs += jobs
        settle_all(s.address(), len(s.stations))
        s.hand_back(t.stations_)
        for pair in np.flatnonzero(s.waits).tolist():
            station_row, stream = t.pairs_[pair].tolist()
            waits = t.stations_[station_row].waited_for
            waits[t.tag(stream)] = waits.get(t.tag(stream), 0) + int(s.waits[pair])
        services, spans = s.taken()
        for listener in self.clock.listeners:
            if listener.each_service:
                for number, start_ps, end_ps in services:
                    tag = t.tag(t.stage_streams[number])
                    listener.served(t.stages_[number], tag, start_ps, end_ps)
            else:
                for op, start_ps, end_ps in spans:
                    listener.spanned(t.ops_[op], start_ps, end_ps)

    # --- when nothing moves ----------------------------------------------------------------------

    def _stuck(self) -> bool:
        return bool((self.state.stations[:, f.QUEUE_HEAD] != f.NONE).any())

    def standstill(self) -> Standstill:
        return Standstill(tuple(self._waits()), tuple(self._held()))

    def _waits(self) -> list[tuple[str, str, str]]:
        s, t = self.state, self.tables
        found = []
        for row in s.drivers:
            counter = int(row[f.WAITS_ON])
            if counter == f.NONE or counter >= 2 * len(s.edges):
                continue
            edge = t.edges_[counter // 2]
            name = t.streams_[row[f.STREAM]].name
            found.append(
                (name, "room in the buffer of", edge.consumer)
                if counter & 1
                else (name, "data of", edge.producer)
            )
        return found

    def _held(self) -> list[Held]:
        s, t = self.state, self.tables
        found = []
        for number, station in enumerate(s.stations):
            passage = int(station[f.QUEUE_HEAD])
            while passage != f.NONE:
                row = s.passages[passage]
                stage = int(s.flat[row[f.STAGES_AT] + row[f.NUMBER]])
                holds = [*s.members_of(int(row[f.HOLDING])), *s.members_of(stage)[: row[f.GRANTS]]]
                found.append(
                    Held(
                        t.tag(t.stage_streams[stage]),
                        t.stations_[number].name,
                        tuple(t.stations_[i].name for i in holds),
                    )
                )
                passage = int(row[f.NEXT])
        return found
