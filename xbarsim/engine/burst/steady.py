"""Steady state, continued exactly: a run whose state comes again is shifted by whole periods, not run through.

A chip is a deterministic machine; under requests that all wait at the door its state, seen from the present
instant and the present request, often comes again (not always: arbitration on shared links can go on without
ever repeating). Found by Brent's method (BIT 20 (1980) 176): each state is compared with one that is kept, which
is replaced after 1, 2, 4, 8 … requests, so that memory stays flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from xbarsim.engine.burst import fields as f
from xbarsim.engine.burst.machine import list_events, portray, rearrange
from xbarsim.engine.burst.state import State, aligned
from xbarsim.engine.burst.works import Table

BOOKS = (f.HELD_MORE_PS, f.WAITED_PS, f.GATED_PS)  # of a station: what a run adds up


@dataclass(frozen=True)
class _Kept:
    """A state to compare with, and the books at that instant."""

    digest: bytes
    done: int
    now_ps: int
    jobs: Table
    books: Table
    waits: Table


@dataclass(frozen=True)
class Leap:
    """Periods left out: so many times, of so many requests and picoseconds each."""

    times: int
    requests: int
    period_ps: int


class Steady:
    """Looks at a run whenever a request is complete."""

    def __init__(self, state: State):
        self.state = state
        self.kept: _Kept | None = None
        self.next_kept = 1

    def look(self, done: int, admitted: int) -> Leap | None:
        """If the state has come again, go on by as many periods as the requests that wait allow."""
        state, digest = self.state, self._digest(done)
        now_ps = int(state.scalars[f.NOW])
        kept = self.kept
        if kept is not None and kept.digest == digest:
            begun = int(state.drivers[:, f.REQUEST].max()) + 1  # requests that somebody has begun
            leap = Leap((admitted - begun) // (done - kept.done), done - kept.done, now_ps - kept.now_ps)
            if leap.times > 0:
                self._shift(kept, leap)
                return leap
            return None
        if done >= self.next_kept:
            self.next_kept = 2 * done
            self.kept = _Kept(
                digest, done, now_ps, state.stages[:, f.STAGE_JOBS].copy(),
                state.stations[:, BOOKS], state.waits.copy(),
            )  # fmt: skip
        return None

    def _digest(self, done: int) -> bytes:
        state = self.state
        size = state.passages.size + 8 * state.frames.size + 8 * state.rings.size + 8 * state.stations.size
        out, marks, order = aligned(size), aligned(len(state.frames) + 1), aligned(len(state.notes) + 1, 2)
        m = state.address(out, marks, order)
        events = list_events(m)
        order[:events] = order[:events][np.argsort(order[:events, 0], kind="stable")]
        counters = 2 * len(state.edges) + len(state.streams)
        length = portray(m, events, len(state.stations), counters, done)
        return blake2b(out[: length + 1].tobytes(), digest_size=16).digest()

    # --- going on by whole periods ---------------------------------------------------------------

    def _shift(self, kept: _Kept, leap: Leap) -> None:
        self._add_up(kept, leap)
        requests, ps = leap.times * leap.requests, leap.times * leap.period_ps
        self._shift_times(ps)
        self._shift_requests(requests)

    def _add_up(self, kept: _Kept, leap: Leap) -> None:
        """What the periods left out add to the books; times of stations that nobody used stand still."""
        state = self.state
        jobs = state.stages[:, f.STAGE_JOBS] - kept.jobs
        state.stages[:, f.STAGE_JOBS] += leap.times * jobs
        books = state.stations[:, BOOKS]
        state.stations[:, BOOKS] = books + leap.times * (books - kept.books)
        state.waits += leap.times * (state.waits - kept.waits)
        used = np.zeros(len(state.stations), bool)
        number = state.stages[:, f.STATIONS] >> 1
        used[state.members[np.repeat(jobs > 0, number), 0]] = True
        used |= state.stations[:, f.FREE] + state.stations[:, f.DUE] < state.stations[:, f.SERVERS]
        self.moving = used

    def _shift_times(self, ps: int) -> None:
        state, moving = self.state, self.moving
        state.scalars[f.NOW] += ps
        for column in (f.HANDED_PS, f.WOKEN_PS, f.DUE_PS, f.IDLE_SINCE_PS):
            state.stations[moving, column] += ps
        state.due[:, 0] += ps
        most = int(state.scalars[f.MOST_STATIONS])
        state.passages[:, f.SINCE_PS] += ps
        state.passages[:, f.TIMES : f.TIMES + 2 * most] += ps
        state.passages[:, f.TIMES + 2 * most :: 2] += ps
        state.notes[:, f.KEY] += 2 * ps
        rearrange(state.address(), int(state.scalars[f.SHIFT]))

    def _shift_requests(self, requests: int) -> None:
        state = self.state
        n_edges, n_streams = len(state.edges), len(state.streams)
        per_stream = state.streams[:, f.POSITIONS]
        per_edge = state.edges[:, f.EDGE_POSITIONS]
        rise = np.zeros(len(state.counters), np.int64)
        rise[: 2 * n_edges] = np.repeat(per_edge, 2)
        rise[2 * n_edges : 2 * n_edges + n_streams] = per_stream
        for number in np.flatnonzero(state.counters[:, f.RING]).tolist():
            at, size = state.counters[number, f.RING_AT], state.counters[number, f.RING]
            ring = state.rings[at : at + size]
            ring[:] = np.roll(ring, int(requests * rise[number] % size))
        state.counters[:, f.VALUE] += requests * rise
        waiting = state.drivers[:, f.WAITS_ON] != f.NONE
        state.drivers[waiting, f.WANTED] += requests * rise[state.drivers[waiting, f.WAITS_ON]]
        at_door = waiting & (state.drivers[:, f.WAITS_ON] >= 2 * n_edges + n_streams)
        state.drivers[at_door, f.WANTED] += requests
        state.drivers[:, f.REQUEST] += requests
        state.streams[:, f.FINISHED] += requests
        state.networks[:, f.COMPLETED] += requests
        kinds, whose = state.frames[:, f.FRAME_KIND], state.frames[:, f.A]
        # Free rows keep an old kind, and a link where a row's owner stood: what is added there is never read.
        jobs = np.flatnonzero((kinds == f.JOB) & (whose >= 0) & (whose < n_streams))
        state.frames[jobs, f.B] += requests * per_stream[whose[jobs]]
        arrivals = np.flatnonzero((kinds == f.ARRIVE) & (whose >= 0) & (whose < n_edges))
        state.frames[arrivals, f.B] += requests * per_edge[whose[arrivals]]
