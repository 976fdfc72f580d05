"""Who spent what: energy by action, power states over time, area, peak."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from xbarsim.mapping.floor import Floor
from xbarsim.scenario.result import AreaRow, EnergyRow
from xbarsim.scenario.stages import Meta, Task, Workshop, number_key
from xbarsim.spec.chip import Chip


@dataclass
class Ledger:
    """What the stages of a run did; all sums are made from these counts afterwards."""

    busy_ps: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, tasks: Iterable[Task]) -> Ledger:
        """Of a finished run: the jobs of every task, noted in its meta too."""
        ledger = cls()
        for task in tasks:
            task.meta.jobs = task.tally.jobs
            ledger.busy_ps[id(task.meta)] = task.tally.jobs * task.portion_ps * task.portions
        return ledger


def action_rows(chip: Chip, metas: list[Meta]) -> list[EnergyRow]:
    """Energy by component and action: counts times prices."""
    counts: dict[tuple[str, str, str, float, str], int] = {}
    for meta in metas:
        if meta.jobs:
            for cost in meta.costs:
                key = (cost.component, cost.kind, cost.action, cost.energy_pj, cost.key)
                counts[key] = counts.get(key, 0) + cost.count * meta.jobs
    return [
        EnergyRow(component, kind, action, count, count * price, False, price, chip.model_of(key))
        for (component, kind, action, price, key), count in sorted(counts.items())
    ]


def state_rows(chip: Chip, shop: Workshop, ledger: Ledger, elapsed_ps: int) -> list[EnergyRow]:
    """Energy of power states over time: active while in service, gated after a while, idle else.

    Microwatts times picoseconds are 1e-6 pJ.
    """
    active_ps = _engaged_ps(shop.metas, ledger)
    gated_ps = _gated_ps(shop)
    rows = []
    for part in chip.root.walk():
        spec = part.spec
        if spec is None or not part.path:
            continue
        total_ps = float(chip.totals[part.path] * elapsed_ps)
        active = min(active_ps.get(part.path, 0.0), total_ps) if spec.active_power_uw is not None else 0.0
        gated = (
            _gated(part.path, spec, gated_ps, chip, shop, elapsed_ps)
            if spec.gated_power_uw is not None
            else 0.0
        )
        for action, time_ps, power_uw, key in (
            ("active", active, spec.active_power_uw, "active_power"),
            ("gated", gated, spec.gated_power_uw, "gated_power"),
            ("idle", total_ps - active - gated, spec.idle_power_uw, "idle_power"),
        ):
            if power_uw:
                rows.append(
                    EnergyRow(
                        part.path,
                        spec.kind,
                        action,
                        round(time_ps),
                        power_uw * time_ps * 1e-6,
                        action != "active",
                        None,
                        chip.model_of(f"{part.path}.{key}"),
                    )
                )
    return rows + _network_rows(shop, active_ps, elapsed_ps)


def _engaged_ps(metas: list[Meta], ledger: Ledger) -> dict[str, float]:
    """Instance-picoseconds in service, by component."""
    engaged: dict[str, float] = defaultdict(float)
    for meta in metas:
        if meta.jobs:
            for component, instances in meta.engaged:
                engaged[component] += instances * ledger.busy_ps[id(meta)]
    return engaged


def _gated_ps(shop: Workshop) -> dict[str, tuple[float, int]]:
    """By component: gated instance-picoseconds of its stations, and instances that have a station."""
    found: dict[str, tuple[float, int]] = {}
    for station in shop.stations.values():
        if station.gated_after_ps is not None:
            gated, instances = found.get(station.meta.component, (0.0, 0))
            size = station.meta.multiplicity
            found[station.meta.component] = (
                gated + station.gated_ps * size,
                instances + station.servers * size,
            )
    return found


def _gated(
    path: str, spec: Any, found: dict[str, tuple[float, int]], chip: Chip, shop: Workshop, elapsed_ps: int
) -> float:
    """Instances without a station have been idle, then gated, all the time."""
    gated, with_station = found.get(path, (0.0, 0))
    unused = max(0, chip.totals[path] - with_station)
    return gated + unused * max(0, elapsed_ps - spec.gate_after_ps)


def _network_rows(shop: Workshop, active_ps: dict[str, float], elapsed_ps: int) -> list[EnergyRow]:
    """Power states of links and routers, which stand in `connect` entries."""
    rows = []
    floor = shop.floor
    for path, spec, count in network_parts(floor):
        total_ps = float(count * elapsed_ps)
        active = min(active_ps.get(path, 0.0), total_ps) if spec.active_power_uw is not None else 0.0
        for action, time_ps, power_uw in (
            ("active", active, spec.active_power_uw),
            ("idle", total_ps - active, spec.idle_power_uw),
        ):
            if power_uw:
                rows.append(
                    EnergyRow(
                        path,
                        spec.kind,
                        action,
                        round(time_ps),
                        power_uw * time_ps * 1e-6,
                        action != "active",
                        None,
                        floor.chip.model_of(number_key(path, f"{action}_power")),
                    )
                )
    return rows


def network_parts(floor: Floor) -> list[tuple[str, Any, int]]:
    """Channels and routers of all connections: (path, description, how many on the chip)."""
    found = []
    for part in floor.chip.root.walk():
        for connection in part.connect:
            path = connection.label
            links = counted_over_scopes(floor.graph.links, path)
            routers = counted_over_scopes(floor.graph.routers, path)
            if connection.channel is not None and links:
                found.append(
                    (
                        f"{path}.{connection.channel.kind}",
                        connection.channel,
                        links * connection.channel.count,
                    )
                )
            if connection.router is not None and routers:
                found.append((f"{path}.router", connection.router, routers * connection.router.count))
    return found


def active_powers_uw(floor: Floor) -> dict[str, float]:
    """Power of an instance in service, by component, where it has one."""
    root = floor.chip.root
    parts = [(part.path, part.spec) for part in root.walk() if part.spec is not None and part.path]
    parts += [(path, spec) for path, spec, _ in network_parts(floor)]
    return {path: spec.active_power_uw for path, spec in parts if spec.active_power_uw is not None}


def counted_over_scopes(counted: dict[str, int], label: str) -> int:
    """Over all instances of the scope: 'die[3].connect0' counts for 'die.connect0'."""
    return sum(count for name, count in counted.items() if re.sub(r"\[\d+\]", "", name) == label)


def area_rows(floor: Floor) -> tuple[AreaRow, ...]:
    """Area of every component; `known` is False where the description says unknown."""
    chip = floor.chip
    rows = []
    for part in chip.root.walk():
        if part.spec is not None and part.path:
            count = chip.totals[part.path]
            known = chip.model_of(f"{part.path}.area") != "unknown"
            if part.spec.area_um2 or not known:
                rows.append(AreaRow(part.path, part.spec.kind, count, part.spec.area_um2 * count, known))
    for path, spec, count in network_parts(floor):
        known = chip.model_of(number_key(path, "area")) != "unknown"
        if spec.area_um2 or not known:
            rows.append(AreaRow(path, spec.kind, count, spec.area_um2 * count, known))
    return tuple(rows)
