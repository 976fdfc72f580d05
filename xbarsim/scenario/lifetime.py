"""Scenario `lifetime`: years of a chip, with its cells' drift and wear and what is done against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from xbarsim.analog.codebook import Codebook, fit
from xbarsim.analog.settings import Numerics
from xbarsim.errors import MappingError
from xbarsim.maintenance.life import Learnt, Life
from xbarsim.maintenance.policy import Policy
from xbarsim.maintenance.schedule import PS_PER_S, Part
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plan import map_network
from xbarsim.mapping.program import Program
from xbarsim.scenario.bench import Report, told
from xbarsim.scenario.laws import demanded
from xbarsim.scenario.ledger import area_rows
from xbarsim.scenario.lifetime_energy import Costs
from xbarsim.scenario.lifetime_latency import tail
from xbarsim.scenario.lifetime_laws import lifetime_laws
from xbarsim.scenario.lifetime_load import Load
from xbarsim.scenario.lifetime_policy import PolicyRun, stand_for
from xbarsim.scenario.lifetime_result import LifetimeResult, LogRow, PolicyLife
from xbarsim.scenario.lifetime_run import LifetimeBench
from xbarsim.scenario.lifetime_spec import MOST_IN_FULL, Lifetime
from xbarsim.scenario.lifetime_wear import wear
from xbarsim.scenario.origin import fitted, source_rows, versions
from xbarsim.scenario.serve_measure import arrivals_text
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import OpGraph

LOG_ROWS = 200  # kept of each policy


def lifetime(
    chip: Chip,
    graph: OpGraph,
    scenario: Lifetime,
    bits: int | None = None,
    workload_sha256: str = "",
    learnt: Learnt | None = None,
    report: Report | None = None,
) -> LifetimeResult:
    """Live through all ages under each policy.

    learnt: weights and data; without them time, energy and writes are told, but no accuracy.
    Raises: MappingError for what the chip does not have or say, SimulationError if a run cannot end.
    """
    program = map_network(chip, graph, bits)
    numerics, book = (None, None) if learnt is None else _numerics(chip, program, learnt, scenario)
    bench = _bench(chip, program, scenario, book)
    load = _load(scenario, program)
    _demand_short(scenario, load)
    policies = []
    for policy in scenario.policies:
        run = _lived(bench, policy, scenario, load, learnt, numerics, report)
        policies.append(_told(run, bench, chip))
    return LifetimeResult(
        chip=chip.name,
        workload=graph.name,
        scenario="lifetime",
        arrivals=", then ".join(
            arrivals_text(one) + (f" from {start_s:g} s" if start_s else "") for start_s, one in scenario.load
        ),
        horizon_s=scenario.ages_s[-1],
        seeds=scenario.networks if learnt is not None else 0,
        accuracy_float=None if learnt is None else learnt.accuracy(),
        alone_ps=int(bench.one_request().latency_ps[0]),
        policies=tuple(policies),
        area=area_rows(bench.shop.floor),
        sources=source_rows(chip),
        calibrated=fitted(chip),
        provenance=_provenance(chip, workload_sha256, scenario),
    )


def _lived(
    bench: LifetimeBench,
    policy: Policy,
    scenario: Lifetime,
    load: Load,
    learnt: Learnt | None,
    numerics: Numerics | None,
    report: Report | None,
) -> PolicyRun:
    lives: list[Life] = []
    if learnt is not None and numerics is not None:
        seeds = range(scenario.seed, scenario.seed + scenario.networks)
        lives = [Life(learnt.first(scenario.samples), numerics, policy, seed) for seed in seeds]
    elif policy.threshold is not None:
        raise MappingError(
            f"{bench.program.graph.name}: a policy with a threshold needs its weights, which the workload does not "
            f"name. Give 'weights' in the workload file, or a policy without 'above'"
        )
    parts, by_tile = _parts(bench.program)
    probes = {path: len(layer.probe()) for path, layer in lives[0].layers.items()} if lives else {}
    rows = {name: cut.matrix.rows * cut.matrix.groups for name, cut in bench.program.cuts.items()}
    run = PolicyRun(bench, policy, scenario, load, lives, parts, by_tile, probes, rows)
    ends = set(scenario.ages_s) | {start_s for start_s, _ in scenario.load}
    ages_ps = sorted(round(s * PS_PER_S) for s in ends if 0 < s <= scenario.ages_s[-1])
    run.live(ages_ps, told(report, policy.text))
    return run


def _told(run: PolicyRun, bench: LifetimeBench, chip: Chip) -> PolicyLife:
    quiet = run.sampler.quiet(0)
    costs = Costs(bench, quiet)
    ages = run.age_rows(costs)
    jobs = run.jobs(run.stints)
    end_ps = run.stints[-1].end_ps
    if not run.scenario.jump:
        jobs = run.whole.jobs
    energy = costs.rows(jobs, end_ps)
    samples = [one for stint in run.stints for one in stint.samples]
    affected = [one for stint in run.stints for one in stint.affected]
    first = run.lives[0] if run.lives else None
    return PolicyLife(
        policy=run.policy.text,
        threshold=run.policy.threshold,
        floors=dict(first.floors(end_ps / PS_PER_S))
        if first is not None and run.policy.threshold is not None
        else {},
        ages=ages,
        tail=tail(samples, sum(stint.requests for stint in run.stints)),
        affected=tail(affected, stand_for(affected)),
        lost=run.lost(run.stints),
        turn_ps=run.turn_ps,
        energy=energy,
        wear=None if first is None else wear(first, ages),
        log=tuple(LogRow(e.at_s, e.layers, e.distances, e.times, e.every_s) for e in run.log[:LOG_ROWS]),
        log_left_out=max(0, len(run.log) - LOG_ROWS),
        laws=demanded(lifetime_laws(run, costs, jobs, ages, energy)),
        notes=tuple(_notes(run, costs, chip)),
    )


def _notes(run: PolicyRun, costs: Costs, chip: Chip) -> list[str]:
    notes = list(run.bench.program.notes)
    if not run.lives:
        notes.append("the workload names no weights: accuracy and wear are not simulated")
    elif any(len(copies) > 1 for copies in run.bench.program.copies.values()):
        notes.append("matrices stand on the chip in several copies: accuracy is that of their first copies")
    if run.policy.priority != "upkeep first":
        notes.append("cells are taken as corrected when their turn is due, not some requests later")
    if run.crowded:
        notes.append("turns follow one another so closely that some time in a row was simulated, not windows")
    if run.lost(run.stints) >= 1:
        notes.append(
            "overload: turns take longer than the time between them, and pile up; latency has no meaning"
        )
    elif not run.settled:
        notes.append("overload: after a turn of upkeep the requests that waited were never served up")
    if run.extrapolated:
        notes.append(
            f"{run.extrapolated:,} rounds were not decided one by one: corrections went on at the rate seen before"
        )
    if costs.gates:
        notes.append("how long components are gated is that of the time between turns")
    if run.lives and run.lives[0].endurance() is None:
        notes.append(f"endurance of cells.{run.bench.shop.floor.array.cell} is unknown: no cell wears out")  # type: ignore[attr-defined]
    return notes


# --- what it is made of --------------------------------------------------------------------------


def _bench(chip: Chip, program: Program, scenario: Lifetime, book: Codebook | None) -> LifetimeBench:
    probing = any(
        policy.threshold is not None or policy.compensate_every_s is not None for policy in scenario.policies
    )
    bits = 2 * int(book.multiples if book is not None else 8).bit_length()
    return LifetimeBench(chip, program, scenario.granularity, probing, bits)


def _load(scenario: Lifetime, program: Program) -> Load:
    streams = [(round(start_s * PS_PER_S), arrivals) for start_s, arrivals in scenario.load]
    return Load(streams, scenario.seed, program.graph.name)


def _demand_short(scenario: Lifetime, load: Load) -> None:
    """Raises: ValueError for a life that nobody can wait for without jumps."""
    if scenario.jump:
        return
    rates = [arrivals.mean_rate_hz or 0.0 for _, arrivals in scenario.load]
    starts = [start_s for start_s, _ in scenario.load]
    ends = [*starts[1:], scenario.ages_s[-1]]
    requests = sum(rate * max(0.0, end - start) for rate, start, end in zip(rates, starts, ends, strict=True))
    if requests > MOST_IN_FULL:
        raise ValueError(
            f"Lifetime.jump is False, and {requests:.3g} requests come until the last age; allowed: "
            f"{MOST_IN_FULL:,}. Give an earlier last age, or let it jump"
        )


def _numerics(
    chip: Chip, program: Program, learnt: Learnt, scenario: Lifetime
) -> tuple[Numerics, Codebook | None]:
    """How products are computed: as asked, or as the chip describes it."""
    numerics = scenario.numerics
    if numerics is None:
        book = _codebook(learnt, scenario) if Floor(chip).beside("code_memory") is not None else None
        numerics = Numerics.of(
            chip, codebook=book, tolerance=scenario.tolerance if book else 0.0, read_noise="held"
        )
    if numerics.cells is None:
        raise MappingError(
            f"{chip.name}: its cells are described without their conductance, so nothing is known of their drift. "
            f"Give cells.{Floor(chip).array.cell} a technology, such as 'include: common/cells/pcm.yaml'"  # type: ignore[attr-defined]
        )
    layers = learnt.layers
    if layers != set(program.cuts):
        raise MappingError(
            f"{program.graph.name}: its layers {sorted(layers)} are not its matrices {sorted(program.cuts)}; "
            f"a life with weights needs one matrix for each Linear and convolution layer"
        )
    return numerics, numerics.codebook


def _codebook(learnt: Learnt, scenario: Lifetime) -> Codebook:
    """One pair of steps for the whole network."""
    return fit(learnt.parameters(), np.random.default_rng(np.random.SeedSequence(scenario.seed))).codebook


def _parts(program: Program) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Whole layers, and the same tile by tile; blocks are those of the first copy, of which numerics know."""
    whole, by_tile = [], []
    for matrix, copies in program.copies.items():
        whole.append(Part(matrix, tuple(range(program.cuts[matrix].blocks))))
        tiles: dict[str, list[int]] = {}
        for number, copy in enumerate(copies):
            for segment in copy.segments:
                blocks = tiles.setdefault(segment.tile, [])
                if number == 0:
                    blocks += range(segment.first_block, segment.first_block + segment.blocks)
        by_tile += [Part(matrix, tuple(blocks), tile) for tile, blocks in tiles.items()]
    return tuple(whole), tuple(by_tile)


def _provenance(chip: Chip, workload_sha256: str, scenario: Lifetime) -> Mapping[str, Any]:
    asked = {
        "name": "lifetime",
        "ages_s": list(scenario.ages_s),
        "policies": [policy.text for policy in scenario.policies],
        "networks": scenario.networks,
        "windows": scenario.windows,
        "requests": scenario.requests,
        "jump": scenario.jump,
        "tolerance": scenario.tolerance,
        "numerics": "as the chip describes it" if scenario.numerics is None else "given",
    }
    return {
        "spec_sha256": chip.sha256,
        "workload_sha256": workload_sha256,
        "scenario": asked,
        "granularity": str(scenario.granularity),
        "seed": scenario.seed,
        "versions": versions("numpy", "torch"),
    }
