"""Stations: what serves jobs first come, first served, on one or more servers."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Any

from xbarsim.engine.clock import Clock, Phase, Signal

_NOBODY: deque[tuple[Signal, int, Any]] = deque(
    maxlen=0
)  # the queue of all before whom nobody has waited yet


class Station:
    """`servers` equal servers with one queue.

    Invariant: a job waits only while every server is held. Bookkeeping is in integers, so that after `close`
    busy + blocked + idle = servers x elapsed holds exactly:
    busy_ps: in service; held_ps: from grant to release (>= busy: a server may be held by a job that waits
    for its next portion, or for another station); waited_ps: spent in the queue; waited_for: the same, by
    the tag of the job whose server the waiting one got.

    A release is known when the service begins. It costs an event only if somebody waits for it; else the
    server is `due`, and taken back when somebody next asks.
    """

    __slots__ = (
        "busy_ps", "clock", "due", "free", "gated_after_ps", "gated_ps", "handed_ps", "held_ps",
        "idle_since_ps", "jobs", "meta", "name", "queue", "serial", "servers", "waited_for", "waited_ps",
        "woken_ps",
    )  # fmt: skip

    def __init__(
        self, clock: Clock, name: str, servers: int = 1, meta: Any = None, gated_after_ps: int | None = None
    ):
        self.name = name
        self.servers = servers
        self.meta = meta
        self.gated_after_ps = gated_after_ps
        self.serial = next(clock.serials)  # jobs that need several stations take them in this order
        self.renew(clock)

    def renew(self, clock: Clock) -> None:
        """As new, for another run."""
        self.clock = clock
        self.free = self.servers
        self.queue = _NOBODY
        self.due: list[tuple[int, int, Any]] = []  # (release, order, tag) of held servers, a heap
        self.woken_ps = -1  # the next release that has an event
        self.handed_ps = -1  # when a waiting job was last handed a server
        self.jobs = 0
        self.busy_ps = 0
        self.held_ps = 0
        self.waited_ps = 0
        self.waited_for: dict[Any, int] = {}
        self.gated_ps = 0
        self.idle_since_ps = 0

    def request(self, who: Any = None) -> Signal | None:
        """Take a server now (None), or a signal that passes when one has been handed over.

        who: kept with the queue, so that a run that cannot go on can say who waits.
        """
        now_ps = self.clock.now
        if self.due and self.due[0][0] <= now_ps:
            self._settle()
        if self.free:
            if self.gated_after_ps is not None:
                self._leave_idle()
            self.free -= 1
            if self.handed_ps < now_ps:
                return None
            # Others were handed a server at this instant and are about to begin: first come, first served.
            signal = Signal(self.clock)
            signal.fire()
            return signal
        signal = Signal(self.clock)
        if self.queue is _NOBODY:
            self.queue = deque()
        self.queue.append((signal, now_ps, who))
        self._wake()
        return signal

    def release(self, tag: Any, held_ps: int, busy_ps: int, at_ps: int | None = None) -> None:
        """Give a server back, now or `at_ps`; the first waiter then has it at that same instant."""
        self.jobs += 1
        self.held_ps += held_ps
        self.busy_ps += busy_ps
        if at_ps is not None and at_ps > self.clock.now:
            heappush(self.due, (at_ps, self.jobs, tag))
            if self.queue:
                self._wake()
        else:
            self._hand_over(tag, self.clock.now)

    def _wake(self) -> None:
        """Have an event at the next release, as somebody waits for it."""
        if self.due and (self.woken_ps <= self.clock.now or self.due[0][0] < self.woken_ps):
            self.woken_ps = self.due[0][0]
            self.clock.at(self.woken_ps, Phase.RELEASE, self._settle)

    def _settle(self) -> None:
        """Take back the servers that are due."""
        now_ps = self.clock.now
        while self.due and self.due[0][0] <= now_ps:
            time_ps, _order, tag = heappop(self.due)
            self._hand_over(tag, time_ps)
        if self.queue:
            self._wake()

    def _hand_over(self, tag: Any, time_ps: int) -> None:
        if not self.queue:
            self.free += 1
            if self.free == self.servers:
                self.idle_since_ps = time_ps
            return
        signal, since_ps, _ = self.queue.popleft()
        waited_ps = time_ps - since_ps
        if waited_ps:
            self.waited_ps += waited_ps
            self.waited_for[tag] = self.waited_for.get(tag, 0) + waited_ps
        self.handed_ps = time_ps
        signal.fire()

    def _leave_idle(self) -> None:
        if self.gated_after_ps is not None and self.free == self.servers:
            gated_ps = self.clock.now - self.idle_since_ps - self.gated_after_ps
            self.gated_ps += self.servers * max(0, gated_ps)

    def close(self) -> None:
        """At the end of a run: take back what is due, and count a gated stretch that is still going on."""
        self._settle()
        self._leave_idle()
        self.idle_since_ps = self.clock.now
