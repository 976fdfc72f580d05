"""Scenario `serve`: networks under load, from streams of requests to tail latencies and the saturation point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from xbarsim.engine.granularity import Granularity
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.residents import Lodger, map_residents, named_apart
from xbarsim.scenario.arrivals import Saturated
from xbarsim.scenario.batching import demand_count
from xbarsim.scenario.bench import Report, told
from xbarsim.scenario.laws import demanded
from xbarsim.scenario.ledger import action_rows, area_rows, state_rows
from xbarsim.scenario.measure import station_rows
from xbarsim.scenario.origin import fitted, source_rows, versions
from xbarsim.scenario.serve_laws import serve_laws
from xbarsim.scenario.serve_measure import arrivals_text, batching_text, bottlenecks, served
from xbarsim.scenario.serve_result import CurvePoint, Saturation, ServeResult
from xbarsim.scenario.serve_run import ServeBench, ServeRun, Stint
from xbarsim.scenario.serve_spec import NO_RATE, UNKNOWABLE, Resident, Serve, Tenant, at_rate
from xbarsim.spec.chip import Chip
from xbarsim.workload.routing import router_text

SATURATING = 200  # requests of a run that looks for the saturation point
CONFIDENCE = 0.95  # of the intervals, where no precision is asked for


def serve(
    chip: Chip, tenants: Sequence[Tenant], scenario: Serve, report: Report | None = None
) -> ServeResult:
    """Run networks on a chip under load.

    Raises: MappingError if they do not fit, SimulationError if the run cannot end or breaks a law.
    """
    bench = _bench(chip, tenants, scenario.granularity)
    stints = tuple(_stint(tenant.asked, scenario) for tenant in tenants)
    run = bench.run(stints, scenario.seed, told(report, "requests"))
    result = _result(run, tenants, scenario)
    if not scenario.curve:
        return result
    if len(tenants) > 1:
        raise ValueError("Serve.curve: a load curve is of one network; several were given")
    if isinstance(stints[0].arrivals, Saturated):
        raise ValueError(NO_RATE)
    point = _saturation(bench, stints[0], max(SATURATING, scenario.requests or 0), scenario.seed, report)
    curve = tuple(_at_load(bench, stints[0], scenario, load, point, report) for load in scenario.curve)
    return replace(result, saturation=point, curve=curve)


def saturation(
    chip: Chip,
    tenant: Tenant,
    requests: int = SATURATING,
    granularity: Granularity = Granularity.BURST,
    report: Report | None = None,
) -> Saturation:
    """The most requests a second that a chip takes, and the stations that keep it from taking more."""
    demand_count("requests", requests, 2)
    bench = _bench(chip, (tenant,), granularity)
    asked = tenant.asked
    stint = Stint(Saturated(), asked.batching, asked.admission_limit, None, requests, None)
    return _saturation(bench, stint, requests, 0, report)


def _bench(chip: Chip, tenants: Sequence[Tenant], granularity: Granularity) -> ServeBench:
    graphs = named_apart([tenant.graph for tenant in tenants])
    lodgers = [
        Lodger(graph, tenant.activation_bits, tenant.share)
        for graph, tenant in zip(graphs, tenants, strict=True)
    ]
    routers = [tenant.router for tenant in tenants]
    return ServeBench(chip, Floor(chip), map_residents(chip, lodgers), granularity, routers)


def _stint(resident: Resident, scenario: Serve) -> Stint:
    if scenario.precision is not None and isinstance(resident.arrivals, Saturated):
        raise ValueError(UNKNOWABLE)
    return Stint(
        resident.arrivals,
        resident.batching,
        resident.admission_limit,
        resident.queue_limit,
        scenario.requests,
        scenario.precision,
    )


def _saturation(
    bench: ServeBench, stint: Stint, requests: int, seed: int, report: Report | None
) -> Saturation:
    asked = replace(stint, arrivals=Saturated(), queue_limit=None, requests=requests, precision=None)
    run = bench.run((asked,), seed, told(report, "saturation"))
    laws = demanded(serve_laws(run))
    books = run.books[0]
    warm_up, end = books.warm_up(), books.end
    assert end is not None
    start = books.marks.at(warm_up.cut)
    interval_ps = (end.time_ps - start.time_ps) / (end.completed - start.completed)
    return Saturation(
        1e12 / interval_ps,
        interval_ps,
        requests,
        start.completed,
        books.inside.largest,
        warm_up.visible,
        bottlenecks(run),
        laws,
    )


def _at_load(
    bench: ServeBench, stint: Stint, scenario: Serve, load: float, point: Saturation, report: Report | None
) -> CurvePoint:
    rate_hz = load * point.per_s
    asked = replace(stint, arrivals=at_rate(stint.arrivals, rate_hz))
    run = bench.run((asked,), scenario.seed, told(report, f"load {load:g}"))
    demanded(serve_laws(run))
    one = served(run, 0, (), _confidence(scenario), 1.0, "")
    return CurvePoint(load, rate_hz, one.measured, one.estimate("mean"), one.estimate("p99"), one.state)


def _result(run: ServeRun, tenants: Sequence[Tenant], scenario: Serve) -> ServeResult:
    chip, shop = run.chip, run.shop
    laws = demanded(serve_laws(run))
    energy = (*action_rows(chip, shop.metas), *state_rows(chip, shop, run.ledger, run.elapsed_ps))
    return ServeResult(
        chip=chip.name,
        networks=tuple(
            served(run, number, energy, _confidence(scenario), tenant.share, tenant.workload_sha256)
            for number, tenant in enumerate(tenants)
        ),
        scenario="serve",
        end_ps=run.end_ps,
        elapsed_ps=run.elapsed_ps,
        energy=energy,
        stations=station_rows(run),
        area=area_rows(shop.floor),
        sources=source_rows(chip),
        calibrated=fitted(chip),
        laws=laws,
        notes=tuple(dict.fromkeys(note for program in run.programs for note in program.notes)),
        provenance=_provenance(chip, tenants, scenario),
        requests=sum(books.completed for books in run.books),
    )


def _confidence(scenario: Serve) -> float:
    return scenario.precision.confidence if scenario.precision is not None else CONFIDENCE


def _provenance(chip: Chip, tenants: Sequence[Tenant], scenario: Serve) -> Mapping[str, Any]:
    precision = scenario.precision
    asked = {
        "name": "serve",
        "requests": scenario.requests,
        "precision": None
        if precision is None
        else f"{precision.figure} {precision.relative * 100:g} % at {precision.confidence * 100:g} %",
        "curve": list(scenario.curve),
    }
    return {
        "spec_sha256": chip.sha256,
        "workload_sha256": [tenant.workload_sha256 for tenant in tenants],
        "scenario": asked,
        "arrivals": [arrivals_text(tenant.asked.arrivals) for tenant in tenants],
        "batching": [batching_text(tenant.asked.batching) for tenant in tenants],
        "router": [router_text(tenant.router) for tenant in tenants],
        "granularity": str(scenario.granularity),
        "seed": scenario.seed,
        "versions": versions("scipy"),
    }
