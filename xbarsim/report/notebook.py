"""A result of any kind as a small table for a notebook's output cell."""

from __future__ import annotations

from markupsafe import Markup

from xbarsim.report.kinds import figures_of, notes_of
from xbarsim.report.quantities import divided, format_pj, format_share
from xbarsim.report.views import Measured, energy_by_component
from xbarsim.scenario.result import Result

_CELL = Markup('<td style="text-align:{align};padding:.15em .8em .15em 0;{style}">{text}</td>')
_QUIET = "opacity:.7"
_LARGEST = 4


def result_html(result: Measured) -> str:
    """Self-contained HTML: headline figures, the largest spenders or notes, broken laws and unknown numbers."""
    lines = [line(figure.label, figure.value, figure.detail) for figure in figures_of(result)]
    if isinstance(result, Result):
        lines.append(line("Largest spenders", "", _spenders(result)))
    else:
        lines += [line("Note", "", note) for note in notes_of(result)]
    lines += [line("Law broken", law.name, law.detail) for law in result.laws if not law.holds]
    if result.unknowns:
        lines.append(line("Unknown numbers", str(len(result.unknowns)), ", ".join(result.unknowns)))
    return framed(result.workload, result.chip, lines)


def _spenders(result: Result) -> str:
    return ", ".join(
        f"{row.component} {format_pj(row.energy_pj / result.requests)} "
        f"({format_share(divided(row.energy_pj, result.energy_pj))})"
        for row in energy_by_component(result)[:_LARGEST]
    )


def framed(workload: str, chip: str, lines: list[Markup]) -> str:
    """Lines below the names of network and chip."""
    title = Markup("<b>{}</b> on <b>{}</b>").format(workload, chip)
    table = Markup('<table style="border-collapse:collapse;margin:.4em 0">{}</table>').format(
        Markup("").join(lines)
    )
    return str(Markup("<div>{}{}</div>").format(title, table))


def line(label: str, value: str, detail: str) -> Markup:
    """One row: a label, a value, and what to know about it."""
    cells = (
        _CELL.format(align="left", style="", text=label),
        _CELL.format(align="right", style="font-weight:600;white-space:nowrap", text=value),
        _CELL.format(align="left", style=_QUIET, text=detail),
    )
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))
