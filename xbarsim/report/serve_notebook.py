"""A ServeResult as a small table for a notebook's output cell."""

from __future__ import annotations

from xbarsim.report.notebook import framed, line
from xbarsim.report.serve_views import headline, serve_notes
from xbarsim.scenario.serve_result import ServeResult


def serve_html(result: ServeResult) -> str:
    """Self-contained HTML: headline figures, notes, broken laws and unknown numbers."""
    lines = [line(figure.label, figure.value, figure.detail) for figure in headline(result)]
    lines += [line("Note", "", note) for note in serve_notes(result)]
    lines += [line("Law broken", law.name, law.detail) for law in result.laws if not law.holds]
    if result.unknowns:
        lines.append(line("Unknown numbers", str(len(result.unknowns)), ", ".join(result.unknowns)))
    return framed(result.workload, result.chip, lines)
