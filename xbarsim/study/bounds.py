"""What can be said of a point before it is simulated: its area, and what no schedule can beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xbarsim.api import prepared
from xbarsim.mapping.floor import Floor
from xbarsim.scenario.ledger import area_rows
from xbarsim.scenario.peak import peak
from xbarsim.spec.chip import Chip
from xbarsim.study.study import Constraint, Goal
from xbarsim.workload.graph import OpKind
from xbarsim.workload.load import Workload


@dataclass(frozen=True)
class Bound:
    """least, most: no result of the point has a smaller, a larger figure; None: nothing is known."""

    least: float | None = None
    most: float | None = None


def bounds_of(chip: Chip, work: Workload) -> dict[str, Bound]:
    """Bounds of figures by name.

    area_mm2: exact. throughput_per_s, ops_per_s and latency_ns by the roof of the arrays: the matrix products of one
    inference, were all arrays full all the time. Raises: MappingError if the chip has no arrays.
    """
    chip, graph, bits = prepared(chip, work)
    floor = Floor(chip)
    area_mm2 = sum(row.area_um2 for row in area_rows(floor)) / 1e6
    found = {"area_mm2": Bound(area_mm2, area_mm2)}
    macs = sum(op.macs for op in graph.ops if op.kind is OpKind.MVM)
    if graph.experts or not macs:  # which experts work is known only when the tokens are
        return found
    roof = peak(chip, floor, bits or chip.header.precision.activations).ops_per_s
    return found | {
        "throughput_per_s": Bound(most=roof / (2 * macs)),
        "latency_ns": Bound(least=2 * macs / roof * 1e9),
        "peak_ops_per_s": Bound(roof, roof),
    }


def hopeless(
    bounds: Mapping[str, Bound],
    constraints: Sequence[Constraint],
    goals: Sequence[Goal],
    front: Sequence[Sequence[float]],
) -> str:
    """Why a point need not be simulated, or "".

    front: figures of the best points so far, by goal. A point is beaten if one of them is better in every goal than
    the point can possibly be.
    """
    for constraint in constraints:
        bound = bounds.get(constraint.figure, Bound())
        low, high = bound.least, bound.most
        if constraint.at_most is not None and low is not None and low > constraint.at_most:
            return f"{constraint.figure} is at least {low:.4g}, allowed: at most {constraint.at_most:g}"
        if constraint.at_least is not None and high is not None and high < constraint.at_least:
            return f"{constraint.figure} is at most {high:.4g}, allowed: at least {constraint.at_least:g}"
    hoped = [_hoped(bounds.get(goal.figure, Bound()), goal) for goal in goals]
    known = [value for value in hoped if value is not None]
    if len(known) < len(goals):
        return ""
    for values in front:
        if all(goal.sign * v < goal.sign * h for goal, v, h in zip(goals, values, known, strict=True)):
            return "a point that is known beats the best that it could be"
    return ""


def _hoped(bound: Bound, goal: Goal) -> float | None:
    return bound.least if goal.sense == "minimise" else bound.most
