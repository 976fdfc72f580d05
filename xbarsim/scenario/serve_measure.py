"""From a finished run under load to what is told of each network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from xbarsim.scenario.arrivals import PS_PER_S, Arrivals, Constant, OnOff, Poisson, Recorded
from xbarsim.scenario.batching import Batching, Fixed, TimeOut
from xbarsim.scenario.ledger import active_powers_uw
from xbarsim.scenario.result import EnergyRow
from xbarsim.scenario.serve_books import Books, Mark
from xbarsim.scenario.serve_result import Bottleneck, Queue, Served
from xbarsim.scenario.serve_run import ServeRun, Stint
from xbarsim.scenario.statistics import FIGURES

_GROWN = 1.5  # times as many in line at the end as at half of the run: the queue grows
_MANY = 8  # in line at the end, at least, for that to be said
_BOTTLENECKS = 5


def served(
    run: ServeRun,
    number: int,
    energy: Sequence[EnergyRow],
    confidence: float,
    share: float,
    workload_sha256: str,
) -> Served:
    """What is told of one network of a run.

    energy: rows of the whole run.
    """
    books, program = run.books[number], run.programs[number]
    window = _Window.of(books)
    state = _state(books, window.steady)
    return Served(
        network=program.graph.name,
        workload_sha256=workload_sha256,
        share=share,
        arrays=program.arrays_used,
        **_asked(run.stints[number]),
        **_counted(books),
        **_measured(books, window, confidence),
        dynamic_pj=_dynamic_pj(run, number) / max(1, books.completed),
        static_pj=_static_w(run, number, energy) * window.time_ps / max(1, window.completed),
        macs_per_request=run.gates[number].macs,
        state=state,
        notes=tuple(_notes(run, books, number, state)),
    )


@dataclass(frozen=True)
class _Window:
    """What was counted behind the warm-up: from one mark to the other.

    steady: whether a steady state is visible.
    """

    start: Mark
    end: Mark
    steady: bool

    @classmethod
    def of(cls, books: Books) -> _Window:
        assert books.end is not None
        warm_up = books.warm_up()
        return cls(books.marks.at(warm_up.cut), books.end, warm_up.visible)

    @property
    def completed(self) -> int:
        return self.end.completed - self.start.completed

    @property
    def time_ps(self) -> int:
        return self.end.time_ps - self.start.time_ps

    def mean(self, area: Callable[[Mark], int]) -> float:
        """Of a number over time, by the area under it."""
        return (area(self.end) - area(self.start)) / self.time_ps if self.time_ps else 0.0

    def each(self, total: Callable[[Mark], int]) -> float:
        """Of one request, by the sum over all that are complete."""
        return (total(self.end) - total(self.start)) / max(1, self.completed)


def _asked(stint: Stint) -> dict[str, Any]:
    return {
        "arrivals": arrivals_text(stint.arrivals),
        "offered_per_s": stint.arrivals.mean_rate_hz,
        "batching": batching_text(stint.batching),
        "admission_limit": stint.admission_limit,
        "queue_limit": stint.queue_limit,
    }


def _counted(books: Books) -> dict[str, Any]:
    """In the whole run until it ended."""
    end = books.end
    assert end is not None
    return {
        "arrived": end.arrived,
        "refused": end.refused,
        "completed": end.completed,
        "left": _in_line(end),
    }


def _measured(books: Books, window: _Window, confidence: float) -> dict[str, Any]:
    """Behind the warm-up; the largest values are of the whole run."""
    return {
        "warm_up": window.start.completed,
        "measured": window.completed,
        "window_ps": window.time_ps,
        "latency": tuple(books.latencies.estimate(figure, confidence) for figure in FIGURES),
        "longest_ps": books.latencies.largest_ps,
        "door_ps": window.each(lambda mark: mark.waited_ps),
        "inside_ps": window.each(lambda mark: mark.stayed_ps),
        "at_door": Queue(window.mean(lambda mark: mark.door_area), books.at_door.largest),
        "inside": Queue(window.mean(lambda mark: mark.inside_area), books.inside.largest),
        "throughput_per_s": window.completed * PS_PER_S / window.time_ps if window.time_ps else 0.0,
    }


def _static_w(run: ServeRun, number: int, energy: Sequence[EnergyRow]) -> float:
    """A network's part, by its arrays, of the power of the chip at rest."""
    part = run.programs[number].arrays_used / max(1, sum(p.arrays_used for p in run.programs))
    return part * (sum(row.energy_pj for row in energy if row.static) / max(1, run.elapsed_ps))


def _dynamic_pj(run: ServeRun, number: int) -> float:
    """Of all requests of a network that were let in; no warm-up needs to be cut, as none costs more for being
    early."""
    powers_uw = active_powers_uw(run.shop.floor)
    energy_pj = 0.0
    for meta in run.metas[number]:
        active_uw = sum(instances * powers_uw.get(component, 0.0) for component, instances in meta.engaged)
        energy_pj += meta.energy_pj * meta.jobs + active_uw * run.ledger.busy_ps[id(meta)] * 1e-6
    return energy_pj


def _state(books: Books, visible: bool) -> str:
    if books.saturated:
        return "saturated"
    if visible:
        return "steady"
    return "overload" if _grows(books) else "short"


def _in_line(mark: Mark) -> int:
    return mark.arrived - mark.refused - mark.completed


def _grows(books: Books) -> bool:
    """Whether far more are in line at the end than at half of the run."""
    assert books.end is not None
    half = _in_line(books.marks.at(books.end.completed // 2))
    end = _in_line(books.end)
    return end >= _MANY and end >= _GROWN * half


def _notes(run: ServeRun, books: Books, number: int, state: str) -> list[str]:
    stint = run.stints[number]
    notes = []
    assert books.end is not None
    if state == "overload":
        notes.append(
            f"overload: {_in_line(books.end):,} requests were in line at the end and ever more come than leave; "
            f"latency grows with the run, the throughput is the figure"
        )
    elif state == "short":
        notes.append(
            f"no steady state is visible in {books.end.completed:,} requests: nothing was cut; give more requests"
        )
    elif state == "saturated":
        limit = books.inside.largest
        notes.append(
            f"a closed loop: {limit:,} requests are kept inside, so latency is {limit:,} over the throughput"
        )
    if stint.precision is not None and books.watch is not None and not books.watch.precise:
        wanted = stint.precision
        notes.append(
            f"{wanted.figure} is not known to {wanted.relative * 100:g} % after {books.end.completed:,} requests"
        )
    if isinstance(stint.arrivals, Recorded) and books.over:
        notes.append(f"the recorded stream ended after {books.end.arrived:,} requests")
    return notes


def bottlenecks(run: ServeRun) -> tuple[Bottleneck, ...]:
    """The busiest stations of a saturated run of one network: busy time per request bounds what can pass."""
    requests = run.books[0].completed
    busiest = sorted(run.shop.stations.values(), key=lambda s: (-s.busy_ps / s.servers, s.name))
    return tuple(
        Bottleneck(
            station.name,
            station.busy_ps / (station.servers * run.elapsed_ps),
            requests * station.servers * PS_PER_S / station.busy_ps,
        )
        for station in busiest[:_BOTTLENECKS]
        if station.busy_ps
    )


def arrivals_text(arrivals: Arrivals) -> str:
    """As it is written on the command line."""
    match arrivals:
        case Poisson():
            return f"poisson {arrivals.rate_hz:.12g} Hz"
        case Constant():
            return f"constant {arrivals.rate_hz:.12g} Hz"
        case OnOff():
            return f"onoff {arrivals.rate_hz:.12g} Hz {arrivals.on_s:.12g} s {arrivals.off_s:.12g} s"
        case Recorded():
            return f"trace:{arrivals.name or 'unnamed'}"
    return type(arrivals).__name__.lower()


def batching_text(batching: Batching) -> str:
    match batching:
        case Fixed():
            return f"fixed {batching.size}"
        case TimeOut():
            return f"timeout {batching.size} {batching.wait_s:.12g} s"
    return "none"
