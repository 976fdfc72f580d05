"""What a reader asks first, each figure with the words that keep it honest."""

from __future__ import annotations

from dataclasses import dataclass

from xbarsim.report.multiplexed import lifetime_words, rewriting_words
from xbarsim.report.quantities import (
    UNKNOWN,
    divided,
    format_area,
    format_count,
    format_number,
    format_percentile,
    format_pj,
    format_ps,
    format_quantity,
    format_share,
)
from xbarsim.report.views import Measured
from xbarsim.scenario.result import Result


@dataclass(frozen=True)
class Figure:
    """One figure: its name, the number with its unit, and what to know when reading it."""

    label: str
    value: str
    detail: str = ""


def headline(result: Result) -> tuple[Figure, ...]:
    """The figures in the order of interest; the first eight are the cards of the page."""
    return (
        _latency(result),
        _throughput(result),
        _energy(result),
        _power(result),
        _compute(result),
        _efficiency(result),
        _area(result),
        _density(result),
        _under_load(result),
        Figure(
            "Work",
            format_quantity(result.macs_per_request, "MAC"),
            "per inference; one MAC is two operations",
        ),
        _programming(result),
        *_phases(result),
        _run(result),
    )


def _phases(result: Result) -> tuple[Figure, ...]:
    told = result.multiplex
    if told is None:
        return ()
    return (
        Figure("Time multiplexing", *rewriting_words(told)),
        Figure("Lifetime", *lifetime_words(told)),
    )


def _writes_unknown(result: Result) -> bool:
    """Whether cells are written during the run in a time that nobody has published."""
    return result.multiplex is not None and not result.multiplex.time_known


def static_share(result: Result) -> float | None:
    """Energy of power states over time, as a share of all energy."""
    return divided(result.static_pj, result.energy_pj)


def unknown_areas(result: Measured) -> tuple[str, ...]:
    return tuple(row.component for row in result.area if not row.known)


def _latency(result: Result) -> Figure:
    bound, unknown = ("≥ ", "; writing cells counts as nothing") if _writes_unknown(result) else ("", "")
    detail = f"one inference alone on the idle chip{unknown}"
    return Figure("Latency", bound + format_ps(result.latency.alone_ps), detail)


def _under_load(result: Result) -> Figure:
    samples = result.latency.samples_ps
    if not samples:
        return Figure("Latency under load", UNKNOWN, "no request was measured")
    middle, late = format_percentile(samples, 0.5), format_percentile(samples, 0.99)
    measured, longest = _plural(len(samples), "request"), format_ps(max(samples))
    detail = f"median of {measured}; 99th percentile {late}, longest {longest}"
    return Figure("Latency under load", middle, detail)


def _throughput(result: Result) -> Figure:
    interval_ps = result.throughput.interval_ps
    per_s = divided(1e12, interval_ps)
    state = "steady" if result.throughput.steady else "not yet steady: give more requests"
    bound = "≤ " if _writes_unknown(result) else ""
    return Figure(
        "Throughput",
        f"{bound}{format_number(per_s)} /s",
        f"one inference every {format_ps(interval_ps)}; {state}",
    )


def unknown_energies(result: Measured) -> int:
    """How many prices and powers nobody published: with any, energy and power are lower bounds."""
    keys = (row.key.rpartition(".")[2] for row in result.sources if row.status == "unknown")
    return sum("energy" in key or "power" in key for key in keys)


def _at_least(result: Result) -> str:
    return "≥ " if unknown_energies(result) else ""


def _energy(result: Result) -> Figure:
    per_inference_pj = divided(result.energy_pj, result.requests)
    unknown = unknown_energies(result)
    counted = f"; {unknown} unknown prices and powers count as nothing" if unknown else ""
    detail = f"{format_share(static_share(result))} static{counted}"
    return Figure("Energy per inference", _at_least(result) + format_pj(per_inference_pj), detail)


def _power(result: Result) -> Figure:
    peak = format_quantity(result.peak.power_w, "W")
    power = format_quantity(divided(result.energy_pj, result.elapsed_ps), "W")
    return Figure(
        "Mean power",
        _at_least(result) + power,
        f"of this run, filling and draining included; at peak: {peak}",
    )


def _effective_ops_per_s(result: Result) -> float | None:
    return divided(2e12 * result.macs_per_request, result.throughput.interval_ps)


def _compute(result: Result) -> Figure:
    ops_per_s, peak = _effective_ops_per_s(result), result.peak
    reached = None if ops_per_s is None else divided(ops_per_s, peak.ops_per_s)
    detail = (
        f"{format_share(reached)} of the peak {format_quantity(peak.ops_per_s, 'OPS')} ({_precision(result)})"
    )
    return Figure("Effective compute", format_quantity(ops_per_s, "OPS"), detail)


def _efficiency(result: Result) -> Figure:
    operations = 2 * result.macs_per_request * result.requests
    peak = f"peak {_tera(result.peak.tops_per_w, 'OPS/W')} ({_precision(result)})"
    bound = "≤ " if unknown_energies(result) else ""
    return Figure("Effective efficiency", bound + _tera(divided(operations, result.energy_pj), "OPS/W"), peak)


def _area(result: Result) -> Figure:
    missing = unknown_areas(result)
    if not missing:
        return Figure(
            "Area", format_area(result.area_mm2 * 1e6), f"all {_plural(len(result.area), 'part')} known"
        )
    value = f"≥ {format_area(result.area_mm2 * 1e6)}" if result.area_mm2 else UNKNOWN
    return Figure("Area", value, f"unknown areas: {', '.join(missing)}")


def _density(result: Result) -> Figure:
    ops_per_s = _effective_ops_per_s(result)
    density = None if ops_per_s is None else divided(ops_per_s, result.area_mm2)
    bound = "≤ " if unknown_areas(result) and density is not None else ""
    detail = f"effective; peak {_tera(result.peak.tops_per_mm2, 'OPS/mm²')}"
    return Figure("Compute density", bound + format_quantity(density, "OPS/mm²"), detail)


def _programming(result: Result) -> Figure:
    told = result.programming
    if not told.time_known:
        why = "the chip describes no pulse generator, or its pulses are unknown"
        return Figure("Programming the weights", UNKNOWN, f"{format_count(told.cells)} cells; {why}")
    work = f"{format_number(told.writes_per_cell)} writes per cell, {_plural(told.pulses, 'pulse')}"
    energy = format_pj(told.energy_pj) if told.energy_known else "energy unknown"
    detail = f"{energy}, {work} on {format_count(told.cells)} cells"
    return Figure("Programming the weights", format_ps(told.duration_ps), detail)


def _run(result: Result) -> Figure:
    seconds = result.provenance.get("seconds")
    took = f"; simulated in {format_quantity(seconds, 's')}" if isinstance(seconds, (int, float)) else ""
    return Figure(
        "Run",
        format_ps(result.elapsed_ps),
        f"{_plural(result.requests, 'request')} on the chip's clock{took}",
    )


def _precision(result: Result) -> str:
    return f"{result.peak.input_bits}-bit inputs, {result.peak.weight_bits}-bit weights"


def _tera(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else format_quantity(value * 1e12, unit)


def _plural(count: int, noun: str) -> str:
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"
