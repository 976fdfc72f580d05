"""Measures that are sums over the description itself: areas and powers as published tables give them."""

from __future__ import annotations

from xbarsim.scenario.ledger import counted_over_scopes
from xbarsim.spec.chip import Chip, Connection, Part
from xbarsim.validation.measures import measure
from xbarsim.validation.subject import Asked


@measure("area")
def area_um2(asked: Asked) -> float:
    """Silicon of one instance of each part in `of` with all it holds, or of the whole chip."""
    return sum(of_area_um2(asked.chip, part) for part in _parts(asked))


@measure("chip power")
def chip_power_uw(asked: Asked) -> float:
    """The same for power, everything at work: active power where a part has one, else idle power."""
    return sum(of_power_uw(asked.chip, part) for part in _parts(asked))


def _parts(asked: Asked) -> list[Part]:
    return [asked.chip.parts[path] for path in asked.of] if asked.of else [asked.chip.root]


def of_area_um2(chip: Chip, part: Part) -> float:
    """One instance with all it holds."""
    own = part.spec.area_um2 if part.spec is not None else 0.0
    inside = sum(child.count * of_area_um2(chip, child) for child in part.children)
    return own + inside + sum(network(chip, part, link, "area_um2") for link in part.connect)


def of_power_uw(chip: Chip, part: Part) -> float:
    """The same for power, everything at work."""
    spec = part.spec
    own = 0.0
    if spec is not None:
        own = spec.active_power_uw if spec.active_power_uw is not None else spec.idle_power_uw
    inside = sum(child.count * of_power_uw(chip, child) for child in part.children)
    return own + inside + sum(network(chip, part, link, "power") for link in part.connect)


def network(chip: Chip, part: Part, connection: Connection, what: str) -> float:
    """Links and routers of one `connect` entry, of one instance of the part it stands in."""
    scopes = max(1, chip.totals[part.path])
    total = 0.0
    for spec, counts in ((connection.channel, chip.graph.links), (connection.router, chip.graph.routers)):
        if spec is not None:
            number = counted_over_scopes(counts, connection.label) * spec.count / scopes
            active = spec.active_power_uw if spec.active_power_uw is not None else spec.idle_power_uw
            total += number * (spec.area_um2 if what == "area_um2" else active)
    return total
