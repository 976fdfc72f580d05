"""What is kept of a result in a study: one flat row of figures, each with its unit in its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xbarsim.scenario.lifetime_result import TAIL, LifetimeResult, PolicyLife
from xbarsim.scenario.lifetime_spec import YEAR_S
from xbarsim.scenario.result import AreaRow, Result, SourceRow, StationRow
from xbarsim.scenario.serve_result import Served, ServeResult
from xbarsim.scenario.train_result import TrainResult

Value = float | int | str | None
Better = Literal["less", "more", ""]
Type = Literal["float", "int", "text"]


@dataclass(frozen=True)
class FigureOf:
    """One column of figures: its type, which direction is the better one (if either is), and what it means."""

    name: str
    type: Type
    better: Better
    means: str


FIGURES = (
    FigureOf("latency_ns", "float", "less", "one request alone on the idle chip; of `serve` and `train` the mean"),
    FigureOf("latency_p99_ns", "float", "less", "99th percentile under load (serve, lifetime)"),
    FigureOf("latency_p999_ns", "float", "less", "99.9th percentile (lifetime)"),
    FigureOf("throughput_per_s", "float", "more", "inferences a second in steady state"),
    FigureOf("energy_pj", "float", "less", "of an inference, or a sample (train), static power included"),
    FigureOf("static_pj", "float", "less", "of that, power of states in which no work is done"),
    FigureOf("energy_delay_js", "float", "less", "energy per inference times latency, joule seconds"),
    FigureOf("power_w", "float", "less", "mean power of the run"),
    FigureOf("area_mm2", "float", "less", "silicon, as far as the areas are known"),
    FigureOf("ops_per_s", "float", "more", "effective operations a second; one MAC is two operations"),
    FigureOf("tops_per_w", "float", "more", "effective operations of the run over its energy"),
    FigureOf("tops_per_mm2", "float", "more", "effective operations a second over the area"),
    FigureOf("peak_ops_per_s", "float", "more", "all arrays multiply all the time (infer)"),
    FigureOf("peak_tops_per_w", "float", "more", "peak operations over peak power (infer)"),
    FigureOf("tiles_used", "int", "less", "tiles that hold weights (infer)"),
    FigureOf("arrays_used", "int", "less", "arrays that hold weights"),
    FigureOf("cells_used_share", "float", "more", "used cells over the cells of the tiles that hold weights (infer)"),
    FigureOf("bottleneck", "text", "", "component whose station serves most of the run; several, if in step"),
    FigureOf("bottleneck_share", "float", "", "that part"),
    FigureOf("program_pj", "float", "less", "energy of loading the weights, where it is known (infer)"),
    FigureOf("accuracy", "float", "more", "share of the test set that is classified rightly, where that is measured"),
    FigureOf("lifetime_years", "float", "more", "until the first cell is worn out, written as in the end; infinite "
             "where nothing is written (lifetime)"),
    FigureOf("writes_per_cell", "float", "less", "mean writes of a cell until the end (lifetime, train)"),
    FigureOf("most_writes", "float", "less", "of any cell (lifetime, train)"),
    FigureOf("training_s", "float", "less", "of the whole training (train)"),
    FigureOf("training_j", "float", "less", "energy of the whole training (train)"),
    FigureOf("upkeep_share", "float", "less", "of the energy, correcting and probing (lifetime)"),
    FigureOf("lost_share", "float", "less", "of the time, upkeep keeps the idle chip from computing (lifetime)"),
    FigureOf("macs", "int", "", "multiply-accumulates of one inference"),
    FigureOf("unknown_energies", "int", "", "prices and powers that are unknown: with any, energy is a lower bound"),
    FigureOf("unknown_areas", "int", "", "parts whose area is unknown: with any, area is a lower bound"),
)  # fmt: skip
BY_NAME = {figure.name: figure for figure in FIGURES}
NUMBERS = tuple(figure.name for figure in FIGURES if figure.type != "text")


def figures_of(result: Result | ServeResult | LifetimeResult | TrainResult) -> dict[str, Value]:
    """Every figure by name; None where this kind of result does not have it."""
    if isinstance(result, LifetimeResult):
        told = _lived(result)
    elif isinstance(result, TrainResult):
        told = _trained(result)
    else:
        told = _served(result) if isinstance(result, ServeResult) else _inferred(result)
    return {figure.name: told.get(figure.name) for figure in FIGURES}


def _inferred(result: Result) -> dict[str, Value]:
    energy_pj, latency_ns = result.energy_per_request_pj, result.latency.alone_ns
    used = [tile for tile in result.tiles if tile.arrays_used]
    cells = sum(tile.cells for tile in used)
    program = result.programming
    return _shared(result, result.ops_per_s) | {
        "latency_ns": latency_ns,
        "throughput_per_s": result.throughput.per_s,
        "energy_pj": energy_pj,
        "static_pj": result.static_pj / result.requests,
        "energy_delay_js": energy_pj * 1e-12 * latency_ns * 1e-9,
        "tops_per_w": result.tops_per_w if energy_pj else None,
        "peak_ops_per_s": result.peak.ops_per_s,
        "peak_tops_per_w": result.peak.tops_per_w,
        "tiles_used": len(used),
        "arrays_used": sum(tile.arrays_used for tile in used),
        "cells_used_share": sum(tile.cells_used for tile in used) / cells if cells else None,
        "program_pj": program.energy_pj if program.energy_known else None,
        "macs": result.macs_per_request,
    }


def _served(result: ServeResult) -> dict[str, Value]:
    """Of one network under load."""
    (served,) = result.networks
    latency = served.latency_ns
    ops_per_s = 2 * served.macs_per_request * served.throughput_per_s
    return _shared(result, ops_per_s) | {
        "latency_ns": latency.mean,
        "latency_p99_ns": latency.p99,
        "throughput_per_s": served.throughput_per_s,
        "energy_pj": served.energy_pj,
        "static_pj": served.static_pj,
        "energy_delay_js": _energy_delay_js(served, latency.mean),
        "tops_per_w": 2 * served.macs_per_request / served.energy_pj if served.energy_pj else None,
        "arrays_used": served.arrays,
        "macs": served.macs_per_request,
    }


def _lived(result: LifetimeResult) -> dict[str, Value]:
    """Of the first policy; accuracy and writes at the last age, all else of the whole life."""
    life = result.policies[0]
    last, quantiles_ps = life.ages[-1], dict(zip(TAIL, life.tail.quantiles_ps, strict=True))
    requests = max(1, life.requests)
    mean_ns, area_mm2 = _nanoseconds(life.tail.mean_ps), sum(row.area_um2 for row in result.area) / 1e6
    return {
        "latency_ns": mean_ns,
        "latency_p99_ns": _nanoseconds(quantiles_ps["p99"]),
        "latency_p999_ns": _nanoseconds(quantiles_ps["p99.9"]),
        "throughput_per_s": life.requests / result.horizon_s,
        "energy_pj": life.pj_per_inference,
        "static_pj": sum(row.static_pj for row in life.ages) / requests,
        "energy_delay_js": None if mean_ns is None else life.pj_per_inference * 1e-12 * mean_ns * 1e-9,
        "power_w": life.energy_pj * 1e-12 / result.horizon_s,
        "area_mm2": area_mm2 or None,
        "accuracy": last.accuracy,
        "lifetime_years": _lifetime_years(life, result.horizon_s),
        "writes_per_cell": last.writes,
        "most_writes": last.most_writes,
        "upkeep_share": life.upkeep_share,
        "lost_share": life.lost,
        "unknown_energies": unknown_energies(result.sources),
        "unknown_areas": unknown_areas(result.area),
    }


def _trained(result: TrainResult) -> dict[str, Value]:
    """Of the first algorithm, at the end of training."""
    one = result.trainings[0]
    area_mm2 = sum(row.area_um2 for row in result.area) / 1e6
    cells = sum(row.cells for row in one.wear)
    return {
        "latency_ns": one.ps_per_sample / 1e3,
        "throughput_per_s": 1e12 / one.ps_per_sample,
        "energy_pj": one.pj_per_sample,
        "static_pj": one.static_pj,
        "energy_delay_js": one.pj_per_sample * 1e-12 * one.ps_per_sample * 1e-12,
        "power_w": result.mean_power_w,
        "area_mm2": area_mm2 or None,
        "accuracy": one.accuracy,
        "writes_per_cell": one.samples * sum(row.mean * row.cells for row in one.wear) / cells,
        "most_writes": one.samples * max(row.most for row in one.wear),
        "training_s": one.elapsed_ps * 1e-12,
        "training_j": one.energy_pj * 1e-12,
        "unknown_energies": unknown_energies(result.sources),
        "unknown_areas": unknown_areas(result.area),
    }


def _lifetime_years(life: PolicyLife, horizon_s: float) -> float | None:
    """When the first cell was worn out, or will be."""
    wear = life.wear
    if wear is None:
        return None
    if wear.first_failed:
        return wear.first_failed[0].age_s / YEAR_S
    remaining_s = dict(wear.remaining_s).get(None)
    return None if remaining_s is None else (horizon_s + remaining_s) / YEAR_S


def _nanoseconds(picoseconds: float | None) -> float | None:
    return None if picoseconds is None else picoseconds / 1e3


def _energy_delay_js(served: Served, latency_ns: float | None) -> float | None:
    return None if latency_ns is None else served.energy_pj * 1e-12 * latency_ns * 1e-9


def _shared(result: Result | ServeResult, ops_per_s: float) -> dict[str, Value]:
    """What every kind of result tells by its rows of energy, area, stations and sources."""
    area_mm2 = result.area_mm2
    busiest, share = busiest_stations(result.stations, result.elapsed_ps)
    return {
        "power_w": result.mean_power_w,
        "area_mm2": area_mm2 or None,
        "ops_per_s": ops_per_s,
        "tops_per_mm2": ops_per_s / 1e12 / area_mm2 if area_mm2 else None,
        "bottleneck": ", ".join(busiest) or None,
        "bottleneck_share": share if busiest else None,
        "unknown_energies": unknown_energies(result.sources),
        "unknown_areas": unknown_areas(result.area),
    }


def busiest_stations(stations: tuple[StationRow, ...], elapsed_ps: int) -> tuple[list[str], float]:
    """Components of the stations whose servers are in service longest (several move in step), and their share."""
    most_ps = max((row.busy_ps / row.servers for row in stations), default=0.0)
    names = {row.component for row in stations if row.busy_ps / row.servers == most_ps > 0}
    return sorted(names), most_ps / elapsed_ps if elapsed_ps else 0.0


def unknown_energies(sources: tuple[SourceRow, ...]) -> int:
    """Prices and powers that nobody published."""
    keys = (row.key.rpartition(".")[2] for row in sources if row.status == "unknown")
    return sum("energy" in key or "power" in key for key in keys)


def unknown_areas(area: tuple[AreaRow, ...]) -> int:
    return sum(not row.known for row in area)
