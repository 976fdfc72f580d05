"""Figure of a GenerateResult: when each request came, was let in, and each of its tokens was out."""

from __future__ import annotations

from xbarsim.report.figures_style import (
    ANALOG,
    DIGITAL,
    QUIET,
    name_rows,
    new_figure,
    rows_height,
    styled,
    time_axis,
    to_svg,
)
from xbarsim.scenario.generate_result import GenerateResult

_WIDTH_IN = 9.0
_MOST_REQUESTS = 60


def token_figure(result: GenerateResult) -> str:
    """Requests from first to last: waiting, reading the prompt, and a mark for each token."""
    rows = result.rows[:_MOST_REQUESTS]
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(rows)))
        axes = figure.subplots()
        unit_ps = time_axis(axes, max(row.tokens_ps[-1] for row in rows))
        places = list(range(len(rows)))
        waits = [(row.admitted_ps - row.arrival_ps) / unit_ps for row in rows]
        prompts = [(row.tokens_ps[0] - row.admitted_ps) / unit_ps for row in rows]
        came = [row.arrival_ps / unit_ps for row in rows]
        admitted = [row.admitted_ps / unit_ps for row in rows]
        axes.barh(places, waits, left=came, height=0.3, color=QUIET, label="waiting")
        axes.barh(places, prompts, left=admitted, height=0.6, color=DIGITAL, label="prompt")
        times = [time_ps / unit_ps for row in rows for time_ps in row.tokens_ps]
        lines = [place for place, row in enumerate(rows) for _ in row.tokens_ps]
        axes.scatter(times, lines, marker="|", s=60, color=ANALOG, label="token out", zorder=3)
        name_rows(axes, [f"request {number}" for number in places])
        axes.grid(axis="x")
        figure.legend(loc="outside upper left", ncols=3)
        return to_svg(figure, "tokens", "When each request came, was let in, and each of its tokens was out")
