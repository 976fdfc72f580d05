"""The headline and the tables of a GenerateResult as plain values."""

from __future__ import annotations

from xbarsim.report.headline import Figure, unknown_energies
from xbarsim.report.quantities import (
    divided,
    format_count,
    format_number,
    format_pj,
    format_ps,
    format_quantity,
    format_share,
)
from xbarsim.report.views import (
    Cell,
    Column,
    Table,
    energy_by_component,
    number_cell,
    share_cell,
    time_cell,
)
from xbarsim.scenario.generate_result import GenerateResult
from xbarsim.scenario.statistics import Estimate

_REQUESTS = 20  # rows shown


def generate_tables(result: GenerateResult) -> tuple[Table, ...]:
    """What only a generation has to tell."""
    return times_table(result), request_table(result), energy_table(result)


def headline(result: GenerateResult) -> tuple[Figure, ...]:
    """What a reader asks first."""
    kv = result.kv
    place = "on the chip" if kv.place == "on_chip" else "off the chip"
    each = result.alone_per_token_ps
    alone = "one request on the idle chip"
    step = Figure("Time per token", format_ps(round(each)), f"mean; {alone}") if each is not None else None
    unknown = unknown_energies(result)
    counted = f"; {unknown} unknown prices and powers count as nothing" if unknown else ""
    static, dynamic = result.static_pj_per_token, result.dynamic_pj_per_token
    return (
        Figure("Time to first token", format_ps(result.alone.first_token_ps),
               f"{alone}, prompt of {result.prompt_tokens}"),
        *((step,) if step is not None else ()),
        Figure("Throughput", f"{format_number(result.tokens_per_s)} tokens/s",
               f"{format_count(result.requests)} requests of {result.tokens} tokens, up to {result.inside} at once"),
        Figure("Energy per token", f"{'≥ ' if unknown else ''}{format_pj(static + dynamic)}",
               f"{format_share(divided(static, static + dynamic))} static, prompt included{counted}"),
        Figure("Keys and values", f"{format_quantity(kv.peak_bits / 8, 'B')}",
               f"most at a time, {place} ({kv.part}); {format_quantity(kv.request_bits / 8, 'B')} a request"),
        Figure("Read, stored", f"{format_quantity(kv.read_bits / 8, 'B')}",
               f"read in the run, {format_quantity(kv.written_bits / 8, 'B')} stored"),
        Figure("Work", format_quantity(result.macs_per_request, "MAC"), "per request; one MAC is two operations"),
        Figure("Run", format_ps(result.elapsed_ps), "simulated"),
    )  # fmt: skip


def times_table(result: GenerateResult) -> Table:
    """Figures of the steady state; too few samples say so."""
    columns = (
        Column("time"),
        Column("figure"),
        Column("value", True),
        Column("95 % interval", True),
        Column("", wide=False),
    )
    named = (("to first token", result.first_token), ("per further token", result.per_token))
    rows = [_estimate_row(name, one) for name, estimates in named for one in estimates]
    return Table("Times under load", columns, tuple(rows), "waiting at the door included")


def _estimate_row(name: str, one: Estimate) -> tuple[Cell, ...]:
    value = format_ps(round(one.value_ps)) if one.value_ps is not None else "-"
    interval = "-"
    if one.low_ps is not None and one.high_ps is not None:
        interval = f"{format_ps(round(one.low_ps))} … {format_ps(round(one.high_ps))}"
    return (Cell(name), Cell(one.figure), Cell(value), Cell(interval), Cell(one.note, tone="quiet"))


def request_table(result: GenerateResult) -> Table:
    columns = (
        Column("request", True), Column("came", True), Column("waited", True), Column("to first token", True),
        Column("per token", True), Column("all", True),
    )  # fmt: skip
    rows = []
    for number, row in enumerate(result.rows[:_REQUESTS]):
        gaps = row.gaps_ps
        each = time_cell(round(sum(gaps) / len(gaps))) if gaps else Cell("-")
        rows.append(
            (
                number_cell(str(number), number),
                time_cell(row.arrival_ps),
                time_cell(row.admitted_ps - row.arrival_ps),
                time_cell(row.first_token_ps),
                each,
                time_cell(row.tokens_ps[-1] - row.arrival_ps),
            )
        )
    shown = f"the first {_REQUESTS} of {format_count(result.requests)}" if result.requests > _REQUESTS else ""
    return Table("Requests", columns, tuple(rows), shown)


def energy_table(result: GenerateResult) -> Table:
    """The ledger summed over actions, by token of the answers."""
    columns = (
        Column("component"),
        *(Column(name, True) for name in ("dynamic", "static", "energy", "share")),
    )
    rows = []
    for row in energy_by_component(result):
        parts = [value / result.tokens_out for value in (row.dynamic_pj, row.static_pj, row.energy_pj)]
        energies = (number_cell(format_pj(value), value) for value in parts)
        rows.append((Cell(row.component), *energies, share_cell(divided(row.energy_pj, result.energy_pj))))
    return Table("Energy by component", columns, tuple(rows), "per token of the answers")
