"""The headline and the tables of a ServeResult as plain values."""

from __future__ import annotations

from xbarsim.report.headline import Figure, unknown_areas, unknown_energies
from xbarsim.report.quantities import (
    UNKNOWN,
    divided,
    format_area,
    format_count,
    format_number,
    format_pj,
    format_quantity,
    format_share,
)
from xbarsim.report.views import Cell, Column, Table, count_cell, number_cell, share_cell
from xbarsim.scenario.serve_result import Saturation, Served, ServeResult
from xbarsim.scenario.statistics import Estimate

_STATES = {
    "steady": "steady",
    "overload": "overload: more come than can be served",
    "saturated": "saturated: there is always another request at the door",
    "short": "no steady state is visible: give more requests",
}
_TONES = {"steady": "good", "overload": "bad", "saturated": "quiet", "short": "warn"}


def headline(result: ServeResult) -> tuple[Figure, ...]:
    """The figures in the order of interest; by network, if there are several."""
    figures = [figure for served in result.networks for figure in _of_network(result, served)]
    if result.saturation is not None:
        figures.append(_saturation_point(result.saturation))
    figures.append(
        Figure("Mean power", _bound(result) + format_quantity(result.mean_power_w, "W"), "of the whole run")
    )
    missing = unknown_areas(result)
    least = "≥ " if missing else ""
    area = f"{least}{format_area(result.area_mm2 * 1e6)}" if result.area_mm2 or not missing else UNKNOWN
    figures.append(Figure("Area", area, f"unknown areas: {', '.join(missing)}" if missing else ""))
    told = f"{format_count(result.requests)} requests let in; seed {result.provenance.get('seed')}"
    figures.append(Figure("Run", format_quantity(result.elapsed_ps * 1e-12, "s"), told))
    return tuple(figures)


def _of_network(result: ServeResult, served: Served) -> list[Figure]:
    name = f"{served.network}: " if len(result.networks) > 1 else ""
    offered = served.offered_per_s
    came = "" if offered is None else f"{format_number(offered)} /s offered; "
    refused = f"{format_share(served.refused_share)} refused; " if served.refused else ""
    static = divided(served.static_pj, served.energy_pj)
    return [
        *(_latency(name, served.estimate(figure)) for figure in ("mean", "p99") if served.latency),
        Figure(
            f"{name}throughput" if name else "Throughput",
            f"{format_number(served.throughput_per_s)} /s",
            f"{came}{refused}{_STATES[served.state]}",
        ),
        Figure(
            f"{name}in line" if name else "In line",
            format_number(served.at_door.mean + served.inside.mean),
            f"requests on average: {format_number(served.at_door.mean)} at the door, "
            f"{format_number(served.inside.mean)} inside",
        ),
        Figure(
            f"{name}energy per request" if name else "Energy per request",
            _bound(result) + format_pj(served.energy_pj),
            f"{format_share(static)} static, at this throughput",
        ),
    ]


def _bound(result: ServeResult) -> str:
    return "≥ " if unknown_energies(result) else ""


def _latency(name: str, estimate: Estimate) -> Figure:
    label = "Mean latency" if estimate.figure == "mean" and not name else f"{estimate.figure} latency"
    relative = estimate.relative_half_width
    told = (
        estimate.note
        if relative is None
        else f"± {format_share(relative)} at {estimate.confidence * 100:g} %"
    )
    if relative is not None and estimate.note:
        told += f"; {estimate.note}"
    return Figure(f"{name}{label}", _time(estimate.value_ps), told)


def _saturation_point(point: Saturation) -> Figure:
    told = f"one request every {_time(point.interval_ps)}"
    return Figure("Saturation", f"{format_number(point.per_s)} /s", f"{told}; {saturation_words(point)}")


def saturation_words(point: Saturation) -> str:
    """What keeps the chip from taking more."""
    if not point.bottlenecks:
        return "nothing was busy"
    first = point.bottlenecks[0]
    busy = f"{first.station} is busy {format_share(first.busy_share)} of the time"
    if first.bound_per_s * 0.95 <= point.per_s:
        return busy
    return f"{busy}: no station limits it, but the order of the positions and the room in buffers"


def _time(duration_ps: float | None) -> str:
    return UNKNOWN if duration_ps is None else format_quantity(duration_ps * 1e-12, "s")


def latency_table(result: ServeResult) -> Table:
    """Mean and quantiles with their intervals."""
    columns = (
        Column("network"),
        Column("latency"),
        Column("value", True),
        Column("from", True),
        Column("to", True),
        Column("±", True),
        Column("note"),
    )
    rows = [_latency_cells(served.network, one) for served in result.networks for one in served.latency]
    shown = next((one for served in result.networks for one in served.latency), None)
    note = "" if shown is None else f"behind the warm-up; intervals at {shown.confidence * 100:g} %"
    return Table("Latency", columns, tuple(rows), note)


def _latency_cells(name: str, one: Estimate) -> tuple[Cell, ...]:
    relative = one.relative_half_width
    return (
        Cell(name),
        Cell(one.figure),
        *(
            number_cell(_time(ps) if ps is not None else "", ps)
            for ps in (one.value_ps, one.low_ps, one.high_ps)
        ),
        number_cell("" if relative is None else format_share(relative), relative),
        Cell(one.note, tone="warn" if one.note else ""),
    )


def network_table(result: ServeResult) -> Table:
    """What came and what was done, network by network."""
    columns = (
        Column("network"),
        Column("arrivals"),
        Column("batches", wide=True),
        Column("arrays", True, wide=True),
        Column("came", True),
        Column("refused", True),
        Column("complete", True),
        Column("warm-up", True),
        Column("throughput", True),
        Column("state"),
    )
    rows = tuple(
        (
            Cell(one.network),
            Cell(one.arrivals),
            Cell(one.batching),
            count_cell(one.arrays),
            count_cell(one.arrived),
            number_cell(format_share(one.refused_share), one.refused),
            count_cell(one.completed),
            count_cell(one.warm_up),
            number_cell(f"{format_number(one.throughput_per_s)} /s", one.throughput_per_s),
            Cell(one.state, tone=_TONES[one.state]),
        )
        for one in result.networks
    )
    return Table("Networks", columns, rows, "counts of the run until its end; warm-up: requests cut")


def queue_table(result: ServeResult) -> Table:
    """Where requests were, and for how long."""
    columns = (
        Column("network"),
        Column("where"),
        Column("mean time", True),
        Column("mean number", True),
        Column("largest number", True),
    )
    rows = tuple(
        (
            Cell(one.network),
            Cell(where),
            number_cell(_time(time_ps), time_ps),
            number_cell(format_number(queue.mean), queue.mean),
            count_cell(queue.largest),
        )
        for one in result.networks
        for where, time_ps, queue in (
            ("at the door", one.door_ps, one.at_door),
            ("inside", one.inside_ps, one.inside),
        )
    )
    return Table("Queues", columns, rows, "means behind the warm-up; largest of the whole run")


def request_table(result: ServeResult) -> Table:
    """Energy of one request."""
    columns = (
        Column("network"),
        *(Column(name, True) for name in ("dynamic", "static", "energy", "static share")),
        Column("efficiency", True),
    )
    rows = []
    for one in result.networks:
        per_w = divided(2 * one.macs_per_request, one.energy_pj)
        rows.append(
            (
                Cell(one.network),
                *(number_cell(format_pj(pj), pj) for pj in (one.dynamic_pj, one.static_pj, one.energy_pj)),
                share_cell(divided(one.static_pj, one.energy_pj), "static"),
                number_cell("" if per_w is None else format_quantity(per_w * 1e12, "OPS/W"), per_w),
            )
        )
    several = "; shared by the arrays that each network holds" if len(result.networks) > 1 else ""
    note = f"static: power at rest over the time between requests{several}"
    return Table("Energy per request", columns, tuple(rows), note)


def saturation_table(result: ServeResult) -> Table:
    """The busiest stations when there is always another request."""
    columns = (Column("station"), Column("in service", True), Column("lets pass", True))
    point = result.saturation
    rows = tuple(
        (
            Cell(one.station),
            share_cell(one.busy_share),
            number_cell(f"{format_number(one.bound_per_s)} /s", one.bound_per_s),
        )
        for one in (point.bottlenecks if point is not None else ())
    )
    note = (
        "" if point is None else f"{format_number(point.per_s)} requests a second; {saturation_words(point)}"
    )
    return Table("Saturation", columns, rows, note)


def curve_table(result: ServeResult) -> Table:
    """Latency by load."""
    columns = (
        Column("load", True),
        Column("arrivals", True),
        Column("requests", True),
        Column("mean", True),
        Column("±", True),
        Column("p99", True),
        Column("±", True),
        Column("state"),
    )
    rows = tuple(
        (
            number_cell(f"{point.load:.0%}", point.load),
            number_cell(f"{format_number(point.rate_per_s)} /s", point.rate_per_s),
            count_cell(point.requests),
            *(cell for one in (point.mean, point.p99) for cell in _value_and_arm(one)),
            Cell(point.state, tone=_TONES[point.state]),
        )
        for point in result.curve
    )
    return Table("Latency by load", columns, rows, "load: arrivals as a share of the saturation point")


def _value_and_arm(one: Estimate) -> tuple[Cell, Cell]:
    relative = one.relative_half_width
    return (
        number_cell(_time(one.value_ps), one.value_ps),
        number_cell("" if relative is None else format_share(relative), relative),
    )


def serve_tables(result: ServeResult) -> list[Table]:
    """Those of a run under load, in reading order."""
    tables = [latency_table(result), network_table(result), queue_table(result), request_table(result)]
    tables += [saturation_table(result)] if result.saturation is not None else []
    return tables + ([curve_table(result)] if result.curve else [])


def serve_notes(result: ServeResult) -> tuple[str, ...]:
    """Of the networks first."""
    several = len(result.networks) > 1
    own = (f"{one.network}: {note}" if several else note for one in result.networks for note in one.notes)
    return (*own, *result.notes)
