"""What is told of a life that was lived: by policy, with its notes, and where it all comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xbarsim.analog.settings import Numerics
from xbarsim.maintenance.life import Learnt
from xbarsim.maintenance.policy import time_text
from xbarsim.maintenance.schedule import PS_PER_S
from xbarsim.scenario.arrivals import Arrivals
from xbarsim.scenario.laws import demanded
from xbarsim.scenario.lifetime_energy import Costs
from xbarsim.scenario.lifetime_latency import Sample, stand_for, tail
from xbarsim.scenario.lifetime_laws import lifetime_laws
from xbarsim.scenario.lifetime_policy import PolicyRun
from xbarsim.scenario.lifetime_result import LogRow, PolicyLife, TailRow, Wear
from xbarsim.scenario.lifetime_run import LifetimeBench
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.scenario.lifetime_wear import wear
from xbarsim.scenario.origin import mode_notes, rounding_notes, versions
from xbarsim.scenario.serve_measure import arrivals_text
from xbarsim.spec.chip import Chip

LOG_ROWS = 200  # kept of each policy


def policy_life(run: PolicyRun, bench: LifetimeBench) -> PolicyLife:
    costs = Costs(bench, run.sampler.quiet(0))
    ages = run.age_rows(costs)
    jobs = run.jobs(run.stints) if run.scenario.jump else run.whole.jobs
    energy = costs.rows(jobs, run.stints[-1].end_ps)
    everyone, affected = _tails(run)
    return PolicyLife(
        policy=run.policy.text,
        threshold=run.policy.threshold,
        floors=_floors(run),
        ages=ages,
        tail=everyone,
        affected=affected,
        lost=run.lost(run.stints),
        turn_ps=run.turn_ps,
        energy=energy,
        wear=_wear(run),
        log=tuple(LogRow(e.at_s, e.layers, e.distances, e.times, e.every_s) for e in run.log[:LOG_ROWS]),
        log_left_out=max(0, len(run.log) - LOG_ROWS),
        laws=demanded(lifetime_laws(run, costs, jobs, ages, energy)),
        notes=tuple(_notes(run, costs)),
    )


def _tails(run: PolicyRun) -> tuple[TailRow, TailRow]:
    """Of all requests of the life, and of those that met upkeep; spans in overload tell nothing of it."""
    if not all(stint.samples or not stint.requests for stint in run.stints):
        return tail([], sum(stint.requests for stint in run.stints)), tail([], 0)
    samples: list[Sample] = [one for stint in run.stints for one in stint.samples]
    affected = [one for stint in run.stints for one in stint.affected]
    return tail(samples, sum(stint.requests for stint in run.stints)), tail(affected, stand_for(affected))


def _floors(run: PolicyRun) -> Mapping[str, float]:
    """Where a threshold decides: by layer, the distance that read noise alone leaves at the end."""
    if not run.lives or run.policy.threshold is None:
        return {}
    return dict(run.lives[0].floors(run.stints[-1].end_ps / PS_PER_S))


def _wear(run: PolicyRun) -> Wear | None:
    last = run.stints[-1]
    return wear(run.lives[0], run.writes, (last.end_ps - last.start_ps) / PS_PER_S) if run.lives else None


# --- notes -----------------------------------------------------------------------------------------


def _notes(run: PolicyRun, costs: Costs) -> Iterator[str]:
    yield from run.bench.program.notes
    yield from (*mode_notes(run.bench.chip), *rounding_notes(run.bench.chip))
    yield from _notes_of_cells(run)
    if run.policy.priority != "upkeep first":
        yield "cells are taken as corrected when their turn is due, not some requests later"
    if run.crowded:
        yield "turns follow one another so closely that some time in a row was simulated, not windows"
    yield from _notes_of_overload(run)
    if run.extrapolated:
        yield (
            f"{run.extrapolated:,} rounds were not decided one by one: corrections went on at the rate seen before"
        )
    if costs.gates:
        yield "how long components are gated is that of the time between turns"


def _notes_of_cells(run: PolicyRun) -> Iterator[str]:
    if not run.lives:
        yield "the workload does not name both weights and data: accuracy and wear are not simulated"
        return
    if any(len(copies) > 1 for copies in run.bench.program.copies.values()):
        yield "matrices stand on the chip in several copies: accuracy is that of their first copies"
    cell = run.bench.shop.floor.array.cell  # type: ignore[attr-defined]
    if run.lives[0].endurance() is None:
        yield f"endurance of cells.{cell} is unknown: no cell wears out"
    if run.policy.every_s is not None and not run.lives[0].all_are_written:
        yield f"a correction leaves cells of cells.{cell} alone that stand right; time and energy are those of all"


def _notes_of_overload(run: PolicyRun) -> Iterator[str]:
    if any(run.lost([stint]) >= 1 for stint in run.stints):
        yield (
            "overload: turns take longer than the time between them, and pile up; latency has no meaning, and of the "
            "work, what is asked is told"
        )
    elif not run.settled:
        yield (
            "overload: after a turn of upkeep the requests that waited were never served up; latency has no meaning"
        )


# --- where it comes from -----------------------------------------------------------------------------


def load_text(load: Sequence[tuple[float, Arrivals]]) -> str:
    """As on the command line: 'poisson 1 Hz, then poisson 2 Hz from 1 h'."""
    return ", then ".join(
        arrivals_text(one) + (f" from {time_text(start_s)}" if start_s else "") for start_s, one in load
    )


def provenance(
    chip: Chip, workload_sha256: str, scenario: Lifetime, learnt: Learnt | None, numerics: Numerics | None
) -> Mapping[str, Any]:
    asked = {
        "name": "lifetime",
        "arrivals": load_text(scenario.load),
        "ages_s": list(scenario.ages_s),
        "policies": [policy.text for policy in scenario.policies],
        "networks": scenario.networks,
        "windows": scenario.windows,
        "requests": scenario.requests,
        "jump": scenario.jump,
    }
    return {
        "spec_sha256": chip.sha256,
        "workload_sha256": workload_sha256,
        "scenario": asked,
        "numerics": _numerics(scenario, learnt, numerics),
        "granularity": str(scenario.granularity),
        "seed": scenario.seed,
        "versions": versions("numpy", "torch"),
    }


def _numerics(scenario: Lifetime, learnt: Learnt | None, numerics: Numerics | None) -> Mapping[str, Any]:
    """Weights and data, and how products are computed with them."""
    if learnt is None or numerics is None:
        return {"weights": "none"}
    book = numerics.codebook
    return {
        "weights": learnt.weights,
        "weights_sha256": learnt.sha256,
        "data": learnt.data,
        "samples": len(learnt.labels),
        "given_by": "the chip" if scenario.numerics is None else "the scenario",
        "codebook": "none" if book is None else [book.step_plus, book.step_minus, book.multiples],
        "tolerance": numerics.tolerance,
        "temperature_kelvin": "as described"
        if scenario.temperature_kelvin is None
        else scenario.temperature_kelvin,
        "approximations": list(numerics.approximations),
    }
