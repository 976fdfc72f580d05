"""The Python face of xbarsim: a few functions, of which the command line is a thin coat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from xbarsim.errors import MappingError
from xbarsim.mapping.elements import counted, digital_array
from xbarsim.mapping.layer_bits import with_layer_bits
from xbarsim.mapping.multiplexed import is_multiplexed, map_phases
from xbarsim.mapping.plan import map_network as _map
from xbarsim.mapping.program import Program
from xbarsim.scenario.arrivals import Saturated
from xbarsim.scenario.batching import ONE_BY_ONE
from xbarsim.scenario.infer import Infer, Report, infer
from xbarsim.scenario.lifetime_result import LifetimeResult
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.scenario.result import Law, Layout, Result
from xbarsim.scenario.serve import SATURATING, serve
from xbarsim.scenario.serve import saturation as measure_saturation
from xbarsim.scenario.serve_result import Saturation, ServeResult
from xbarsim.scenario.serve_spec import Resident, Serve, Tenant, shares_of
from xbarsim.scenario.train_result import TrainResult
from xbarsim.scenario.train_spec import Train
from xbarsim.spec.chip import Chip
from xbarsim.spec.load import load_chip
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.load import Workload, load_workload
from xbarsim.workload.routing import Router

__all__ = [
    "CheckReport",
    "check",
    "layout",
    "load_chip",
    "load_workload",
    "map_network",
    "saturation",
    "simulate",
    "trace",
]


def trace(model: Any, *example_inputs: Any, name: str | None = None, fold_batch_norm: bool = True) -> OpGraph:
    """Capture any torch.nn.Module as an operation graph (imports torch).

    example_inputs: tensors of the shapes that the model takes, batch 1.
    fold_batch_norm: put batch normalisation into the product before it, as deployed networks do.
    Raises: WorkloadError that names every operation which is not understood, and its place in the model.
    """
    from xbarsim.workload.capture import trace as capture

    return capture(model, *example_inputs, name=name, fold_batch_norm=fold_batch_norm)


def map_network(chip: Chip, work: OpGraph | Workload) -> Program:
    """Lay a network onto a chip: which array holds which block, which unit does which operation."""
    chip, graph, bits = prepared(chip, work)
    return _map(chip, graph, bits)


def layout(chip: Chip, work: OpGraph | Workload) -> Layout:
    """Who sits where: one row for each matrix, one for each tile."""
    from xbarsim.mapping.floor import Floor
    from xbarsim.scenario.measure import layout as measure

    chip, graph, bits = prepared(chip, work)
    if is_multiplexed(chip, graph):
        from xbarsim.scenario.multiplex_measure import phased_layout

        return phased_layout(Floor(chip), map_phases(chip, graph, bits, 1))
    return measure(Floor(chip), _map(chip, graph, bits))


@overload
def simulate(
    chip: Chip, work: OpGraph | Workload, scenario: Infer | None = None, report: Report | None = None
) -> Result: ...


@overload
def simulate(
    chip: Chip, work: OpGraph | Workload | Sequence[Resident], scenario: Serve, report: Report | None = None
) -> ServeResult: ...


@overload
def simulate(
    chip: Chip, work: OpGraph | Workload, scenario: Lifetime, report: Report | None = None
) -> LifetimeResult: ...


@overload
def simulate(chip: Chip, work: Workload, scenario: Train, report: Report | None = None) -> TrainResult: ...


def simulate(
    chip: Chip,
    work: OpGraph | Workload | Sequence[Resident],
    scenario: Infer | Serve | Lifetime | Train | None = None,
    report: Report | None = None,
) -> Result | ServeResult | LifetimeResult | TrainResult:
    """Run a network on a chip, event by event; under load (`Serve`) also several, as a list of Resident; over years
    (`Lifetime`), on cells that drift and wear out, if the workload names weights and data; or let it learn in place
    (`Train`), from data that the workload names.

    report: told (what runs, how much is done, of how much) as it goes on.
    Raises: MappingError if the network does not fit, SimulationError if the run cannot end.
    """
    if isinstance(scenario, Serve):
        chip, tenants = _tenants(chip, _residents(work, scenario))
        return serve(chip, tenants, scenario, report)
    if isinstance(work, Sequence):
        raise TypeError("several networks are run under load: give xs.Serve(requests=...) as the scenario")
    chip, graph, bits = prepared(chip, work)
    if isinstance(scenario, Lifetime):
        from xbarsim.scenario.lifetime import lifetime  # imports torch

        return lifetime(chip, graph, scenario, bits, _digest(graph), _learnt(work, scenario.weights), report)
    if isinstance(scenario, Train):
        from xbarsim.scenario.train import train  # imports torch

        return train(chip, graph, _with_data(work), scenario, bits, _digest(graph), report)
    return infer(chip, graph, scenario or Infer(), bits, _digest(graph), report, _router(work))


def _with_data(work: OpGraph | Workload) -> Workload:
    if not isinstance(work, Workload):
        raise TypeError(
            "training needs a model and data: give what load_workload returns, of a file with both"
        )
    return work


def _learnt(work: OpGraph | Workload, weights: str) -> Any:
    """Weights and test set, where the workload names both."""
    if not isinstance(work, Workload) or not (weights or (work.weights and work.data)):
        return None
    from xbarsim.maintenance.life import Learnt

    name = weights or next(iter(work.weights), "")
    return Learnt(work.network(weights), *work.test_set(), weights=name, data=work.data)


def saturation(
    chip: Chip,
    work: OpGraph | Workload,
    requests: int = SATURATING,
    admission_limit: int | None = None,
    report: Report | None = None,
) -> Saturation:
    """The most requests a second that a chip takes of a network, and the stations that keep it from taking more.

    There is always another request at the door, and never more than `admission_limit` are inside.
    """
    chip, tenants = _tenants(chip, (Resident(work, Saturated(), admission_limit=admission_limit),))
    return measure_saturation(chip, tenants[0], requests, report=report)


def _residents(work: OpGraph | Workload | Sequence[Resident], asked: Serve) -> Sequence[Resident]:
    """One network, with what the scenario asks of it, or those that are given."""
    if not isinstance(work, Sequence):
        if asked.arrivals is None:
            raise ValueError(
                "Serve.arrivals is missing; give Poisson(rate_hz), Constant, OnOff, Saturated() …"
            )
        return (
            Resident(work, asked.arrivals, None, asked.batching, asked.admission_limit, asked.queue_limit),
        )
    door = (asked.arrivals, asked.batching, asked.admission_limit, asked.queue_limit)
    if not work or door != (None, ONE_BY_ONE, None, None):
        raise ValueError(
            "of several networks each Resident has its own arrivals, batching and limits: give them there, not in "
            "Serve, and at least one Resident"
        )
    return work


def _tenants(chip: Chip, residents: Sequence[Resident]) -> tuple[Chip, list[Tenant]]:
    """The networks with their shares, on a chip that stores weights as they ask."""
    shares = shares_of([resident.share for resident in residents])
    chips, tenants = [], []
    for resident, share in zip(residents, shares, strict=True):
        stored, graph, bits = prepared(chip, resident.work)
        if is_multiplexed(stored, graph):
            raise MappingError(
                f"{graph.name} on {chip.name}: it does not fit, and weights that are rewritten from phase to phase "
                f"cannot be served under load. Run it with `xbarsim run`, or raise the number of tiles"
            )
        chips.append(stored)
        tenants.append(Tenant(graph, bits, _digest(graph), share, resident, _router(resident.work)))
    if len({stored.sha256 for stored in chips}) > 1:
        raise MappingError(
            f"{chip.name}: the networks ask for weights of different numbers of bits "
            f"({', '.join(_stored_bits(r.work) for r in residents)}); the arrays of one chip store one. "
            f"Give them the same weight_bits"
        )
    return chips[0], tenants


def _stored_bits(work: OpGraph | Workload) -> str:
    bits = getattr(work, "weight_bits", None)
    return f"{work.name}: {'as the chip' if bits is None else bits}"


@dataclass(frozen=True)
class CheckReport:
    """What `check` found out without running: that every number is there, and that the network fits."""

    chip: str
    workload: str
    numbers: int
    unknown: tuple[str, ...]
    unsourced: tuple[str, ...]
    laws: tuple[Law, ...] = ()
    arrays_used: int = 0
    arrays: int = 0
    tiles_used: int = 0
    tiles: int = 0
    macs: int = 0
    parameters: int = 0
    notes: tuple[str, ...] = ()


def check(chip: Chip, work: OpGraph | Workload | None = None) -> CheckReport:
    """Is every number there, does the network fit, can every operation be done and its data get there?

    Raises: MappingError with what is missing.
    """
    unknown = tuple(row.key for row in chip.numbers if row.status == "unknown")
    unsourced = tuple(row.key for row in chip.numbers if not row.source)
    if work is None:
        return CheckReport(chip.name, "", len(chip.numbers), unknown, unsourced)
    from xbarsim.mapping.floor import Floor
    from xbarsim.scenario.wirable import check_wiring

    chip, graph, bits = prepared(chip, work)
    floor = Floor(chip)
    programs, laws, arrays_used, notes = _laid_out(chip, graph, bits)
    for program in programs:
        check_wiring(floor, program)
    used = {
        segment.tile
        for program in programs
        for copies in program.copies.values()
        for copy in copies
        for segment in copy.segments
    }
    return CheckReport(
        chip.name,
        graph.name,
        len(chip.numbers),
        unknown,
        unsourced,
        laws,
        arrays_used,
        floor.slots,
        len(used),
        len(floor.tiles),
        graph.macs,
        graph.parameters,
        notes,
    )


def _laid_out(
    chip: Chip, graph: OpGraph, bits: int | None
) -> tuple[tuple[Program, ...], tuple[Law, ...], int, tuple[str, ...]]:
    """The program of a network, or those of its phases; their laws, the arrays they use, remarks."""
    from xbarsim.scenario.laws import program_laws
    from xbarsim.scenario.multiplex_measure import mapping_laws

    if not is_multiplexed(chip, graph):
        program = _map(chip, graph, bits)
        return (program,), program_laws(program), program.arrays_used, program.notes
    mapped = map_phases(chip, graph, bits, 1)
    return (
        mapped.phases,
        mapping_laws(mapped),
        mapped.plan.slots_used,
        (mapped.words(), *mapped.program.notes),
    )


def prepared(chip: Chip, work: OpGraph | Workload) -> tuple[Chip, OpGraph, int | None]:
    """Chip, graph and bits of an activation; a workload may ask for other precisions than the chip's own."""
    if not isinstance(chip, Chip):
        raise TypeError(f"the chip is a {type(chip).__name__}; give what load_chip returns")
    if isinstance(work, OpGraph):
        return chip, work, None
    if not isinstance(work, Workload):
        raise TypeError(f"the workload is a {type(work).__name__}; give what trace or load_workload returns")
    input_bits = work.activation_bits or chip.header.precision.activations
    graph, elements = with_layer_bits(work.graph, work.layer_bits, input_bits), digital_array(chip)
    if elements is not None:
        graph = counted(graph, work, chip, elements)
    elif work.weight_bits is not None:
        chip = chip.storing(work.weight_bits)
        graph = replace(
            graph,
            notes=(*graph.notes, f"weights are stored with {work.weight_bits} bits, as the workload says"),
        )
    if work.activation_bits is not None:
        note = f"activations have {work.activation_bits} bits, as the workload says"
        graph = replace(graph, notes=(*graph.notes, note))
    return chip, graph, work.activation_bits


def _router(work: OpGraph | Workload) -> Router | None:
    """Of a mixture of experts: the workload file gives it."""
    return work.router if isinstance(work, Workload) else None


def _digest(graph: OpGraph) -> str:
    from hashlib import sha256

    known = [matrix.activity for _, matrix in sorted(graph.matrices.items()) if matrix.activity is not None]
    bits = [(name, *found.bits) for name, found in sorted(graph.matrices.items()) if any(found.bits)]
    return sha256(repr((graph.ops, sorted(graph.matrices.items()), *known, *bits)).encode()).hexdigest()
