"""ServeResult: what a chip under load delivered, as one frozen, serialisable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.scenario.result import AreaRow, EnergyRow, Law, SourceRow, StationRow
from xbarsim.scenario.statistics import Estimate
from xbarsim.scenario.totals import Totals


@dataclass(frozen=True)
class LatencyNs:
    """Latencies of the steady state in nanoseconds; None where the samples are too few."""

    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    p999: float | None


@dataclass(frozen=True)
class Queue:
    """A number of requests over time: its mean behind the warm-up, and its largest value in the whole run."""

    mean: float
    largest: int


@dataclass(frozen=True)
class Served:
    """One network under load.

    Behind the warm-up, if not said otherwise: latency (from arrival to the last result), rates, waits, queues.
    arrivals, batching: as they are written.
    arrived, refused, completed: in the whole run until it ended; left: at the door or inside at that instant.
    warm_up: requests that were cut; measured: those that are left; window_ps: the time they took.
    door_ps, inside_ps: mean time at the door, and from there to the last result.
    dynamic_pj, static_pj: per request.
    state: "steady", "overload" (queues grow as long as requests come), "saturated" (a closed loop), "short".
    """

    network: str
    workload_sha256: str
    arrivals: str
    offered_per_s: float | None
    batching: str
    admission_limit: int | None
    queue_limit: int | None
    share: float
    arrays: int
    arrived: int
    refused: int
    completed: int
    left: int
    warm_up: int
    measured: int
    window_ps: int
    latency: tuple[Estimate, ...]
    longest_ps: int
    door_ps: float
    inside_ps: float
    at_door: Queue
    inside: Queue
    throughput_per_s: float
    dynamic_pj: float
    static_pj: float
    macs_per_request: int
    state: str
    notes: tuple[str, ...]

    @property
    def steady(self) -> bool:
        return self.state == "steady"

    @property
    def energy_pj(self) -> float:
        """Of one request, with its part of the power of the chip at rest."""
        return self.dynamic_pj + self.static_pj

    @property
    def refused_share(self) -> float:
        return self.refused / self.arrived if self.arrived else 0.0

    def estimate(self, figure: str) -> Estimate:
        """'mean', 'p50', 'p95', 'p99' or 'p99.9', with its interval. Raises: KeyError for another."""
        return {one.figure: one for one in self.latency}[figure]

    @property
    def latency_ns(self) -> LatencyNs:
        told = (None if e.value_ps is None else e.value_ps / 1e3 for e in self.latency)
        return LatencyNs(*told)


@dataclass(frozen=True)
class Bottleneck:
    """A station of a saturated run: no more requests can pass it than `bound_per_s`."""

    station: str
    busy_share: float
    bound_per_s: float


@dataclass(frozen=True)
class Saturation:
    """The most that a chip takes: there is always another request at the door.

    inside: requests kept under way; interval_ps: mean time between completions behind the warm-up.
    """

    per_s: float
    interval_ps: float
    requests: int
    warm_up: int
    inside: int
    steady: bool
    bottlenecks: tuple[Bottleneck, ...]
    laws: tuple[Law, ...]


@dataclass(frozen=True)
class CurvePoint:
    """Latency at one load: arrivals at this share of the saturation point."""

    load: float
    rate_per_s: float
    requests: int
    mean: Estimate
    p99: Estimate
    state: str


@dataclass(frozen=True)
class ServeResult(Totals):
    """What a run under load cost and delivered. Energy rows, stations and laws are of the whole run, warm-up and
    the last requests' way out included; what is told by network is measured behind the warm-up."""

    chip: str
    networks: tuple[Served, ...]
    scenario: str
    end_ps: int
    elapsed_ps: int
    energy: tuple[EnergyRow, ...]
    stations: tuple[StationRow, ...]
    area: tuple[AreaRow, ...]
    sources: tuple[SourceRow, ...]
    calibrated: Mapping[str, tuple[str, ...]]
    laws: tuple[Law, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]
    requests: int  # let in, in the whole run
    saturation: Saturation | None = None
    curve: tuple[CurvePoint, ...] = ()

    @property
    def workload(self) -> str:
        return " + ".join(served.network for served in self.networks)

    @property
    def latency_ns(self) -> LatencyNs:
        """Of the only network. Raises: ValueError if there are several; each of `networks` has its own."""
        return self._only().latency_ns

    @property
    def throughput_per_s(self) -> float:
        return sum(served.throughput_per_s for served in self.networks)

    @property
    def energy_per_request_pj(self) -> float:
        """Of the only network, behind the warm-up."""
        return self._only().energy_pj

    @property
    def steady(self) -> bool:
        return all(served.steady for served in self.networks)

    def _only(self) -> Served:
        if len(self.networks) != 1:
            raise ValueError(f"{len(self.networks)} networks were served; ask one of `networks`")
        return self.networks[0]
