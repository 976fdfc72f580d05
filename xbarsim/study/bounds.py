"""What can be said of a point before it is simulated: its area, and what no schedule can beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xbarsim.api import prepared
from xbarsim.mapping.floor import Floor
from xbarsim.scenario.ledger import area_rows
from xbarsim.scenario.peak import peak
from xbarsim.spec.chip import Chip
from xbarsim.study.study import Constraint, Study
from xbarsim.workload.graph import OpKind
from xbarsim.workload.load import Workload

BEATEN = "beaten"  # in place of a figure: by a point that is known


@dataclass(frozen=True)
class Bound:
    """least, most: no result of the point has a smaller, a larger figure; None: nothing is known."""

    least: float | None = None
    most: float | None = None


Bounds = Mapping[str, Bound]
BOUNDED = ("area_mm2", "throughput_per_s", "latency_ns", "latency_p99_ns", "ops_per_s", "peak_ops_per_s")


@dataclass(frozen=True)
class Hopeless:
    """Why a point need not be simulated.

    by: the figure whose bound says so, or BEATEN; excess: how far beyond that bound, at least;
    hoped: of a beaten one, its figures by goal, were it as good as it can be.
    """

    by: str
    reason: str
    excess: float = 0.0
    hoped: tuple[float, ...] = ()


def bounds_of(chip: Chip, work: Workload) -> dict[str, Bound]:
    """Bounds of figures by name.

    area_mm2: exact. Latency, throughput and operations by the roof of the arrays: the matrix products of one
    inference, were all arrays full all the time (Williams et al., "Roofline", CACM 52 (2009) 65, its flat part).
    Raises: MappingError if the chip has no arrays.
    """
    chip, graph, bits = prepared(chip, work)
    floor = Floor(chip)
    area_mm2 = sum(row.area_um2 for row in area_rows(floor)) / 1e6
    found = {"area_mm2": Bound(area_mm2, area_mm2)} if area_mm2 else {}
    macs = sum(op.macs for op in graph.ops if op.kind is OpKind.MVM)
    if graph.experts or not macs:  # which experts work is known only when the tokens are
        return found
    roof_per_s = peak(chip, floor, bits or chip.header.precision.activations).ops_per_s
    alone, most_per_s = Bound(least=2 * macs / roof_per_s * 1e9), roof_per_s / (2 * macs)
    return found | {
        "throughput_per_s": Bound(most=most_per_s),
        "ops_per_s": Bound(most=2 * graph.macs * most_per_s),  # products of activations, too
        "latency_ns": alone,
        "latency_p99_ns": alone,
        "peak_ops_per_s": Bound(roof_per_s, roof_per_s),
    }


def may_tell(study: Study) -> bool:
    """Whether there is a study's point that its bounds could speak against."""
    bounded = any(constraint.figure in BOUNDED for constraint in study.constraints)
    return bounded or all(goal.figure in BOUNDED for goal in study.goals)


def hopeless(bounds: Bounds, study: Study, front: Sequence[Sequence[float]]) -> Hopeless | None:
    """Why a point need not be simulated; None if it must be.

    front: figures of the best points so far, by goal. A point is beaten if one of them is better in every goal than
    the point can possibly be.
    """
    for constraint in study.constraints:
        found = _beyond(bounds.get(constraint.figure, Bound()), constraint)
        if found is not None:
            return found
    hoped = []
    for goal in study.goals:
        bound = bounds.get(goal.figure, Bound())
        hoped.append(bound.least if goal.sense == "minimise" else bound.most)
    known = tuple(value for value in hoped if value is not None)
    if len(known) < len(hoped):
        return None
    for values in front:
        if all(goal.sign * v < goal.sign * h for goal, v, h in zip(study.goals, values, known, strict=True)):
            told = ", ".join(f"{goal.figure} {v:.4g}" for goal, v in zip(study.goals, values, strict=True))
            return Hopeless(
                BEATEN, f"a point that is known beats the best that it could be: {told}", 0.0, known
            )
    return None


def _beyond(bound: Bound, asked: Constraint) -> Hopeless | None:
    low, high, figure = bound.least, bound.most, asked.figure
    if asked.at_most is not None and low is not None and low > asked.at_most:
        told = f"{figure} is at least {low:.4g}, allowed: at most {asked.at_most:g}"
        return Hopeless(figure, told, asked.excess(low))
    if asked.at_least is not None and high is not None and high < asked.at_least:
        told = f"{figure} is at most {high:.4g}, allowed: at least {asked.at_least:g}"
        return Hopeless(figure, told, asked.excess(high))
    return None
