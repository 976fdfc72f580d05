"""The headline and the tables of a LifetimeResult as plain values: policies side by side, then each by age."""

from __future__ import annotations

from math import isinf

from xbarsim.report.headline import Figure, unknown_energies
from xbarsim.report.quantities import (
    UNKNOWN,
    divided,
    format_number,
    format_pj,
    format_quantity,
    format_share,
)
from xbarsim.report.views import Cell, Column, Table, count_cell, number_cell
from xbarsim.scenario.lifetime_result import TAIL, AgeRow, LifetimeResult, PolicyLife, TailRow

_LOG_ROWS, _CELL_ROWS = 40, 10


def age_text(seconds: float | None) -> str:
    """86400 -> '24.0 h'; 'never' for what does not come."""
    return "never" if seconds is not None and isinf(seconds) else format_quantity(seconds, "s")


def headline(result: LifetimeResult) -> tuple[Figure, ...]:
    """What a reader asks first; for several policies, of each."""
    told = f"{result.arrivals}; one alone takes {format_quantity(result.alone_ps * 1e-12, 's')}"
    least = "≥ " if unknown_energies(result) else ""
    energy = least + format_pj(result.policies[0].pj_per_inference)
    static = divided(sum(row.static_pj for row in result.policies[0].ages), result.policies[0].energy_pj)
    return (
        Figure("Life", age_text(result.horizon_s), told),
        *(_accuracy(result) if result.accuracy_float is not None else ()),
        *(_of_policy(life) for life in result.policies),
        Figure("Energy per inference", energy, f"{format_share(static)} static; {result.policies[0].policy}"),
    )


def _accuracy(result: LifetimeResult) -> tuple[Figure, ...]:
    first = result.policies[0].ages[0]
    told = f"on a computer; {_percent(first.accuracy)} on the chip after {age_text(first.age_s)}"
    return (Figure("Accuracy", _percent(result.accuracy_float), told),)


def _of_policy(life: PolicyLife) -> Figure:
    """Accuracy at the end, and what it costs."""
    last = life.ages[-1]
    end = _end_cell(life).text
    told = [
        f"p99 {_time(_quantile(life.tail, 'p99'))}",
        f"first cell worn out after {end}" if end not in ("never", UNKNOWN) else "",
        f"upkeep takes {_share(life.upkeep_share).text} of the energy" if life.upkeep_share else "",
    ]
    accuracy = _percent(last.accuracy) if last.accuracy is not None else ""
    return Figure(_short(life.policy), accuracy, "; ".join(part for part in told if part))


def _short(policy: str) -> str:
    """Without what is so if nothing else is said."""
    return policy.replace(", upkeep first", "").replace(", at once", "").capitalize()


def lifetime_tables(result: LifetimeResult) -> tuple[Table, ...]:
    """Policies side by side, then each by age, and what is written."""
    by_age = tuple(age_table(result, life) for life in result.policies)
    return (policy_table(result), *by_age, wear_table(result))


def policy_table(result: LifetimeResult) -> Table:
    """One row a policy."""
    columns = (
        Column("policy"), Column("accuracy", True), Column("p50", True, wide=True), Column("p99", True),
        Column("p99.9", True), Column("p99.99", True, wide=True), Column("p99, met", True), Column("lost", True),
        Column("upkeep", True), Column("writes a cell", True, wide=True), Column("worn out from", True),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(_short(life.policy)),
            _percent_cell(life.ages[-1].accuracy),
            *(_time_cell(_quantile(life.tail, name)) for name in TAIL),
            _time_cell(_quantile(life.affected, "p99")),
            _share(life.lost),
            _share(life.upkeep_share),
            _writes(life.ages[-1]),
            _end_cell(life),
        )
        for life in result.policies
    )
    return Table(
        "Policies",
        columns,
        rows,
        f"accuracy after {age_text(result.horizon_s)}; met: requests that met upkeep; upkeep: of the energy",
    )


def _end_cell(life: PolicyLife) -> Cell:
    """When the first cell is worn out: when it was, or will be."""
    if life.wear is None or not life.wear.remaining_s:
        return Cell(UNKNOWN)
    if life.wear.first_failed:
        age_s = life.wear.first_failed[0].age_s
        return Cell(age_text(age_s), age_s, tone="bad")
    end_s = life.ages[-1].age_s + life.wear.remaining_s[0][1]
    return Cell(age_text(end_s), end_s)


def age_table(result: LifetimeResult, life: PolicyLife) -> Table:
    """One row an age: the chip then, and the span before it."""
    columns = (
        Column("age", True), Column("accuracy", True), Column("±", True), Column("p99", True),
        Column("p99.9", True), Column("lost", True), Column("energy", True, wide=True), Column("a request", True),
        Column("upkeep", True, wide=True),
        Column("corrections", True, wide=True), Column("probes", True, wide=True), Column("writes a cell", True),
        Column("worn out", True),
    )  # fmt: skip
    note = f"{life.policy}; figures of the span before each age"
    return Table("Life", columns, tuple(_age_row(row) for row in life.ages), note)


def _age_row(row: AgeRow) -> tuple[Cell, ...]:
    return (
        Cell(age_text(row.age_s), row.age_s),
        _percent_cell(row.accuracy),
        _percent_cell(row.spread),
        _time_cell(_quantile(row.tail, "p99")),
        _time_cell(_quantile(row.tail, "p99.9")),
        _share(row.lost),
        Cell(format_pj(row.energy_pj), row.energy_pj),
        Cell(format_pj(row.energy_pj / row.requests if row.requests else None)),
        Cell(format_pj(row.correcting_pj + row.probing_pj), row.correcting_pj + row.probing_pj),
        count_cell(row.corrections),
        count_cell(row.probes),
        _writes(row),
        _share(row.stuck) if row.stuck is not None else Cell(UNKNOWN),
    )


def wear_table(result: LifetimeResult) -> Table:
    """Remaining life of the cells, at the rate at which they were written last."""
    columns = (
        Column("policy"), Column("cells", True), Column("worn out", True), Column("first cell ends in", True),
        Column("1 % of the cells", True), Column("half of the cells", True),
    )  # fmt: skip
    rows = []
    for life in result.policies:
        wear = life.wear
        if wear is None:
            continue
        ends = [Cell(age_text(left_s), left_s) for _, left_s in wear.remaining_s] or [Cell(UNKNOWN)] * 3
        rows.append((Cell(life.policy), count_cell(wear.cells), count_cell(wear.failed), *ends))
    note = f"what is left after {age_text(result.horizon_s)}, written as in the last span"
    return Table("Remaining life", columns, tuple(rows), note)


def cell_table(result: LifetimeResult) -> Table:
    """The first cells that wore out."""
    columns = (Column("policy"), Column("block"), Column("cell"), Column("age", True), Column("writes", True))
    rows = tuple(
        (
            Cell(life.policy),
            Cell(cell.block),
            Cell(str(cell.place)),
            Cell(age_text(cell.age_s), cell.age_s),
            count_cell(cell.writes),
        )
        for life in result.policies
        if life.wear is not None
        for cell in life.wear.first_failed[:_CELL_ROWS]
    )
    return Table(
        "First failing cells", columns, rows, "of the first network; slice, polarity, group, output, input"
    )


def log_table(result: LifetimeResult) -> Table:
    """The first corrections of each policy; equal ones in a row are one line."""
    columns = (
        Column("policy"), Column("age", True), Column("layers"), Column("distances", True), Column("times", True),
        Column("every", True),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(life.policy),
            Cell(age_text(row.age_s), row.age_s),
            Cell(", ".join(row.layers)),
            Cell(", ".join("" if d is None else f"{d:.3g}" for d in row.distances).strip(", ")),
            count_cell(row.times),
            Cell(age_text(row.every_s) if row.times > 1 else ""),
        )
        for life in result.policies
        for row in life.log[:_LOG_ROWS]
    )
    return Table("Corrections", columns, rows, "of the first network; distances where a probe decided")


def floor_table(result: LifetimeResult) -> Table:
    """Thresholds beside what read noise alone leaves."""
    columns = (
        Column("policy"),
        Column("layer"),
        Column("noise floor", True),
        Column("threshold", True),
        Column(""),
    )
    rows = tuple(
        (
            Cell(life.policy),
            Cell(layer),
            Cell(format_number(floor), floor),
            Cell(format_number(life.threshold), life.threshold),
            Cell("above it: probes tell" if floor < life.threshold else "below it: corrected at every probe",
                 tone="good" if floor < life.threshold else "warn"),
        )
        for life in result.policies
        if life.threshold is not None
        for layer, floor in life.floors.items()
    )  # fmt: skip
    return Table(
        "Monitor", columns, rows, "mean distance of the answers to a probe, in units of the layer's outputs"
    )


def _quantile(row: TailRow, name: str) -> float | None:
    return row.quantiles_ps[TAIL.index(name)]


def _time(duration_ps: float | None) -> str:
    return UNKNOWN if duration_ps is None else format_quantity(duration_ps * 1e-12, "s")


def _time_cell(duration_ps: float | None) -> Cell:
    return Cell(_time(duration_ps) if duration_ps is not None else "", duration_ps)


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{100 * share:.1f} %"


def _percent_cell(share: float | None) -> Cell:
    return Cell(_percent(share) if share is not None else "", share)


def _share(share: float) -> Cell:
    """Small shares in parts per million."""
    text = f"{share * 1e6:.3g} ppm" if 0 < share < 1e-3 else format_share(share) if share else "0"
    return Cell(text, share)


def _writes(row: AgeRow) -> Cell:
    return Cell(UNKNOWN) if row.writes is None else number_cell(format_number(row.writes), row.writes)
