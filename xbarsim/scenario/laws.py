"""Conservation laws, checked on every run: a result that breaks one says so."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose

from xbarsim.errors import SimulationError
from xbarsim.mapping.program import Program
from xbarsim.scenario.ledger import Ledger, action_rows
from xbarsim.scenario.result import Law
from xbarsim.scenario.run import Run
from xbarsim.scenario.stages import Meta, Workshop
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import OpKind


def program_laws(*programs: Program) -> tuple[Law, ...]:
    """Of a mapping, or of several that share a chip: every block in one place, every place with at most one
    block."""
    lost = doubled = 0
    taken: dict[str, int] = {}  # tile -> its array slots that hold a block, one bit for each
    placings = [(name, program) for program in programs for name in program.copies]
    for name, program in placings:
        for copy in program.copies[name]:
            there = 0
            for s in copy.segments:
                blocks, slots = _bits(s.first_block, s.blocks), _bits(s.first_slot, s.blocks)
                others = taken.get(s.tile, 0)
                doubled += (there & blocks).bit_count() + (others & slots).bit_count()
                there |= blocks
                taken[s.tile] = others | slots
            lost += program.cuts[name].blocks - there.bit_count()
    placed = sum(slots.bit_count() for slots in taken.values())
    size = programs[0].slots_per_tile
    over = sum((slots >> size).bit_count() for slots in taken.values())
    cuts = [c for program in programs for c in program.cuts.values()]
    weights = all(int(c.block_weights.sum()) == c.matrix.weights for c in cuts)
    return (
        Law(
            "blocks placed once",
            not lost and not doubled,
            f"{lost} lost, {doubled} doubled, {placed} placed",
        ),
        Law(
            "tiles within capacity",
            not over,
            f"{over} blocks beyond the {size} arrays of a tile",
        ),
        Law("weights cut without loss", weights, "blocks hold exactly the weights of their matrices"),
    )


def demanded(laws: tuple[Law, ...]) -> tuple[Law, ...]:
    """The same laws. Raises: SimulationError if one of them does not hold."""
    broken = [f"{law.name}: {law.detail}" for law in laws if not law.holds]
    if broken:
        raise SimulationError(
            "the run breaks a conservation law, so its figures cannot be trusted; please report it\n  "
            + "\n  ".join(broken)
        )
    return laws


def once(laws: tuple[Law, ...]) -> tuple[Law, ...]:
    """Laws of several runs under one name each; the later run's detail is shown."""
    return tuple({law.name: law for law in laws}.values())


def _bits(first: int, count: int) -> int:
    return ((1 << count) - 1) << first


def run_laws(run: Run) -> tuple[Law, ...]:
    return (
        _macs(run),
        energy_law(run.chip, run.shop.metas),
        time_law(run.shop, run.elapsed_ps),
        _positions(run),
        _bounds(run),
    )


def _macs(run: Run) -> Law:
    done = sum(meta.macs * meta.jobs for meta in run.shop.metas)
    asked = run.macs_per_request * run.requests
    return Law("MACs in = MACs done", done == asked, f"{asked:,} asked, {done:,} done")


def energy_law(chip: Chip, metas: list[Meta]) -> Law:
    """The ledger's rows against the stages' own sums: two ways to the same energy."""
    rows = action_rows(chip, metas)
    by_rows = sum(row.energy_pj for row in rows)
    by_stages = sum(meta.energy_pj * meta.jobs for meta in metas)
    fine = isclose(by_rows, by_stages, rel_tol=1e-9, abs_tol=1e-9) and all(row.energy_pj >= 0 for row in rows)
    return Law("ledger = sum of actions", fine, f"{by_rows:.6g} pJ and {by_stages:.6g} pJ, none negative")


def time_law(shop: Workshop, elapsed_ps: int) -> Law:
    """Of all stations, after a run that took so long."""
    wrong = [
        s.name
        for s in shop.stations.values()
        if s.free != s.servers or s.queue or not 0 <= s.busy_ps <= s.held_ps <= s.servers * elapsed_ps
    ]
    return Law(
        "busy + blocked + idle = elapsed",
        not wrong,
        f"{len(shop.stations)} stations" if not wrong else f"broken at {', '.join(wrong[:3])}",
    )


def _positions(run: Run) -> Law:
    wrong = [s.name for s in run.network.streams if run.positions[s.name] != s.positions * run.requests]
    fine = not wrong and len(run.completions_ps) == run.requests
    return Law(
        "every position delivered once",
        fine,
        f"{run.requests} requests through {len(run.network.streams)} steps",
    )


def _bounds(run: Run) -> Law:
    """No run is faster than its slowest resource, nor than one job of each step along the longest path."""
    roof = max((-(-s.busy_ps // s.servers) for s in run.shop.stations.values()), default=0)
    path = critical_path_ps(run.program, run.shop.metas, run.ledger)
    last = run.completions_ps[-1] if run.completions_ps else 0
    return Law(
        "latency >= roofline and critical path",
        run.elapsed_ps >= roof and last >= path,
        f"{last} ps; slowest resource {roof} ps, critical path {path} ps",
    )


def critical_path_ps(program: Program, metas: Sequence[Meta], ledger: Ledger) -> int:
    """Arrays' time of one product of each layer, along the longest path of the network."""
    one: dict[str, int] = {}
    for stage_ps, op in _array_times(metas, ledger):
        one[op] = max(one.get(op, 0), stage_ps)
    longest: dict[str, int] = {}
    for step in program.steps:
        before = max((longest[link.producer] for link in step.inputs), default=0)
        longest[step.name] = before + (one.get(step.name, 0) if step.op.kind is OpKind.MVM else 0)
    return max(longest.values(), default=0)


def _array_times(metas: Sequence[Meta], ledger: Ledger) -> list[tuple[int, str]]:
    """(time of one product on its arrays, operation)."""
    times = []
    for meta in metas:
        if meta.macs and meta.jobs:
            times.append((ledger.busy_ps[id(meta)] // meta.jobs, meta.op))
    return times
