"""From a finished run under load to what is told of each network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xbarsim.scenario.arrivals import PS_PER_S, Arrivals, Constant, OnOff, Poisson, Recorded
from xbarsim.scenario.batching import Batching, Fixed, TimeOut
from xbarsim.scenario.ledger import network_parts
from xbarsim.scenario.result import EnergyRow
from xbarsim.scenario.serve_books import Books, Mark
from xbarsim.scenario.serve_result import Bottleneck, Queue, Served
from xbarsim.scenario.serve_run import ServeRun
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
    books, stint, program = run.books[number], run.stints[number], run.programs[number]
    end = books.end
    assert end is not None
    warm_up = books.warm_up()
    start = books.marks.at(warm_up.cut)
    measured, window_ps = end.completed - start.completed, end.time_ps - start.time_ps
    completed = max(1, measured)
    state = _state(books, warm_up.visible)
    rate_hz = stint.arrivals.mean_rate_hz
    static_w = sum(row.energy_pj for row in energy if row.static) / max(1, run.elapsed_ps)
    own = program.arrays_used / max(1, sum(p.arrays_used for p in run.programs))
    return Served(
        network=program.graph.name,
        workload_sha256=workload_sha256,
        arrivals=arrivals_text(stint.arrivals),
        offered_per_s=rate_hz,
        batching=batching_text(stint.batching),
        admission_limit=stint.admission_limit,
        queue_limit=stint.queue_limit,
        share=share,
        arrays=program.arrays_used,
        arrived=end.arrived,
        refused=end.refused,
        completed=end.completed,
        left=end.arrived - end.refused - end.completed,
        warm_up=start.completed,
        measured=measured,
        window_ps=window_ps,
        latency=tuple(books.latencies.estimate(figure, confidence) for figure in FIGURES),
        longest_ps=books.latencies.largest_ps,
        door_ps=(end.waited_ps - start.waited_ps) / completed,
        inside_ps=(end.stayed_ps - start.stayed_ps) / completed,
        at_door=Queue(_mean(end.door_area - start.door_area, window_ps), books.at_door.largest),
        inside=Queue(_mean(end.inside_area - start.inside_area, window_ps), books.inside.largest),
        throughput_per_s=measured * PS_PER_S / window_ps if window_ps else 0.0,
        dynamic_pj=_dynamic_pj(run, number) / max(1, books.completed),
        static_pj=own * static_w * window_ps / completed,
        macs_per_request=program.graph.macs,
        state=state,
        notes=tuple(_notes(run, books, number, state)),
    )


def _mean(area: int, window_ps: int) -> float:
    return area / window_ps if window_ps else 0.0


def _dynamic_pj(run: ServeRun, number: int) -> float:
    """Of all requests of a network that were let in; each costs the same, so no warm-up needs to be cut."""
    powers_uw = _active_powers_uw(run)
    energy_pj = 0.0
    for meta in run.metas[number]:
        active_uw = sum(instances * powers_uw.get(component, 0.0) for component, instances in meta.engaged)
        energy_pj += meta.energy_pj * meta.jobs + active_uw * run.ledger.busy_ps[id(meta)] * 1e-6
    return energy_pj


def _active_powers_uw(run: ServeRun) -> Mapping[str, float]:
    """Power of an instance in service, by component, where it has one."""
    parts = [(part.path, part.spec) for part in run.chip.root.walk() if part.spec is not None and part.path]
    parts += [(path, spec) for path, spec, _ in network_parts(run.shop.floor)]
    return {path: spec.active_power_uw for path, spec in parts if spec.active_power_uw is not None}


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
