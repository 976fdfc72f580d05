"""The tables of a Result as plain values, made once, drawn alike as text and on the page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from xbarsim.report.quantities import (
    UNKNOWN,
    divided,
    format_area,
    format_count,
    format_pj,
    format_ps,
    format_share,
)
from xbarsim.scenario.generate_result import GenerateResult
from xbarsim.scenario.result import LayerRow, Result, StationRow, TileRow
from xbarsim.scenario.store import Stored

Measured = Stored


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table: its text, what to sort by, and a share of one to draw as a bar.

    anchor: a name by which links find it; link: where a click on it leads.
    """

    text: str
    sort: float | str | None = None
    share: float | None = None
    tone: str = ""  # "good", "bad", "quiet", "static": how it is coloured, never its only meaning
    anchor: str = ""
    link: str = ""


@dataclass(frozen=True)
class Column:
    title: str
    number: bool = False
    wide: bool = False  # left out where there is little room


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class ComponentEnergy:
    """What one kind of component spent in the whole run."""

    component: str
    dynamic_pj: float
    static_pj: float

    @property
    def energy_pj(self) -> float:
        return self.dynamic_pj + self.static_pj


def energy_by_component(result: Measured) -> tuple[ComponentEnergy, ...]:
    """The ledger summed over actions, largest first."""
    spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in result.energy:
        spent[row.component][row.static] += row.energy_pj
    rows = (ComponentEnergy(name, dynamic, static) for name, (dynamic, static) in spent.items())
    return tuple(sorted(rows, key=lambda row: (-row.energy_pj, row.component)))


def number_cell(text: str, value: float | None) -> Cell:
    return Cell(text, sort=-1 if value is None else value)


def share_cell(share: float | None, tone: str = "") -> Cell:
    return Cell(format_share(share), sort=-1 if share is None else share, share=share, tone=tone)


def time_cell(duration_ps: int) -> Cell:
    return number_cell(format_ps(duration_ps), duration_ps)


def count_cell(count: int) -> Cell:
    return number_cell(format_count(count), count)


def component_table(result: Measured) -> Table:
    """Energy per inference by component, dynamic and static apart."""
    columns = (
        Column("component"),
        *(Column(name, True) for name in ("dynamic", "static", "energy", "share")),
    )
    rows = []
    for row in energy_by_component(result):
        parts = [value / result.requests for value in (row.dynamic_pj, row.static_pj, row.energy_pj)]
        energies = (number_cell(format_pj(value), value) for value in parts)
        rows.append((Cell(row.component), *energies, share_cell(divided(row.energy_pj, result.energy_pj))))
    return Table("Energy by component", columns, tuple(rows), "per inference")


def action_table(result: Measured) -> Table:
    """The ledger line by line: what was done how often, at which price, priced by whom."""
    columns = (
        Column("component"),
        Column("action"),
        Column("count", True),
        Column("each", True),
        Column("energy", True),
        Column("share", True),
        Column("priced by", wide=True),
    )
    rows = []
    for row in sorted(result.energy, key=lambda row: (-row.energy_pj, row.component, row.action)):
        each = "over time" if row.per_action_pj is None else format_pj(row.per_action_pj)
        rows.append(
            (
                Cell(row.component),
                Cell(row.action, tone="static" if row.static else ""),
                count_cell(row.count) if row.per_action_pj is not None else Cell("", sort=-1),
                Cell(each, sort=row.per_action_pj or -1, tone="quiet" if row.static else ""),
                number_cell(format_pj(row.energy_pj / result.requests), row.energy_pj),
                share_cell(divided(row.energy_pj, result.energy_pj), "static" if row.static else ""),
                Cell(row.model),
            )
        )
    counted = f"counts of all {format_count(result.requests)} requests"
    note = f"energy per inference; {counted}; over time: power of a state, active power counts as dynamic"
    return Table("Energy by component and action", columns, tuple(rows), note)


def layer_table(result: Result) -> Table:
    """Operations in the order they started: time, energy, cells."""
    columns = (
        Column("layer"),
        Column("kind", wide=True),
        Column("MACs", True, wide=True),
        Column("tiles", True, wide=True),
        Column("arrays", True),
        Column("copies", True),
        Column("cells used", True),
        Column("start", True),
        Column("latency", True),
        Column("in service", True),
        Column("energy", True),
        Column("energy share", True, wide=True),
    )
    total_pj = sum(row.energy_pj for row in result.layers)
    rows = tuple(_layer_cells(row, total_pj) for row in sorted(result.layers, key=lambda row: row.start_ps))
    return Table(
        "Layers", columns, rows, "one inference alone on the idle chip; layers overlap; energy is dynamic"
    )


def _layer_cells(row: LayerRow, total_pj: float) -> tuple[Cell, ...]:
    latency_ps = row.end_ps - row.start_ps
    cells = share_cell(row.utilisation_of_cells) if row.arrays else Cell("digital", sort=-1, tone="quiet")
    return (
        Cell(row.name),
        Cell(row.kind),
        count_cell(row.macs),
        count_cell(row.tiles),
        count_cell(row.arrays),
        count_cell(row.replicas),
        cells,
        time_cell(row.start_ps),
        time_cell(latency_ps),
        share_cell(divided(row.busy_ps, latency_ps)),
        number_cell(format_pj(row.energy_pj), row.energy_pj),
        share_cell(divided(row.energy_pj, total_pj)),
    )


def busy_share(row: StationRow) -> float | None:
    """In service, as a share of all the time its servers had."""
    return divided(row.busy_ps, row.busy_ps + row.blocked_ps + row.idle_ps)


def station_table(result: Measured, limit: int) -> Table:
    """The busiest stations, what waited in front of them, and for whom."""
    columns = (
        Column("station"),
        Column("equal", True),
        Column("servers", True, wide=True),
        Column("jobs", True),
        Column("in service", True),
        Column("blocked", True),
        Column("waited", True),
        Column("waited for"),
    )
    busiest = sorted(result.stations, key=lambda row: (-(busy_share(row) or 0), -row.waited_ps, row.path))
    rows = tuple(_station_cells(row) for row in busiest[:limit])
    shown = f"the {len(rows)} busiest of {len(busiest)}; " if len(busiest) > len(rows) else ""
    note = f"{shown}waited: time jobs stood in front of it, summed; waited for: the operation that held it"
    return Table("Stations", columns, rows, note)


def _station_cells(row: StationRow) -> tuple[Cell, ...]:
    blocked = divided(row.blocked_ps, row.busy_ps + row.blocked_ps + row.idle_ps)
    holders = ", ".join(f"{name} {format_ps(waited_ps)}" for name, waited_ps in row.waited_for[:3])
    more = f", {len(row.waited_for) - 3} more" if len(row.waited_for) > 3 else ""
    return (
        Cell(row.path),
        count_cell(row.multiplicity),
        count_cell(row.servers),
        count_cell(row.jobs),
        share_cell(busy_share(row)),
        number_cell(format_share(blocked), blocked),
        time_cell(row.waited_ps),
        Cell(holders + more),
    )


def tile_table(result: Result | GenerateResult, limit: int) -> Table:
    """Who sits where, the busiest tiles first."""
    columns = (
        Column("tile"),
        Column("arrays used", True),
        Column("cells used", True),
        Column("busy", True),
        Column("layers"),
    )
    busiest = sorted(result.tiles, key=lambda row: -row.busy_share)
    rows = tuple(_tile_cells(row) for row in busiest[:limit])
    note = (
        f"the {len(rows)} busiest of {format_count(len(busiest))} tiles" if len(busiest) > len(rows) else ""
    )
    return Table("Tiles", columns, rows, note)


def _tile_cells(row: TileRow) -> tuple[Cell, ...]:
    arrays = Cell(f"{format_count(row.arrays_used)} of {format_count(row.arrays)}", sort=row.arrays_used)
    ops = ", ".join(row.ops[:6]) + (f", {len(row.ops) - 6} more" if len(row.ops) > 6 else "")
    return (
        Cell(row.path),
        arrays,
        share_cell(divided(row.cells_used, row.cells)),
        share_cell(row.busy_share),
        Cell(ops),
    )


def area_table(result: Measured) -> Table:
    columns = (
        Column("component"),
        Column("kind"),
        Column("count", True),
        Column("area", True),
        Column("share", True),
    )
    total_um2 = sum(row.area_um2 for row in result.area)
    rows = []
    for row in sorted(result.area, key=lambda row: (-row.area_um2, row.component)):
        area = (
            number_cell(format_area(row.area_um2), row.area_um2)
            if row.known
            else Cell(UNKNOWN, -1, tone="bad")
        )
        share = share_cell(divided(row.area_um2, total_um2)) if row.known else Cell("", -1)
        rows.append((Cell(row.component), Cell(row.kind), count_cell(row.count), area, share))
    return Table("Area", columns, tuple(rows), "shares of the known area")


def law_table(result: Measured) -> Table:
    columns = (Column("law"), Column("holds"), Column("detail"))
    rows = tuple(
        (
            Cell(law.name),
            Cell("holds", tone="good") if law.holds else Cell("BROKEN", tone="bad"),
            Cell(law.detail),
        )
        for law in sorted(result.laws, key=lambda law: law.holds)
    )
    return Table("Conservation laws", columns, rows, "checked on this very run")
