"""What training costs: batches added up into a ledger, and what pulses take beside the work of stations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from xbarsim.devices.learning import PulsedCell
from xbarsim.scenario.ledger import Ledger, action_rows, active_powers_uw, state_rows
from xbarsim.scenario.result import EnergyRow
from xbarsim.scenario.train_run import BatchRun, TrainBench
from xbarsim.scenario.train_tasks import BACKWARD, UPDATE
from xbarsim.training.asked import Asked


@dataclass
class TrainBooks:
    """Sums over the batches of a training. cells: by array, name under `cells`."""

    bench: TrainBench
    cells: dict[str, str]
    samples: int = 0
    batches: int = 0
    elapsed_ps: int = 0
    forward_ps: int = 0
    backward_ps: int = 0
    update_ps: Counter[str] = field(default_factory=Counter)  # by layer
    asked: dict[str, Counter[str]] = field(default_factory=dict)  # by layer: sums by name of the count
    _jobs: Any = None

    def add(self, run: BatchRun, asked: dict[str, Asked]) -> None:
        self.samples += run.samples
        self.batches += 1
        self.elapsed_ps += run.elapsed_ps
        self.forward_ps += run.forward_ps
        self.backward_ps += max(0, run.backward_ps - run.forward_ps)
        self.update_ps.update(run.update_ps)
        self._jobs = _added(self._jobs, run.jobs)
        for layer, one in asked.items():
            self.asked.setdefault(layer, Counter()).update(one.totals())

    @property
    def last_ps(self) -> int:
        """From the last error of each batch to its last update."""
        return self.elapsed_ps - self.forward_ps - self.backward_ps

    def pulses(self, array: str = "") -> int:
        """On cells of all layers; array: of one array only."""
        keys = [f"pulses.{name}" for name in self.cells if array in ("", name)]
        return round(sum(counts[key] for counts in self.asked.values() for key in keys))

    def rows(self) -> tuple[EnergyRow, ...]:
        """The ledger of the whole training."""
        shop = self.bench.shop
        jobs = np.zeros(len(shop.tasks), dtype=np.int64) if self._jobs is None else self._jobs
        padded = np.pad(jobs, (0, len(shop.tasks) - len(jobs)))
        for task, number in zip(shop.tasks, padded.tolist(), strict=True):
            task.tally.jobs = number
        ledger = Ledger.of(shop.tasks)
        chip = self.bench.chip
        return (
            *action_rows(chip, shop.metas),
            *self._pulse_rows(),
            *self._random_rows(),
            *state_rows(chip, shop, ledger, self.elapsed_ps),
        )

    def spent_pj(self, rows: tuple[EnergyRow, ...]) -> dict[str, float]:
        """By purpose: forward, backward, update, static."""
        powers_uw = active_powers_uw(self.bench.shop.floor)
        found = dict.fromkeys(("forward", "backward", "update"), 0.0)
        for task in self.bench.shop.tasks:
            meta, busy_ps = task.meta, task.portion_ps * task.portions
            active = sum(n * powers_uw.get(path, 0.0) for path, n in meta.engaged) * busy_ps * 1e-6
            found[_purpose(meta.op)] += task.tally.jobs * (meta.energy_pj + active)
        found["update"] += sum(row.energy_pj for row in (*self._pulse_rows(), *self._random_rows()))
        return found | {"static": sum(row.energy_pj for row in rows if row.static)}

    def macs(self) -> int:
        return sum(task.meta.macs * task.tally.jobs for task in self.bench.shop.tasks)

    # --- what no station does --------------------------------------------------------------------

    def _pulse_rows(self) -> list[EnergyRow]:
        chip, trainer = self.bench.chip, self.bench.parts.trainer_spec
        found = []
        for array, name in self.cells.items():
            count, cell = self.pulses(array), chip.cells[name]
            if not count:
                continue
            through = sum(counts[f"usiemens_ns.{array}"] for counts in self.asked.values())
            if through:
                energy_pj, key = (
                    trainer.pulse_energy_pj(through),
                    f"{self.bench.parts.trainer.path}.write_voltage",
                )
            else:
                price = "pulse_energy" if isinstance(cell, PulsedCell) else "write_energy"
                energy_pj, key = count * getattr(cell, f"{price}_pj"), f"cells.{name}.{price}"
            each = energy_pj / count
            found.append(
                EnergyRow(
                    f"cells.{name}", cell.kind, "pulse", count, energy_pj, False, each, chip.model_of(key)
                )
            )
        return _merged(found)

    def _random_rows(self) -> list[EnergyRow]:
        part = self.bench.parts.trainer
        bits = round(sum(counts["random_bits"] for counts in self.asked.values()))
        if not bits or part.spec is None:
            return []
        (action,) = self.bench.parts.trainer_spec.drawn(bits).actions
        model = self.bench.chip.model_of(f"{part.path}.bit_energy")
        energy_pj = bits * action.energy_pj
        return [
            EnergyRow(part.path, part.spec.kind, action.name, bits, energy_pj, False, action.energy_pj, model)
        ]


def _merged(rows: list[EnergyRow]) -> list[EnergyRow]:
    """Arrays of equal cells are one row."""
    found: dict[str, EnergyRow] = {}
    for row in rows:
        before = found.get(row.component)
        if before is None:
            found[row.component] = row
        else:
            count, energy_pj = before.count + row.count, before.energy_pj + row.energy_pj
            found[row.component] = replace(
                before, count=count, energy_pj=energy_pj, per_action_pj=energy_pj / count
            )
    return list(found.values())


def _added(before: Any, jobs: tuple[int, ...]) -> Any:
    """Later batches know more tasks."""
    new = np.array(jobs, dtype=np.int64)
    if before is None:
        return new
    size = max(len(before), len(new))
    return np.pad(before, (0, size - len(before))) + np.pad(new, (0, size - len(new)))


def _purpose(op: str) -> str:
    return next((one for one in (BACKWARD, UPDATE) if op.startswith(f"{one} ")), "forward")
