"""Measures of single parts of a chip: power at the peak, shares of the whole, with the network between them."""

from __future__ import annotations

from xbarsim.mapping.floor import Floor
from xbarsim.scenario.peak import full_array, full_array_stages
from xbarsim.spec.chip import Chip, Part
from xbarsim.validation.measures import known, measure
from xbarsim.validation.subject import Asked
from xbarsim.validation.tables import network, of_area_um2, of_power_uw


@measure("peak power")
def peak_power_uw(asked: Asked) -> float:
    """All arrays at work; of one instance of each part in `of` with all it holds, or of the chip."""
    if not asked.of:
        return known(asked, asked.result.peak.power_w) * 1e6
    return sum(_at_peak_uw(asked, asked.chip.parts[path]) for path in asked.of)


@measure("power with network")
def power_with_network_uw(asked: Asked) -> float:
    """The same, and the part's share of the links and routers that join it and its like."""
    return sum(_joined_power_uw(asked, asked.chip.parts[path]) for path in asked.of)


@measure("area with network")
def area_with_network_um2(asked: Asked) -> float:
    return sum(_joined_area_um2(asked.chip, asked.chip.parts[path]) for path in asked.of)


@measure("power share")
def power_share(asked: Asked) -> float:
    """What all instances of the first parts in one of the last take of its power at the peak."""
    *parts, whole = (asked.chip.parts[path] for path in asked.of)
    taken = sum(_number(asked, part, whole) * _at_peak_uw(asked, part) for part in parts)
    return taken / known(asked, _joined_power_uw(asked, whole))


@measure("area share")
def area_share(asked: Asked) -> float:
    *parts, whole = (asked.chip.parts[path] for path in asked.of)
    taken = sum(_number(asked, part, whole) * of_area_um2(asked.chip, part) for part in parts)
    return taken / known(asked, _joined_area_um2(asked.chip, whole))


@measure("storage")
def storage_bits(asked: Asked) -> float:
    """Bits of the weights that fit all arrays."""
    floor = Floor(asked.chip)
    array = floor.array
    return float(floor.slots * array.weight_rows * array.weight_columns * array.weight.bits)  # type: ignore[attr-defined]


@measure("storage density")
def storage_bits_per_mm2(asked: Asked) -> float:
    return storage_bits(asked) / (known(asked, of_area_um2(asked.chip, asked.chip.root)) / 1e6)


def _number(asked: Asked, part: Part, whole: Part) -> float:
    """Instances of a part in one of the whole."""
    return asked.chip.totals[part.path] / asked.chip.totals[whole.path]


def _at_peak_uw(asked: Asked, part: Part) -> float:
    """Active (else idle) power of one instance, and the energy of its actions in the products of the peak."""
    chip, floor = asked.chip, Floor(asked.chip)
    stages = full_array_stages(chip, floor, chip.header.precision.activations)
    product_pj = sum(
        cost.count * cost.energy_pj
        for stage in stages
        for cost in stage.meta.costs
        if cost.component == part.path or cost.component.startswith(f"{part.path}.")
    )
    products_per_s = asked.result.peak.ops_per_s / (2 * full_array(floor).weights)
    return float(of_power_uw(chip, part) + product_pj * products_per_s * 1e-6 / chip.totals[part.path])


def _joined_power_uw(asked: Asked, part: Part) -> float:
    return _at_peak_uw(asked, part) + _network_share(asked.chip, part, "power")


def _joined_area_um2(chip: Chip, part: Part) -> float:
    return of_area_um2(chip, part) + _network_share(chip, part, "area_um2")


def _network_share(chip: Chip, part: Part, what: str) -> float:
    """Of every topology that joins the part with others, what comes to one instance of them."""
    total = 0.0
    for scope in chip.root.walk():
        for connection in scope.connect:
            paths = [f"{scope.path}.{name}" if scope.path else name for name in connection.members]
            if connection.topology != "edge" and part.path in paths:
                members = sum(chip.totals[path] for path in paths) / max(1, chip.totals[scope.path])
                total += network(chip, scope, connection, what) / members
    return total
