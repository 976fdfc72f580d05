"""Scenario `lifetime`: years of a chip, with its cells' drift and wear and what is done against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xbarsim.analog.codebook import preset
from xbarsim.analog.settings import Numerics
from xbarsim.errors import MappingError
from xbarsim.maintenance.life import Learnt, Life
from xbarsim.maintenance.policy import Policy
from xbarsim.maintenance.schedule import PS_PER_S, Part
from xbarsim.mapping.plan import map_network
from xbarsim.mapping.program import Program
from xbarsim.scenario.bench import Report, told
from xbarsim.scenario.ledger import area_rows
from xbarsim.scenario.lifetime_load import Load
from xbarsim.scenario.lifetime_numerics import ageing_told, demand_ageing, numerics_of
from xbarsim.scenario.lifetime_policy import PolicyRun
from xbarsim.scenario.lifetime_result import LifetimeResult
from xbarsim.scenario.lifetime_run import LifetimeBench
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.scenario.lifetime_told import load_text, policy_life, provenance
from xbarsim.scenario.origin import fitted, source_rows
from xbarsim.scenario.serve_measure import arrivals_text
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import OpGraph


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
    Raises: MappingError for what the chip does not have or say, or more requests than it can take; SimulationError if
    a run cannot end.
    """
    program = map_network(chip, graph, bits)
    learnt = None if learnt is None else learnt.first(scenario.samples)
    numerics = None if learnt is None else numerics_of(chip, program, learnt, scenario)
    _demand_weights(program, scenario, learnt)
    bench = _bench(chip, program, scenario, numerics)
    _demand_capacity(bench, scenario)
    if numerics is not None:
        demand_ageing(chip, numerics, scenario)
    lived = [_lived(bench, policy, scenario, learnt, numerics, report) for policy in scenario.policies]
    return _told(
        bench, scenario, learnt, lived, provenance(chip, workload_sha256, scenario, learnt, numerics)
    )


def _told(
    bench: LifetimeBench,
    scenario: Lifetime,
    learnt: Learnt | None,
    lived: Sequence[PolicyRun],
    origin: Mapping[str, Any],
) -> LifetimeResult:
    chip = bench.chip
    return LifetimeResult(
        chip=chip.name,
        workload=bench.program.graph.name,
        scenario="lifetime",
        arrivals=load_text(scenario.load),
        horizon_s=scenario.ages_s[-1],
        seeds=scenario.networks if learnt is not None else 0,
        accuracy_float=None if learnt is None else learnt.accuracy(),
        alone_ps=int(bench.one_request().latency_ps[0]),
        policies=tuple(policy_life(run, bench) for run in lived),
        area=area_rows(bench.shop.floor),
        sources=source_rows(chip),
        calibrated=fitted(chip),
        provenance=origin,
    )


def _lived(
    bench: LifetimeBench,
    policy: Policy,
    scenario: Lifetime,
    learnt: Learnt | None,
    numerics: Numerics | None,
    report: Report | None,
) -> PolicyRun:
    lives: list[Life] = []
    if learnt is not None and numerics is not None:
        seeds = range(scenario.seed, scenario.seed + scenario.networks)
        lives = [Life(learnt, numerics, policy, seed) for seed in seeds]
    parts, by_tile = _parts(bench.program)
    probes = {path: len(layer.probe()) for path, layer in lives[0].layers.items()} if lives else {}
    rows = {name: cut.matrix.rows * cut.matrix.groups for name, cut in bench.program.cuts.items()}
    load = _load(scenario, bench.program)
    run = PolicyRun(bench, policy, scenario, load, lives, parts, by_tile, probes, rows)
    ends = {round(s * PS_PER_S) for s in (*scenario.ages_s, *(start_s for start_s, _ in scenario.load))}
    horizon_ps = round(scenario.ages_s[-1] * PS_PER_S)
    with ageing_told(bench.chip, policy):
        run.live(sorted(end for end in ends if 0 < end <= horizon_ps), told(report, policy.text))
    return run


# --- what it is made of --------------------------------------------------------------------------


def _bench(chip: Chip, program: Program, scenario: Lifetime, numerics: Numerics | None) -> LifetimeBench:
    policies = scenario.policies
    writing = any(policy.every_s is not None for policy in policies)
    probing = any(
        policy.threshold is not None or policy.compensate_every_s is not None for policy in policies
    )
    book = numerics.codebook if numerics is not None else None
    code_bits = 2 * int((book or preset()).multiples).bit_length()
    return LifetimeBench(chip, program, scenario.granularity, writing, probing, code_bits)


def _load(scenario: Lifetime, program: Program) -> Load:
    streams = [(round(start_s * PS_PER_S), arrivals) for start_s, arrivals in scenario.load]
    return Load(streams, scenario.seed, program.graph.name)


def _demand_weights(program: Program, scenario: Lifetime, learnt: Learnt | None) -> None:
    """Raises: MappingError if a policy cannot decide without weights, or nothing asks for a temperature."""
    if scenario.temperature_kelvin is not None and learnt is None:
        raise MappingError(
            f"{program.graph.name}: a temperature is that of cells that hold weights, and the workload does not name "
            f"weights and data. Give 'weights' and 'data' in the workload file, or leave --temperature out"
        )
    asking = [policy.text for policy in scenario.policies if policy.threshold is not None]
    if asking and learnt is None:
        raise MappingError(
            f"{program.graph.name}: '{asking[0]}' has a threshold, and so needs weights and data, which the workload "
            f"does not name. Give 'weights' and 'data' in the workload file, or a policy without 'above'"
        )


def _demand_capacity(bench: LifetimeBench, scenario: Lifetime) -> None:
    """Raises: MappingError if requests come faster than they can be served."""
    station, most_hz = bench.narrowest()
    streams = [one for _, one in scenario.load if (one.mean_rate_hz or 0.0) >= most_hz]
    if streams:
        raise MappingError(
            f"{bench.program.graph.name} on {bench.chip.name}: overload by "
            f"{' and '.join(repr(arrivals_text(one)) for one in streams)}: {station} takes {most_hz:.4g} requests a "
            f"second at most, so that ever more wait. Let fewer come, or allow copies (mapping.replicate)"
        )


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
