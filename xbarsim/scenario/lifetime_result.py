"""LifetimeResult: what became of a chip over the years, as one frozen, serialisable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.scenario.result import AreaRow, EnergyRow, Law, SourceRow, laws_of_all
from xbarsim.scenario.totals import Totals

TAIL = ("p50", "p99", "p99.9", "p99.99")


@dataclass(frozen=True)
class TailRow:
    """Latencies of some requests: mean, quantiles as in TAIL (None: too few were simulated), the longest simulated.

    requests: that it speaks of; simulated: of these, event by event.
    """

    requests: int
    simulated: int
    mean_ps: float | None
    quantiles_ps: tuple[float | None, ...]
    longest_ps: int | None


@dataclass(frozen=True)
class AgeRow:
    """A chip at an age, and the span that led there from the age before.

    accuracies: of each network at that age; empty where it is not known.
    stuck: share of worn-out cells; writes: of a cell, on average; most_writes: of any cell; oldest_s: age of the cells
        that were not written for longest. Of the first network.
    requests, turns, corrections, probes: in the span; corrections: units (the blocks of a matrix on a tile) written.
    tail: of all requests of the span; affected: of those that met upkeep.
    lost: share of the span in which upkeep keeps the chip from computing, were it idle else.
    inference_pj, correcting_pj, probing_pj, static_pj: spent in the span.
    """

    age_s: float
    accuracies: tuple[float, ...]
    stuck: float | None
    writes: float | None
    most_writes: int | None
    oldest_s: float | None
    requests: int
    turns: int
    corrections: int
    probes: int
    tail: TailRow
    affected: TailRow
    lost: float
    inference_pj: float
    correcting_pj: float
    probing_pj: float
    static_pj: float

    @property
    def accuracy(self) -> float | None:
        """The mean over the networks."""
        return sum(self.accuracies) / len(self.accuracies) if self.accuracies else None

    @property
    def spread(self) -> float | None:
        """Standard deviation over the networks."""
        if len(self.accuracies) < 2 or self.accuracy is None:
            return None
        total = sum((value - self.accuracy) ** 2 for value in self.accuracies)
        return float((total / (len(self.accuracies) - 1)) ** 0.5)

    @property
    def energy_pj(self) -> float:
        return self.inference_pj + self.correcting_pj + self.probing_pj + self.static_pj


@dataclass(frozen=True)
class LogRow:
    """Corrections of the first network: layers, how often and how far apart, distances before the first."""

    age_s: float
    layers: tuple[str, ...]
    distances: tuple[float | None, ...]
    times: int
    every_s: float


@dataclass(frozen=True)
class CellRow:
    """A cell that is worn out, or the first that will be."""

    block: str
    place: tuple[int, ...]
    age_s: float
    writes: int


@dataclass(frozen=True)
class WearRow:
    """Cells by the share of their life that is used up: from low on, below high."""

    low: float
    high: float
    cells: int


@dataclass(frozen=True)
class Wear:
    """Of the first network at the end.

    remaining_s: until a share of the cells (None: the first cell) is worn out, at the rate of writes of the last span;
        infinite where nothing is written. Empty where endurance is not known.
    """

    cells: int
    histogram: tuple[WearRow, ...]
    remaining_s: tuple[tuple[float | None, float], ...]
    failed: int
    first_failed: tuple[CellRow, ...]


@dataclass(frozen=True)
class PolicyLife:
    """A life under one policy.

    floors: by layer, the distance that read noise alone leaves in the probe; threshold: of the policy.
    turn_ps: how long the longest turn takes on the idle chip.
    """

    policy: str
    threshold: float | None
    floors: Mapping[str, float]
    ages: tuple[AgeRow, ...]
    tail: TailRow
    affected: TailRow
    lost: float
    turn_ps: int
    energy: tuple[EnergyRow, ...]
    wear: Wear | None
    log: tuple[LogRow, ...]
    log_left_out: int
    laws: tuple[Law, ...]
    notes: tuple[str, ...]

    @property
    def requests(self) -> int:
        return sum(row.requests for row in self.ages)

    @property
    def energy_pj(self) -> float:
        return sum(row.energy_pj for row in self.ages)

    @property
    def upkeep_share(self) -> float:
        """Of the energy."""
        spent = sum(row.correcting_pj + row.probing_pj for row in self.ages)
        return spent / self.energy_pj if self.energy_pj else 0.0

    @property
    def pj_per_inference(self) -> float:
        return self.energy_pj / max(1, self.requests)


@dataclass(frozen=True)
class LifetimeResult(Totals):
    """A chip's life under several policies. Energy rows, laws and notes at the top are of the first.

    accuracy_float: of the network on a computer; None where there are no weights.
    """

    chip: str
    workload: str
    scenario: str
    arrivals: str
    horizon_s: float
    seeds: int
    accuracy_float: float | None
    alone_ps: int
    policies: tuple[PolicyLife, ...]
    area: tuple[AreaRow, ...]
    sources: tuple[SourceRow, ...]
    calibrated: Mapping[str, tuple[str, ...]]
    provenance: Mapping[str, Any]

    @property
    def elapsed_ps(self) -> int:  # type: ignore[override]
        return round(self.horizon_s * 1e12)

    @property
    def energy(self) -> tuple[EnergyRow, ...]:  # type: ignore[override]
        return self.policies[0].energy

    @property
    def requests(self) -> int:
        return self.policies[0].requests

    @property
    def laws(self) -> tuple[Law, ...]:
        return laws_of_all((one.laws for one in self.policies), "under each of {} policies")

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(note for life in self.policies for note in life.notes))
