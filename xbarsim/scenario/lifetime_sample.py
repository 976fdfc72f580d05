"""Windows of full simulation out of a life: what a kind of turn does to the requests around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xbarsim.maintenance.policy import Priority
from xbarsim.scenario.lifetime_latency import Sample
from xbarsim.scenario.lifetime_load import Load
from xbarsim.scenario.lifetime_run import LifetimeBench, Stretch, Times
from xbarsim.scenario.lifetime_spec import MOST_PS
from xbarsim.scenario.upkeep import Turn

LEAD = 100  # requests before a turn, so that it meets the chip as it is
MOST = 20_000  # requests around one turn; who has not settled by then never does


@dataclass(frozen=True)
class Around:
    """Windows around turns of one kind: requests that met it, of all windows together.

    windows: how many; calm_ps: mean time from when a turn is due until all is as before; settled: it always was.
    """

    latency_ps: Times
    windows: int
    calm_ps: float
    settled: bool

    @property
    def met(self) -> float:
        """Requests that meet one turn, on average."""
        return len(self.latency_ps) / self.windows

    def sample(self, times: int) -> Sample:
        """Of so many turns."""
        return Sample(self.latency_ps, times * self.met)


class Sampler:
    """Simulates what is asked for once, and remembers it. What happens around a turn is the same at every age."""

    def __init__(self, bench: LifetimeBench, load: Load, priority: Priority, windows: int, requests: int):
        self.bench, self.load, self.priority = bench, load, priority
        self.windows, self.requests = windows, requests
        self._quiet: dict[int, Stretch] = {}
        self._around: dict[tuple[int, Turn], Around] = {}

    def quiet(self, stream: int) -> Stretch:
        """Requests of a stream without upkeep."""
        if stream not in self._quiet:
            self._quiet[stream] = self.bench.quiet(self.load.only(stream), self.requests)
        return self._quiet[stream]

    def around(self, stream: int, turn: Turn, due_ps: Sequence[int]) -> Around:
        """Windows around turns of a kind, at some of the times at which they are due."""
        key = (stream, turn)
        if key not in self._around:
            chosen = [due_ps[i] for i in np.unique(np.linspace(0, len(due_ps) - 1, self.windows).astype(int))]
            chosen = (chosen * self.windows)[: self.windows] if self.load.draws(stream) else chosen
            self._around[key] = self._windows(stream, turn, chosen)
        return self._around[key]

    def _windows(self, stream: int, turn: Turn, due_ps: Sequence[int]) -> Around:
        rate_hz = self.load.streams[stream][1].mean_rate_hz or 0.0
        lead_ps = min(round(LEAD / rate_hz * 1e12), MOST_PS // 2)
        met: list[Times] = []
        calm_ps, settled = [], True
        for number, time_ps in enumerate(due_ps):
            load = self.load.only(stream, number + 1)
            stretch = self.bench.around(load, turn, self.priority, time_ps, lead_ps, MOST)
            begun_ps = min(lead_ps, time_ps)
            met.append(stretch.latency_ps[stretch.arrived_ps + stretch.latency_ps > begun_ps])
            settled &= len(stretch.arrived_ps) < MOST
            calm_ps.append(stretch.turns[0][2] - begun_ps)
            if not settled:
                break  # the other windows would not tell more
        return Around(np.concatenate(met), len(met), float(np.mean(calm_ps)), settled)
