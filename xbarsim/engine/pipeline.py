"""Requests of one network, one behind the other: the simplest decision there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xbarsim.engine.clock import Clock, Phase, Process
from xbarsim.engine.flow import Granularity, open_flow
from xbarsim.engine.stream import Network, Stream


class Pipeline:
    """A network and its requests.

    arrivals_ps: when each request comes, never earlier than the one before it; all at 0 if not given.
    progressed: told, now and then, of positions that have been done.
    """

    def __init__(
        self,
        clock: Clock,
        streams: Sequence[Stream],
        requests: int,
        arrivals_ps: Sequence[int] | None = None,
        progressed: Callable[[int], None] | None = None,
        granularity: Granularity = Granularity.BURST,
    ):
        self.clock = clock
        self.flow = open_flow(granularity, clock, (Network("network", tuple(streams)),))
        self.flow.completed = self._completed
        self.flow.progressed = progressed
        self.requests = requests
        self.arrivals_ps = arrivals_ps
        self.completions_ps: list[int] = []

    def run(self) -> list[int]:
        """Run to the end. Returns the completion time of each request.

        Raises: SimulationError naming the cycle of waits if it cannot end.
        """
        if self.arrivals_ps is None:
            for _ in range(self.requests):
                self.flow.let_in()
        else:
            self.clock.process(self._arrive(self.arrivals_ps))
        self.flow.run()
        return self.completions_ps

    def _arrive(self, arrivals_ps: Sequence[int]) -> Process:
        for time_ps in arrivals_ps:
            if time_ps > self.clock.now:
                yield self.clock.wait(time_ps - self.clock.now, Phase.DECIDE)
            self.flow.let_in()

    def _completed(self, network: int, request: int) -> None:
        self.completions_ps.append(self.clock.now)
