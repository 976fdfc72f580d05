"""A clock on which what is booked can be forgotten, so that a run ends with its work and not with a timer."""

from __future__ import annotations

from heapq import heapify

from xbarsim.engine.clock import Clock, Wait


class ServeClock(Clock):
    """A clock whose waits can be called off."""

    def forget(self, wait: Wait) -> None:
        """Call off a wait that has not passed. It is looked for among all that is booked: for ends and timers."""
        left = [entry for entry in self._queue if entry[3] is not wait]
        if len(left) != len(self._queue):
            self._queue[:] = left
            heapify(self._queue)
