"""The picture of the speed report: the engines side by side, whole processes beside other tools."""

from __future__ import annotations

from typing import Any

from benchmarks.tables import ELSEWHERE, seconds
from xbarsim.report.figures_style import DYNAMIC, QUIET, STATIC, new_figure, rows_height, styled, to_svg

Bars = list[tuple[str, float, str]]  # (name, seconds, colour)


def picture(tables: dict[str, list[dict[str, Any]]]) -> str:
    """Two panels of bars on logarithmic axes of time, as SVG."""
    engines: Bars = []
    for row in tables["engines"]:
        engines.append((f"{row['network']}, mvm", row["run_mvm_s"], STATIC))
        engines.append((f"{row['network']}, burst", row["run_burst_s"], DYNAMIC))
    whole: Bars = [
        (_short(row["command"]), row["wall_s"], DYNAMIC)
        for row in tables["processes"]
        if row["command"].startswith("run ")
    ]
    whole += [(f"{tool}: {network}", wall_s, QUIET) for tool, network, wall_s, _ in ELSEWHERE]
    with styled():
        figure = new_figure(9.0, rows_height(max(len(engines), len(whole))) + 0.3, gap=0.05)
        left, right = figure.subplots(1, 2)
        _draw(left, engines, "one run: reference and compiled engine")
        _draw(right, whole, "whole process; grey: other tools")
        svg = to_svg(
            figure, "speed", "Time of runs with both engines, and of whole processes beside other tools"
        )
    return svg.replace("<svg ", '<svg style="background:#ffffff" ', 1)


def _short(command: str) -> str:
    return command.removeprefix("run ").replace("benchmarks/larger.yaml", "larger chip")


def _draw(axes: Any, bars: Bars, title: str) -> None:
    times_s = [time_s for _, time_s, _ in bars]
    axes.set_title(title, loc="left")
    axes.barh(range(len(bars)), times_s, 0.62, color=[colour for *_, colour in bars])
    axes.set_xscale("log")
    axes.set_xlim(min(times_s) / 2, max(times_s) * 6)
    decades = [10.0**power for power in range(-3, 4) if min(times_s) / 2 <= 10.0**power <= max(times_s) * 6]
    axes.set_xticks(decades, [seconds(time_s) for time_s in decades], minor=False)
    axes.minorticks_off()
    axes.set_yticks(range(len(bars)), [name for name, *_ in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    for place, time_s in enumerate(times_s):
        axes.annotate(seconds(time_s), (time_s, place), (4, 0), textcoords="offset points", va="center",
                      color=QUIET, fontsize=7)  # fmt: skip
