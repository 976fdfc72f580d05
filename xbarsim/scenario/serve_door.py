"""The door of a network: who waits before it, who is inside, and who goes in next. Pure: no clock, no engine."""

from __future__ import annotations

from collections import deque

from xbarsim.scenario.batching import Batching


class Door:
    """Requests of one network, first come, first served.

    admission_limit: most requests inside (let in and not complete); None: no limit.
    queue_limit: most requests that wait at the door; who comes when it is full is refused. None: no limit.

    A batch goes in only when there is room for the whole of it.
    """

    def __init__(self, batching: Batching, admission_limit: int | None, queue_limit: int | None):
        self.batching = batching
        self.admission_limit, self.queue_limit = admission_limit, queue_limit
        self.waiting: deque[int] = deque()  # when each came
        self.inside: deque[tuple[int, int]] = deque()  # when each came, and when it was let in
        self.arrived = self.refused = 0
        self.closing = False  # nobody comes any more: those who wait go in without waiting for others
        self.shut = False  # nobody goes in any more

    def arrive(self, now_ps: int) -> int:
        """One comes: returns how many go in now; one who finds the queue full is refused."""
        self.arrived += 1
        self.waiting.append(now_ps)
        going = self.go(now_ps)
        if self.queue_limit is not None and len(self.waiting) > self.queue_limit:
            self.waiting.pop()
            self.refused += 1
        return going

    def leave(self) -> tuple[int, int]:
        """The first who went in is complete: returns when it came and when it was let in."""
        return self.inside.popleft()

    def go(self, now_ps: int) -> int:
        """Let in all that may go in now; returns how many."""
        going = 0
        while (size := self._next(now_ps)) and not self.shut:
            for _ in range(size):
                self.inside.append((self.waiting.popleft(), now_ps))
            going += size
        return going

    def _next(self, now_ps: int) -> int:
        """Size of the batch that may go in now."""
        if not self.waiting:
            return 0
        size = self.batching.batch(len(self.waiting), now_ps - self.waiting[0])
        if self.closing and not size:
            size = min(len(self.waiting), self.batching.most)
        room = size if self.admission_limit is None else self.admission_limit - len(self.inside)
        return size if size <= room else 0

    def wake_ps(self, now_ps: int) -> int | None:
        """When the oldest's patience ends, if that lies ahead."""
        patience_ps = self.batching.patience_ps
        if patience_ps is None or not self.waiting or self.shut:
            return None
        wake_ps = self.waiting[0] + patience_ps
        return wake_ps if wake_ps > now_ps else None
