"""Conservation laws of a generation, checked on every run."""

from __future__ import annotations

from itertools import pairwise

from xbarsim.mapping.state_pair import Pair
from xbarsim.scenario.generate_bench import GenerateBench, Generated
from xbarsim.scenario.generate_door import DECODE, PREFILL
from xbarsim.scenario.laws import critical_path_ps, energy_law, time_law
from xbarsim.scenario.result import Law
from xbarsim.scenario.stages import Meta
from xbarsim.workload.generation import Generation
from xbarsim.workload.graph import OpGraph, OpKind


def generate_laws(bench: GenerateBench, done: Generated) -> tuple[Law, ...]:
    run = done.run
    return (
        _macs(bench, done),
        energy_law(bench.chip, run.shop.metas),
        time_law(run.shop, run.elapsed_ps),
        _positions(bench.generation, done),
        _tokens(bench.generation, done),
        *_moved(bench, done),
        _bounds(bench, done),
    )


def _macs(bench: GenerateBench, done: Generated) -> Law:
    """Prefill, and each step of decode with its own context."""
    made = sum(meta.macs * meta.jobs for meta in done.run.shop.metas)
    asked = bench.macs * done.run.requests
    return Law("MACs in = MACs done", made == asked, f"{asked:,} asked, {made:,} done")


def _positions(asked: Generation, done: Generated) -> Law:
    times = {PREFILL: done.run.requests, DECODE: done.run.requests * (asked.tokens - 1)}
    wrong = [
        stream.name
        for number, network in enumerate(done.networks)
        for stream in network.streams
        if done.positions[number][stream.name] != stream.positions * times[number]
    ]
    steps = sum(len(network.streams) for network in done.networks)
    detail = f"{done.run.requests} requests through {steps} steps"
    return Law(
        "every position delivered once", not wrong, f"broken at {', '.join(wrong[:3])}" if wrong else detail
    )


def _tokens(asked: Generation, done: Generated) -> Law:
    """All tokens come out, one after the other, of no request more than it asks for."""
    courses = done.door.courses
    whole = (
        all(len(course.tokens_ps) == asked.tokens for course in courses) and len(courses) == done.run.requests
    )
    ordered = all(
        course.arrival_ps <= course.admitted_ps < course.tokens_ps[0]
        and all(a < b for a, b in pairwise(course.tokens_ps))
        for course in courses
    )
    out = sum(len(course.tokens_ps) for course in courses)
    at_most = done.door.most_inside <= done.door.at_once and not done.door.kept
    return Law("every token out, in its order", whole and ordered and at_most, f"{out} tokens")


def state_bits(graph: OpGraph, kind: OpKind, activation_bits: int) -> int:
    """Bits of state that one request reads, or stores."""
    return sum(op.elements for op in graph.ops if op.kind is kind) * activation_bits


def asked_bits(generation: Generation, kind: OpKind, activation_bits: int) -> int:
    """The same for a whole answer: decode reads, at each step, all that there is."""
    graphs = [generation.prefill, *(generation.decode.at_context(n) for n in generation.contexts)]
    return sum(state_bits(graph, kind, activation_bits) for graph in graphs)


def moved_bits(metas: list[Meta], pair: Pair, kind: OpKind) -> int:
    """Bits of state that went through the ports of what keeps them, as the ledger has them."""
    ops = {op.name for program in (pair.prefill, pair.decode) for op in program.graph.ops if op.kind is kind}
    action = "bit"
    if pair.kept.place == "on_chip":
        action = "bit read" if kind is OpKind.STATE else "bit written"
    return sum(
        cost.count * meta.jobs
        for meta in metas
        if meta.op in ops and meta.jobs
        for cost in meta.costs
        if cost.component == pair.kept.part and cost.action == action
    )


def _moved(bench: GenerateBench, done: Generated) -> tuple[Law, ...]:
    """Nothing is told of a memory that is ideal."""
    part = bench.chip.parts[bench.pair.kept.part]
    laws = []
    for kind, name in ((OpKind.STATE, "read"), (OpKind.STORE, "written")) if part.spec is not None else ():
        bits = bench.pair.decode.activation_bits
        asked = asked_bits(bench.generation, kind, bits) * done.run.requests
        moved = moved_bits(done.run.shop.metas, bench.pair, kind)
        detail = f"{asked:,} bits asked, {moved:,} {name}"
        laws.append(Law(f"keys and values {name} = asked", asked == moved, detail))
    return tuple(laws)


def _bounds(bench: GenerateBench, done: Generated) -> Law:
    """No run is faster than its slowest resource, no first token than one product of each layer."""
    run = done.run
    roof = max((-(-s.busy_ps // s.servers) for s in run.shop.stations.values()), default=0)
    path = critical_path_ps(bench.pair.prefill, run.shop.metas, run.ledger)
    first = min(course.tokens_ps[0] - course.admitted_ps for course in done.door.courses)
    return Law(
        "latency >= roofline and critical path",
        run.elapsed_ps >= roof and first >= path,
        f"{run.elapsed_ps} ps; slowest resource {roof} ps; first token {first} ps, critical path {path} ps",
    )
