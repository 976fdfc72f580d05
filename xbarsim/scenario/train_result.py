"""TrainResult: how a network learned on a chip, as one frozen, serialisable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.scenario.result import AreaRow, EnergyRow, Law, SourceRow, laws_of_all
from xbarsim.scenario.totals import Totals


@dataclass(frozen=True)
class EpochRow:
    """After an epoch, counted from 1; everything but the loss is since the beginning.

    loss: mean over the samples of the epoch. accuracy: on the test set, on the devices as they stand.
    pulses: on all cells; most_pulses: on any one.
    """

    epoch: int
    elapsed_ps: int
    loss: float
    accuracy: float
    energy_pj: float
    pulses: int
    most_pulses: int


@dataclass(frozen=True)
class TrainedLayerRow:
    """What a layer asks of its arrays, means over the samples of the whole training.

    update_ps: from its beginning to its end, waiting included. slots: pulse times of a whole array; transfers: lines
    moved on; operations, memory_bits: of its update.
    """

    layer: str
    outputs: int
    inputs: int
    update_ps: float
    slots: float
    transfers: float
    operations: float
    memory_bits: float


@dataclass(frozen=True)
class ArrayWearRow:
    """Pulses on the cells of one array of a layer.

    mean, most: a cell and sample. endurance: of the chip's cells, None where it is unknown.
    worn_out: cells whose pulses exceed their endurance; first_epoch, first_ps: when the first one did, None if none.
    epochs_until_first: from the start, at the mean rate so far, until the first cell is worn out; None: not known.
    projected: cells worn out after as many epochs as wear is projected over.
    """

    layer: str
    array: str
    component: str
    cells: int
    mean: float
    most: float
    endurance: float | None
    worn_out: int
    first_epoch: int | None
    first_ps: int | None
    epochs_until_first: float | None
    projected: int | None


@dataclass(frozen=True)
class WearBin:
    """Cells of one array kind by their pulses a sample: from low on, below high."""

    array: str
    low: float
    high: float
    cells: int


@dataclass(frozen=True)
class Training:
    """One algorithm's training.

    batch: samples of one step. samples: seen in all. simulated: batches that were run through event by event;
    the others ask for what one of these did, and take as long.
    forward_ps, backward_ps, update_ps: of a mean sample: until the last result of its batch is out, from there to the
    last error, from there to the last update.
    forward_pj, backward_pj, update_pj, static_pj: of a mean sample.
    """

    algorithm: str
    source: str
    batch: int
    samples: int
    batches: int
    simulated: int
    elapsed_ps: int
    epochs: tuple[EpochRow, ...]
    forward_ps: float
    backward_ps: float
    update_ps: float
    forward_pj: float
    backward_pj: float
    update_pj: float
    static_pj: float
    layers: tuple[TrainedLayerRow, ...]
    wear: tuple[ArrayWearRow, ...]
    histogram: tuple[WearBin, ...]
    energy: tuple[EnergyRow, ...]
    laws: tuple[Law, ...]
    notes: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """At the end."""
        return self.epochs[-1].accuracy

    @property
    def best(self) -> float:
        return max(row.accuracy for row in self.epochs)

    @property
    def energy_pj(self) -> float:
        return sum(row.energy_pj for row in self.energy)

    @property
    def ps_per_sample(self) -> float:
        return self.elapsed_ps / self.samples

    @property
    def pj_per_sample(self) -> float:
        return self.energy_pj / self.samples


@dataclass(frozen=True)
class TrainResult(Totals):
    """A network trained on a chip by several algorithms. Energy rows at the top are of the first.

    accuracy_float: of the workload's first trained weights on a computer; None where it names none.
    projected_epochs: over how many wear is projected, None: over those that were run.
    """

    chip: str
    workload: str
    scenario: str
    seed: int
    training_samples: int
    accuracy_float: float | None
    projected_epochs: int | None
    trainings: tuple[Training, ...]
    area: tuple[AreaRow, ...]
    sources: tuple[SourceRow, ...]
    calibrated: Mapping[str, tuple[str, ...]]
    provenance: Mapping[str, Any]

    @property
    def elapsed_ps(self) -> int:  # type: ignore[override]
        return self.trainings[0].elapsed_ps

    @property
    def energy(self) -> tuple[EnergyRow, ...]:  # type: ignore[override]
        return self.trainings[0].energy

    @property
    def requests(self) -> int:
        return self.trainings[0].samples

    @property
    def laws(self) -> tuple[Law, ...]:
        return laws_of_all((one.laws for one in self.trainings), "with each of {} algorithms")

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(note for one in self.trainings for note in one.notes))
