"""Scenario `infer`: one request alone for its latency, then a row of requests for throughput and energy."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import MappingError, SimulationError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.multiplexed import is_multiplexed, map_phases
from xbarsim.mapping.phases import FETCH, PARK
from xbarsim.mapping.plan import map_network
from xbarsim.mapping.program import Program
from xbarsim.scenario.bench import Report, told
from xbarsim.scenario.garbage import uncollected
from xbarsim.scenario.laws import demanded, once, program_laws, run_laws
from xbarsim.scenario.ledger import action_rows, area_rows, state_rows
from xbarsim.scenario.measure import busiest_arrays_ps, layer_rows, station_rows, tile_rows
from xbarsim.scenario.multiplex import PhasedBench
from xbarsim.scenario.multiplex_measure import (
    initial_cells,
    mapping_laws,
    multiplex_part,
    phased_laws,
    phased_tiles,
    throughput,
)
from xbarsim.scenario.origin import fitted, mode_notes, rounding_notes, source_rows, versions
from xbarsim.scenario.peak import peak
from xbarsim.scenario.programming import load_cells, load_weights
from xbarsim.scenario.record import Recorder
from xbarsim.scenario.result import (
    AreaRow,
    Latency,
    Law,
    LayerRow,
    Peak,
    Result,
    Throughput,
    Timeline,
)
from xbarsim.scenario.run import Bench, Run
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.routing import Router

SLICES = 200_000  # kept of a run that could not end


@dataclass(frozen=True)
class Infer:
    """Inference: requests that all wait at the door.

    requests: how many are pipelined in the second run, at least 2 for a throughput.
    timeline_slices: slices kept for the timeline of the first run; 0 records none.
    granularity: `burst` works the events out in compiled code, `mvm` one by one in SimPy; the results are the same.
    batch: requests that go through each phase together, where the network is larger than the chip and its arrays are
        rewritten between phases (mapping.time_multiplex); a network that fits has no phases.
    """

    requests: int = 3
    timeline_slices: int = 0
    granularity: Granularity = Granularity.BURST
    batch: int = 1

    def __post_init__(self) -> None:
        for name, least in (("requests", 1), ("timeline_slices", 0), ("batch", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"Infer.{name} is {value!r}; allowed: a whole number from {least}")


def infer(
    chip: Chip,
    graph: OpGraph,
    scenario: Infer,
    activation_bits: int | None = None,
    workload_sha256: str = "",
    report: Report | None = None,
    router: Router | None = None,
) -> Result:
    """Run a network on a chip.

    router: sends tokens to the experts of a mixture; without one every expert works on every token.

    Raises: MappingError if it does not fit, SimulationError if the run cannot end (with its timeline so far) or
        breaks a law.
    """
    with uncollected() if scenario.granularity is Granularity.BURST else nullcontext():
        if is_multiplexed(chip, graph):
            if router is not None:
                raise MappingError(
                    f"{graph.name} on {chip.name}: a mixture of experts cannot be time multiplexed: which experts a "
                    "phase needs is known only when its tokens are. Raise the number of tiles so that it fits"
                )
            return _infer_phased(chip, graph, scenario, activation_bits, workload_sha256, report)
        return _infer(chip, graph, scenario, activation_bits, workload_sha256, report, router)


def _infer(
    chip: Chip,
    graph: OpGraph,
    scenario: Infer,
    activation_bits: int | None,
    workload_sha256: str,
    report: Report | None,
    router: Router | None,
) -> Result:
    floor = Floor(chip)
    program = map_network(chip, graph, activation_bits)
    bench = Bench(chip, floor, program, scenario.granularity, router)
    alone = _alone(bench, scenario, report)
    run = alone.run
    if scenario.requests > 1:
        run = bench.run(scenario.requests, None, told(report, "pipelined requests"))
    together = run_laws(run) if run is not alone.run else ()
    laws = demanded((*program_laws(program), *alone.laws, *together))
    result = _result(chip, graph, scenario, program, alone, run, laws, workload_sha256)
    idle = "the network fits: it has no phases, and the batch changes nothing"
    return replace(result, notes=(*result.notes, idle)) if scenario.batch > 1 else result


def _infer_phased(
    chip: Chip,
    graph: OpGraph,
    scenario: Infer,
    activation_bits: int | None,
    workload_sha256: str,
    report: Report | None,
) -> Result:
    """The same phase by phase, for a network that is larger than the chip."""
    floor = Floor(chip)
    mapped = map_phases(chip, graph, activation_bits, scenario.batch)
    bench = PhasedBench(chip, floor, mapped, scenario.granularity)
    alone = _alone(bench, scenario, report)
    first = phased_laws(floor, mapped, bench.last)
    if scenario.requests > 1:
        bench.run(scenario.requests, None, told(report, "requests in batches"))
    run = bench.last
    after = (*run_laws(run), *phased_laws(floor, mapped, run))
    laws = demanded((*mapping_laws(mapped), *alone.laws, *first, *after))
    result = _result(chip, graph, scenario, mapped.program, alone, run, laws, workload_sha256)
    return replace(
        result,
        throughput=throughput(run, scenario.batch),
        layers=tuple(row for row in result.layers if row.busy_ps or row.function not in (PARK, FETCH)),
        tiles=phased_tiles(floor, mapped, run),
        programming=load_cells(floor, initial_cells(floor, mapped)),
        multiplex=multiplex_part(floor, mapped, run),
        notes=(mapped.words(), *result.notes),
    )


@dataclass(frozen=True)
class _Alone:
    """What the run of one request on the idle chip has shown; its counts are gone when the next run begins."""

    run: Run
    latency_ps: int
    layers: tuple[LayerRow, ...]
    timeline: Timeline | None
    laws: tuple[Law, ...]


def _alone(bench: Bench | PhasedBench, scenario: Infer, report: Report | None) -> _Alone:
    recorder = Recorder(scenario.timeline_slices)
    try:
        run = bench.run(1, recorder, told(report, "one request alone"))
    except SimulationError:
        # The same again, and every step of it recorded: who waits for whom is best seen on its timeline.
        bench.run(1, Recorder(scenario.timeline_slices or SLICES))
        raise
    timeline = recorder.timeline(run.elapsed_ps) if scenario.timeline_slices else None
    return _Alone(run, run.completions_ps[0], layer_rows(run), timeline, run_laws(run))


def _result(
    chip: Chip,
    graph: OpGraph,
    scenario: Infer,
    program: Program,
    alone: _Alone,
    together: Run,
    laws: tuple[Law, ...],
    workload_sha256: str,
) -> Result:
    floor = together.shop.floor
    energy = (
        *action_rows(chip, together.shop.metas),
        *state_rows(chip, together.shop, together.ledger, together.elapsed_ps),
    )
    best = peak(chip, floor, program.activation_bits)
    return Result(
        chip=chip.name,
        workload=graph.name,
        scenario="infer",
        requests=together.requests,
        elapsed_ps=together.elapsed_ps,
        latency=Latency(tuple(together.completions_ps), alone.latency_ps),
        throughput=_throughput(together),
        macs_per_request=together.macs_per_request,
        energy=tuple(energy),
        layers=alone.layers,
        stations=station_rows(together),
        tiles=tile_rows(floor, program, busiest_arrays_ps(together), together.elapsed_ps),
        area=area_rows(floor),
        peak=best,
        programming=load_weights(floor, program),
        sources=source_rows(chip),
        reported=_reported(chip, best, area_rows(floor)),
        calibrated=fitted(chip),
        laws=once(laws),
        notes=(*mode_notes(chip), *together.program.notes, *rounding_notes(chip)),
        provenance=_provenance(chip, scenario, workload_sha256),
        timeline=alone.timeline,
    )


def _reported(chip: Chip, best: Peak, area: tuple[AreaRow, ...]) -> tuple[Mapping[str, Any], ...]:
    """What was published for the mode that is on, beside this run's figure of the same name if it has one."""
    own = {
        "peak throughput": f"{best.ops_per_s / 1e12:.4g} TOPS",
        "peak energy efficiency": f"{best.tops_per_w:.4g} TOPS/W" if best.tops_per_w else None,
        "chip power": f"{best.power_w:.4g} W" if best.power_w else None,
        "chip area": f"{sum(row.area_um2 for row in area) / 1e6:.4g} mm2",
    }
    rows = [row for row in chip.header.reported if row.mode in (None, chip.header.mode)]
    simulated = {figure: text for figure, text in own.items() if text}
    return tuple(
        row.model_dump(exclude_none=True)
        | ({"simulated": simulated[row.figure]} if row.figure in simulated else {})
        for row in rows
    )


def _throughput(run: Run) -> Throughput:
    """The steady interval between completions, where the last ones were equal; before that the larger of
    their mean and the time that the busiest station needs for one request (no interval can be shorter)."""
    done = run.completions_ps
    gaps = [b - a for a, b in itertools.pairwise(done)]
    busiest_ps = max(
        (-(-s.busy_ps // (s.servers * run.requests)) for s in run.shop.stations.values()), default=1
    )
    steady = len(gaps) > 1 and gaps[-1] == gaps[-2] >= busiest_ps
    mean_ps = -(-(done[-1] - done[0]) // len(gaps)) if gaps else done[0]
    return Throughput(tuple(done), gaps[-1] if steady else max(1, mean_ps, busiest_ps), steady)


def _provenance(chip: Chip, scenario: Infer, workload_sha256: str) -> dict[str, Any]:
    return {
        "spec_sha256": chip.sha256,
        "workload_sha256": workload_sha256,
        "scenario": {"name": "infer", "requests": scenario.requests, "batch": scenario.batch},
        "granularity": str(scenario.granularity),
        "seed": "none: nothing in this run is random",
        "versions": versions(),
    }
