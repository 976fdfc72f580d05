"""What a life costs: work that is done again and again, counted once and multiplied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xbarsim.scenario.ledger import Ledger, action_rows, active_powers_uw, state_rows
from xbarsim.scenario.lifetime_run import LifetimeBench, Stretch
from xbarsim.scenario.result import EnergyRow
from xbarsim.scenario.upkeep import CORRECTING, PROBING

Jobs = tuple[int, ...]  # how often each task of the workshop is done


@dataclass(frozen=True)
class Spent:
    """Energy of a span in picojoules, by what it was for."""

    inference_pj: float
    correcting_pj: float
    probing_pj: float
    static_pj: float


class Costs:
    """Energy of anything that is made of requests, turns and time."""

    def __init__(self, bench: LifetimeBench, quiet: Stretch):
        self.bench, self.shop = bench, bench.shop
        powers_uw = active_powers_uw(self.shop.floor)
        self._each_pj = np.array(
            [
                task.meta.energy_pj
                + sum(n * powers_uw.get(path, 0.0) for path, n in task.meta.engaged)
                * task.portion_ps * task.portions * 1e-6
                for task in self.shop.tasks
            ]
        )  # fmt: skip
        for_what = np.array([task.meta.op for task in self.shop.tasks])
        self._kinds: Mapping[str, NDArray[np.bool_]] = {
            "correcting": for_what == CORRECTING,
            "probing": for_what == PROBING,
            "inference": ~np.isin(for_what, (CORRECTING, PROBING)),
        }
        # How much of the time between requests a station is gated is that of the quiet stretch.
        stations = self.shop.stations.values()
        self._gated = {s.name: s.gated_ps / max(1, quiet.elapsed_ps) for s in stations if s.gated_ps}

    @property
    def gates(self) -> bool:
        return bool(self._gated)

    def spent(self, jobs: Jobs, elapsed_ps: int) -> Spent:
        """Of so much work in so much time."""
        by_task = self._each_pj * np.array(jobs, dtype=np.float64)
        kinds = {f"{kind}_pj": float(by_task[chosen].sum()) for kind, chosen in self._kinds.items()}
        static = sum(row.energy_pj for row in self.rows(jobs, elapsed_ps) if row.static)
        return Spent(**kinds, static_pj=static)

    def rows(self, jobs: Jobs, elapsed_ps: int) -> tuple[EnergyRow, ...]:
        """The ledger as if all of it had been run through."""
        for task, number in zip(self.shop.tasks, jobs, strict=True):
            task.tally.jobs = number
        for name, share in self._gated.items():
            self.shop.stations[name].gated_ps = round(share * elapsed_ps)
        ledger = Ledger.of(self.shop.tasks)
        chip = self.bench.chip
        return (*action_rows(chip, self.shop.metas), *state_rows(chip, self.shop, ledger, elapsed_ps))

    def macs(self, jobs: Jobs) -> int:
        """Multiply-accumulates of the inferences."""
        chosen = self._kinds["inference"]
        pairs = zip(self.shop.tasks, jobs, chosen, strict=True)
        return sum(task.meta.macs * number for task, number, is_inference in pairs if is_inference)

    def cells_written(self, jobs: Jobs) -> int:
        pairs = zip(self.shop.tasks, jobs, strict=True)
        return sum(
            cost.count * number
            for task, number in pairs
            if task.meta.op == CORRECTING
            for cost in task.meta.costs
            if cost.action == "cell written"
        )


def added(parts: Sequence[tuple[int, Jobs]]) -> Jobs:
    """Work that is done several times each: (times, what)."""
    return tuple(sum(times * jobs[task] for times, jobs in parts) for task in range(len(parts[0][1])))
