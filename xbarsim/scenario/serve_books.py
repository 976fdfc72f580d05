"""What is counted of one network that is served, in memory that does not grow with the number of requests."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xbarsim.scenario.pairwise import FIRST_SIZE
from xbarsim.scenario.precision import Precision, Watch
from xbarsim.scenario.serve_door import Door
from xbarsim.scenario.statistics import Latencies
from xbarsim.scenario.steady_state import WarmUp
from xbarsim.scenario.time_weighted import TimeWeighted

_MARKS = 4096  # kept; an even number


@dataclass(frozen=True)
class Mark:
    """What had been counted when so many requests were complete."""

    completed: int = 0
    time_ps: int = 0
    arrived: int = 0
    refused: int = 0
    door_area: int = 0  # requests × picoseconds
    inside_area: int = 0
    waited_ps: int = 0  # at the door, by those who are complete
    stayed_ps: int = 0  # inside, by the same


class Marks:
    """Marks in equal steps; when the store is full, every second one is dropped. So a warm-up that is found
    afterwards can be cut from whatever was counted."""

    def __init__(self) -> None:
        self.step = FIRST_SIZE
        self.kept = [Mark()]

    def due(self, completed: int) -> bool:
        return completed % self.step == 0

    def add(self, mark: Mark) -> None:
        self.kept.append(mark)
        if len(self.kept) > _MARKS:
            self.kept = self.kept[::2]
            self.step *= 2

    def at(self, completed: int) -> Mark:
        """The last mark at which no more than so many were complete."""
        return self.kept[min(completed // self.step, len(self.kept) - 1)]


class Books:
    """Of one network: sojourn times, queues, and whether what was asked for has been reached.

    Times are measured until the run ends; what is inside then is counted on, for the laws, until all is out.

    saturated: there is always another request at the door. Times then tell the number inside, so the warm-up is
        looked for in the intervals between completions.
    """

    def __init__(self, door: Door, requests: int | None, precision: Precision | None, saturated: bool):
        self.door = door
        self.saturated = saturated
        self.requests = requests
        self.watch = None if precision is None else Watch(precision)
        self.latencies = Latencies()
        self.gaps = Latencies() if saturated else None
        self.at_door, self.inside = TimeWeighted(), TimeWeighted()
        self.marks = Marks()
        self.completed = 0
        self.stayed_ps = self.waited_ps = 0  # sums over all that are complete
        self.shortest_ps: int | None = None  # time inside
        self.last_ps = 0  # when the last one was complete
        self.over = False  # no more requests will come
        self.known = False  # as well as was asked for
        self.end: Mark | None = None

    @property
    def satisfied(self) -> bool:
        """Whether as much is known as was asked for, or no more can come."""
        return self.known or (self.over and not self.door.waiting and not self.door.inside)

    def update(self, now_ps: int) -> None:
        """Note how many wait and how many are inside from now on."""
        for steps, length in ((self.at_door, self.door.waiting), (self.inside, self.door.inside)):
            steps.add(now_ps, len(length) - steps.value)

    def complete(self, now_ps: int) -> None:
        """The first who went in is complete."""
        came_ps, went_in_ps = self.door.leave()
        inside_ps = now_ps - went_in_ps
        self.completed += 1
        self.stayed_ps += inside_ps
        self.waited_ps += went_in_ps - came_ps
        self.shortest_ps = inside_ps if self.shortest_ps is None else min(self.shortest_ps, inside_ps)
        self.update(now_ps)
        if self.end is None:
            self.latencies.add(now_ps - came_ps)
            if self.gaps is not None:
                self.gaps.add(now_ps - self.last_ps)
            self.last_ps = now_ps
            if self.marks.due(self.completed):
                self.marks.add(self.mark(now_ps))
            if self.watch is not None:
                self.known = self.watch.done(self.latencies)
            else:
                self.known = self.requests is not None and self.completed >= self.requests

    def mark(self, now_ps: int) -> Mark:
        """What has been counted up to now."""
        self.at_door.advance(now_ps)
        self.inside.advance(now_ps)
        return Mark(
            self.completed,
            now_ps,
            self.door.arrived,
            self.door.refused,
            self.at_door.area,
            self.inside.area,
            self.waited_ps,
            self.stayed_ps,
        )

    def warm_up(self) -> WarmUp:
        """What is cut from the start, and whether there is a steady state at all."""
        return (self.latencies if self.gaps is None else self.gaps).warm_up()

    def finish(self, now_ps: int) -> None:
        """The run ends: nobody goes in any more, and times are measured no longer."""
        self.end = self.mark(now_ps)
        if self.over:  # it was done before the others were
            self.end = replace(self.end, time_ps=self.last_ps)
        self.door.shut = True
