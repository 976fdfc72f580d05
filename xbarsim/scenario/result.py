"""Result: everything a run measured, as one frozen, serialisable value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xbarsim.scenario.multiplex_rows import Multiplex
from xbarsim.scenario.totals import Totals


@dataclass(frozen=True)
class Latency:
    """Time from a request's arrival to its last output, over the measured requests."""

    samples_ps: tuple[int, ...]
    alone_ps: int  # of one request on the idle chip (batch 1)

    @property
    def alone_ns(self) -> float:
        return self.alone_ps / 1e3


@dataclass(frozen=True)
class Throughput:
    """Completions of pipelined requests.

    interval_ps: between completions in steady state; where that was not reached, the larger of the mean
    interval and the time the busiest station needs for one request.
    """

    completions_ps: tuple[int, ...]
    interval_ps: int
    steady: bool  # the last intervals were equal: the pipeline has reached its steady state

    @property
    def per_s(self) -> float:
        return 1e12 / self.interval_ps


@dataclass(frozen=True)
class EnergyRow:
    """One line of the ledger: what one kind of component spent on one kind of action.

    component: the component's place in the chip without indices ("tile.ima.adc");
    action: "conversion", "read", ...; for power over time the state: "active", "idle", "gated"; count is
        then the picoseconds that instances were in it, summed;
    static: power of a state in which no work is done;
    per_action_pj: None for power over time; model: which given number or named model priced it.
    """

    component: str
    kind: str
    action: str
    count: int
    energy_pj: float
    static: bool
    per_action_pj: float | None
    model: str


@dataclass(frozen=True)
class LayerRow:
    """One operation of the network on the timeline of the run that measured latency."""

    name: str
    kind: str
    function: str
    macs: int
    positions: int
    width: int
    tiles: int
    arrays: int
    replicas: int
    utilisation_of_cells: float  # used cells / cells of the arrays it occupies; 0 if no arrays
    start_ps: int
    end_ps: int
    busy_ps: int  # time in which at least one of its jobs was in service
    energy_pj: float  # dynamic
    occupancy: tuple[float, ...]  # share of each of the run's equal time bins it was in service


@dataclass(frozen=True)
class StationRow:
    """One station (a thing that serves jobs one after another) over the measured run."""

    path: str
    component: str
    kind: str
    servers: int
    multiplicity: int  # equal stations that moved in step and are told once
    jobs: int
    busy_ps: int  # in service, summed over servers
    blocked_ps: int  # held by a job that waits for the next station
    idle_ps: int
    waited_ps: int  # time jobs waited in front of it, summed
    waited_for: tuple[tuple[str, int], ...]  # operation that held it -> ps waited, longest first


@dataclass(frozen=True)
class TileRow:
    """One tile: where it is, who sits on it, how full and how busy it was."""

    path: str
    x: float
    y: float
    arrays: int
    arrays_used: int
    cells: int
    cells_used: int
    busy_share: float  # busy time of its busiest array / elapsed time
    ops: tuple[str, ...]


@dataclass(frozen=True)
class LayoutRow:
    """One matrix on the chip: how it is cut and copied, and where it lies."""

    matrix: str
    rows: int
    columns: int
    groups: int
    row_blocks: int
    column_blocks: int
    copies: int
    arrays: int
    utilisation_of_cells: float
    tiles: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """A network laid onto a chip, for looking at before anything runs."""

    chip: str
    workload: str
    matrices: tuple[LayoutRow, ...]
    tiles: tuple[TileRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class AreaRow:
    component: str
    kind: str
    count: int
    area_um2: float
    known: bool


@dataclass(frozen=True)
class ProgrammingReport:
    """Loading the weights before the run: the pulse generators' own window of time."""

    cells: int
    pulses: int
    writes_per_cell: float
    duration_ps: int
    energy_pj: float
    time_known: bool  # False: no pulse generator is described, or its pulses are unknown
    energy_known: bool  # False: the energy of a pulse is unknown


@dataclass(frozen=True)
class SourceRow:
    """One number of the chip: where it stands in the description and where it comes from."""

    key: str
    value: str
    source: str
    where: str  # file:line
    status: str  # "given", "model", "calibrated", "ideal", "unknown", "included"


@dataclass(frozen=True)
class Law:
    """A conservation law checked on this very run."""

    name: str
    holds: bool
    detail: str


def laws_of_all(several: Iterable[Sequence[Law]], whom: str) -> tuple[Law, ...]:
    """Each law of several runs together: it holds if it does in each that has it.

    whom: of how many that is told: "with each of {} algorithms".
    """
    by_name: dict[str, list[Law]] = {}
    for law in (law for laws in several for law in laws):
        by_name.setdefault(law.name, []).append(law)
    told = []
    for same in by_name.values():
        shown = next((law for law in same if not law.holds), same[0])
        more = f"; so {whom.format(len(same))}" if shown.holds and len(same) > 1 else ""
        told.append(Law(shown.name, shown.holds, f"{shown.detail}{more}"))
    return tuple(told)


@dataclass(frozen=True)
class Peak:
    """What the chip could do at most, from its geometry and stage times."""

    ops_per_s: float
    power_w: float | None
    tops_per_w: float | None
    tops_per_mm2: float | None
    weight_bits: int
    input_bits: int


@dataclass(frozen=True)
class Slice:
    """One interval on the timeline: `track` does `name` from start to end."""

    track: str
    name: str
    start_ps: int
    end_ps: int
    depth: int  # 0: an operation; 1: one of its jobs at a station, within it


@dataclass(frozen=True)
class PowerSample:
    start_ps: int
    power_w: Mapping[str, float]  # component -> mean power in the bin that starts here


@dataclass(frozen=True)
class Timeline:
    """Recorded only when asked for."""

    slices: tuple[Slice, ...]
    power: tuple[PowerSample, ...]
    truncated: bool  # more slices happened than were asked to be kept


@dataclass(frozen=True)
class Result(Totals):
    """What a run cost and delivered. Energies, stations and laws are of the pipelined run of
    `requests` requests; latency.alone and layers are of the single request on the idle chip."""

    chip: str
    workload: str
    scenario: str
    requests: int
    elapsed_ps: int
    latency: Latency
    throughput: Throughput
    macs_per_request: int
    energy: tuple[EnergyRow, ...]
    layers: tuple[LayerRow, ...]
    stations: tuple[StationRow, ...]
    tiles: tuple[TileRow, ...]
    area: tuple[AreaRow, ...]
    peak: Peak
    programming: ProgrammingReport
    sources: tuple[SourceRow, ...]
    reported: tuple[Mapping[str, Any], ...]  # the chip's published figures: figure, value, source...
    calibrated: Mapping[str, tuple[str, ...]]  # fitted key -> the figures it was fitted to
    laws: tuple[Law, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]  # spec_sha256, workload_sha256, seed, versions, granularity ...
    timeline: Timeline | None = None
    multiplex: Multiplex | None = None  # where the network is larger than the chip

    @property
    def energy_per_request_pj(self) -> float:
        return self.energy_pj / self.requests

    @property
    def ops_per_s(self) -> float:
        """Effective, in steady state; one multiply-accumulate is two operations."""
        return 2 * self.macs_per_request * self.throughput.per_s

    @property
    def tops_per_w(self) -> float:
        """Effective: operations of the run over its energy (1 op/pJ = 1 TOPS/W)."""
        return 2 * self.macs_per_request * self.requests / self.energy_pj
