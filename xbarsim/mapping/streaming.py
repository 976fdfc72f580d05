"""Streaming: a digital unit outside the tiles that works on values while they come over its link."""

from __future__ import annotations

from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Share, Step
from xbarsim.spec.chip import Part
from xbarsim.spec.graph import instances
from xbarsim.workload.graph import OpKind


def streaming_homes(step: Step, part: Part, floor: Floor) -> tuple[tuple[Share, ...], ...] | None:
    """For each copy of a product, the instances that take its results: for each part of them the nearest one.

    None where the unit does not stream, where results do not come one after another (they do from a chain of
    partial sums), or where two parts of a vector would meet at one instance.
    """
    chained = floor.chip.header.mapping.partial_sums == "chain"
    if step.op.kind is not OpKind.MVM or step.made or not chained or not getattr(part.spec, "streams", False):
        return None
    units = instances(floor.chip, part)
    homes = []
    for home in step.homes:
        nodes = [floor.graph.nearest(share.node, units) for share in home]
        if len(set(nodes)) < len(nodes) or len({share.node for share in home}) < len(home):
            return None
        homes.append(tuple(Share(node, s.low, s.high) for node, s in zip(nodes, home, strict=True)))
    return tuple(homes)
