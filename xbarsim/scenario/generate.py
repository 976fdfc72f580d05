"""Scenario `generate`: requests to a language model, each a prompt that is read and an answer, token by token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import WorkloadError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.state_pair import Pair, map_generation
from xbarsim.scenario.arrivals import Arrivals, Saturated
from xbarsim.scenario.bench import Report, told
from xbarsim.scenario.generate_bench import GenerateBench, Generated
from xbarsim.scenario.generate_door import Course
from xbarsim.scenario.generate_laws import generate_laws, moved_bits, state_bits
from xbarsim.scenario.generate_result import GenerateResult, KvReport, RequestRow
from xbarsim.scenario.laws import demanded, once, program_laws
from xbarsim.scenario.ledger import action_rows, area_rows, state_rows
from xbarsim.scenario.measure import busiest_arrays_ps, station_rows, tile_rows
from xbarsim.scenario.origin import fitted, mode_notes, rounding_notes, source_rows, versions
from xbarsim.scenario.result import EnergyRow, Law
from xbarsim.scenario.statistics import Estimate, Latencies
from xbarsim.spec.chip import Chip
from xbarsim.workload.generation import Generation
from xbarsim.workload.graph import OpKind
from xbarsim.workload.routing import router_text

FIGURES = ("mean", "p50", "p95", "p99")


@dataclass(frozen=True)
class Generate:
    """Requests to a language model: prompts that are read at once, then tokens one after the other.

    requests: how many come; arrivals: when; all at time 0 if not said.
    at_once: the most that are let in at a time; None: as many as there is room for keys and values.
    seed: of the arrivals.
    granularity: `burst` works the events out in compiled code, `mvm` one by one in SimPy; the results are the same.
    """

    requests: int = 4
    arrivals: Arrivals = field(default_factory=Saturated)
    at_once: int | None = None
    seed: int = 0
    granularity: Granularity = Granularity.BURST

    def __post_init__(self) -> None:
        for name, least in (("requests", 1), ("at_once", 1), ("seed", 0)):
            value = getattr(self, name)
            if value is None and name == "at_once":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"Generate.{name} is {value!r}; allowed: a whole number from {least}")


def generate(
    chip: Chip, generation: Generation, scenario: Generate | None = None, report: Report | None = None
) -> GenerateResult:
    """Run a language model on a chip: one request alone, then all of them, their tokens between one another's.

    Raises: MappingError if it does not fit, SimulationError if the run cannot end or breaks a law.
    """
    scenario = scenario or Generate()
    if generation.weight_bits is not None:
        chip = chip.storing(generation.weight_bits)
    pair = map_generation(chip, generation, scenario.at_once, scenario.requests)
    bench = GenerateBench(chip, Floor(chip), pair, generation, scenario.granularity)
    arrivals_ps = _arrivals(scenario)
    alone = bench.run((0,), told(report, "one request alone"))
    laws = (*program_laws(pair.prefill), *generate_laws(bench, alone))
    first = _row(alone.door.courses[0])
    done = alone
    if arrivals_ps != [0]:
        done = bench.run(arrivals_ps, told(report, "all requests"))
        laws = (*laws, *generate_laws(bench, done))
    return _result(bench, scenario, first, done, once(demanded(laws)))


def _arrivals(scenario: Generate) -> list[int]:
    times = list(islice(scenario.arrivals.times_ps(np.random.default_rng(scenario.seed)), scenario.requests))
    if len(times) < scenario.requests:
        raise WorkloadError(
            f"{len(times)} arrivals are recorded, {scenario.requests} requests are asked for; record more, or ask for "
            f"{len(times)}"
        )
    return times


def _row(course: Course) -> RequestRow:
    return RequestRow(course.arrival_ps, course.admitted_ps, tuple(course.tokens_ps))


def _result(
    bench: GenerateBench, scenario: Generate, alone: RequestRow, done: Generated, laws: tuple[Law, ...]
) -> GenerateResult:
    chip, asked, run, pair = bench.chip, bench.generation, done.run, bench.pair
    rows = tuple(_row(course) for course in done.door.courses)
    return GenerateResult(
        chip=chip.name,
        workload=asked.name,
        scenario="generate",
        requests=run.requests,
        prompt_tokens=asked.prompt_tokens,
        tokens=asked.tokens,
        at_once=pair.kept.requests,
        inside=done.door.most_inside,
        elapsed_ps=run.elapsed_ps,
        alone=alone,
        rows=rows,
        first_token=_estimates(row.first_token_ps for row in rows),
        per_token=_estimates(_gaps(rows)) if asked.tokens > 1 else (),
        macs_per_request=bench.macs,
        kv=_kv(bench, done),
        energy=_energy(bench, done),
        stations=station_rows(run),
        tiles=tile_rows(run.shop.floor, pair.prefill, busiest_arrays_ps(run), run.elapsed_ps),
        area=area_rows(run.shop.floor),
        sources=source_rows(chip),
        calibrated=fitted(chip),
        laws=laws,
        notes=_notes(bench, pair),
        provenance=_provenance(chip, asked, scenario),
    )


def _gaps(rows: tuple[RequestRow, ...]) -> list[int]:
    """Times of all further tokens, in the order in which they came out."""
    ends = [(end, gap) for row in rows for end, gap in zip(row.tokens_ps[1:], row.gaps_ps, strict=True)]
    return [gap for _, gap in sorted(ends, key=lambda pair: pair[0])]


def _estimates(latencies_ps: Iterable[int]) -> tuple[Estimate, ...]:
    found = Latencies()
    found.extend(list(latencies_ps))
    return tuple(found.estimate(figure) for figure in FIGURES)


def _energy(bench: GenerateBench, done: Generated) -> tuple[EnergyRow, ...]:
    run = done.run
    rows = state_rows(bench.chip, run.shop, run.ledger, run.elapsed_ps)
    return (*action_rows(bench.chip, run.shop.metas), *rows)


def _kv(bench: GenerateBench, done: Generated) -> KvReport:
    kept, asked = bench.pair.kept, bench.generation
    bits = state_bits(asked.prefill, OpKind.STORE, bench.pair.prefill.activation_bits) // asked.prompt_tokens
    read, written = (
        moved_bits(done.run.shop.metas, bench.pair, kind) for kind in (OpKind.STATE, OpKind.STORE)
    )
    return KvReport(
        kept.place, kept.part, bits, kept.bits_per_request, bits * done.door.most_kept,
        kept.capacity_bits * len(kept.bits), read, written,
    )  # fmt: skip


def _notes(bench: GenerateBench, pair: Pair) -> tuple[str, ...]:
    chip = bench.chip
    gates = (note for gates in bench.gates for note in gates.notes)
    return tuple(
        dict.fromkeys(
            (*mode_notes(chip), *pair.prefill.notes, *pair.decode.notes, *gates, *rounding_notes(chip))
        )
    )


def _provenance(chip: Chip, asked: Generation, scenario: Generate) -> dict[str, Any]:
    from hashlib import sha256

    graphs = [(graph.ops, sorted(graph.matrices.items())) for graph in (asked.prefill, asked.decode)]
    return {
        "spec_sha256": chip.sha256,
        "workload_sha256": sha256(repr(graphs).encode()).hexdigest(),
        "scenario": {
            "name": "generate",
            "requests": scenario.requests,
            "arrivals": repr(scenario.arrivals),
            "at_once": scenario.at_once,
            "prompt_tokens": asked.prompt_tokens,
            "tokens": asked.tokens,
        },
        "router": router_text(asked.router),
        "granularity": str(scenario.granularity),
        "seed": scenario.seed,
        "versions": versions(),
    }
