"""Figures of a comparison as SVG text: bars, a radar, and where the energy goes on each chip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xbarsim.report.compare_views import network_names, shown
from xbarsim.report.figures_style import (
    GRID,
    QUIET,
    SERIES,
    name_rows,
    new_figure,
    rows_height,
    styled,
    to_svg,
)
from xbarsim.report.study_views import format_figure, words_of
from xbarsim.study.compare import Comparison, Entry, energy_by_family
from xbarsim.study.figures import BY_NAME

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN = 9.0
_BARS = ("latency_ns", "throughput_per_s", "energy_pj", "tops_per_w", "area_mm2")
_MOST_FAMILIES, _MOST_LINES, _MOST_RADARS = 5, 8, 3


def bar_figure(found: Comparison) -> str:
    """A panel for each figure, a bar for each chip and network."""
    entries = found.done
    panels = [name for name in _BARS if any(entry.figures[name] is not None for entry in entries)]
    if not entries:
        return ""
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(entries), 1.6), gap=0.06)
        rows = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, name in zip(rows, panels, strict=True):
            _bars(axes, entries, name, found)
        name_rows(rows[0], [_name(entry, found) for entry in entries])
        return to_svg(figure, "bars", "Latency, throughput, energy, efficiency and area of each chip")


def _bars(axes: Axes, entries: tuple[Entry, ...], name: str, found: Comparison) -> None:
    values = [float(entry.figures[name] or 0) for entry in entries]
    tops = _tops(entries, values)
    colors = [SERIES[found.workloads.index(entry.workload) % len(SERIES)] for entry in entries]
    shares = [value / tops[entry.workload] for value, entry in zip(values, entries, strict=True)]
    axes.barh(range(len(entries)), shares, 0.66, color=colors)
    for place, entry in enumerate(entries):
        text = format_figure(name, entry.figures[name])
        axes.annotate(text, (shares[place], place), (3, 0), textcoords="offset points", va="center", fontsize=6.5,
                      color=QUIET)  # fmt: skip
    axes.set_title(f"{words_of(name)} {'↓' if BY_NAME[name].better == 'less' else '↑'}")
    axes.set_xlim(0, 1.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)


def _tops(entries: Sequence[Entry], values: Sequence[float]) -> dict[str, float]:
    """The largest value of each network."""
    tops: dict[str, float] = {}
    for entry, value in zip(entries, values, strict=True):
        tops[entry.workload] = max(tops.get(entry.workload, 0.0), value)
    return {workload: top or 1.0 for workload, top in tops.items()}


def radar_figure(found: Comparison) -> str:
    """Each figure as a share of the best one, so that outside is better; a radar for each network."""
    told = [(workload, spokes) for workload in found.workloads if len(spokes := _spokes(found, workload)) > 2]
    if not told:
        return ""
    with styled():
        figure = new_figure(_WIDTH_IN, 4.2 if len(told) < 3 else 3.4)
        panels = figure.subplots(
            1, len(told[:_MOST_RADARS]), subplot_kw={"projection": "polar"}, squeeze=False
        )[0]
        for axes, (workload, spokes) in zip(panels, told, strict=False):
            _radar(axes, found, workload, spokes)
        handles = {
            label: line
            for axes in panels
            for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4)
        return to_svg(figure, "radar", "Each chip's figures as shares of the best")


def _spokes(found: Comparison, workload: str) -> list[str]:
    """Figures that two chips at least have, and all of them."""
    entries = [entry for entry in found.of(workload) if entry.result is not None]
    known = [name for name in shown(found) if all(entry.figures[name] for entry in entries)]
    return known if len(entries) > 1 else []


def _radar(axes: Any, found: Comparison, workload: str, spokes: list[str]) -> None:
    entries = [entry for entry in found.of(workload) if entry.result is not None]
    angles = [2 * math.pi * at / len(spokes) for at in range(len(spokes) + 1)]
    for entry in entries[:_MOST_LINES]:
        shares = [_share(entry, entries, name) for name in spokes]
        color = SERIES[found.chips.index(entry.chip) % len(SERIES)]
        axes.plot(angles, [*shares, shares[0]], color=color, lw=1.6, label=entry.chip)
        axes.fill(angles, [*shares, shares[0]], color=color, alpha=0.08)
    axes.set_xticks(angles[:-1], [words_of(name) for name in spokes])
    axes.set_yscale("symlog", linthresh=0.01)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.01, 0.1, 1], ["1 %", "10 %", "100 %"], fontsize=6)
    axes.tick_params(labelcolor=QUIET)
    axes.spines["polar"].set_color(GRID)
    if len(found.workloads) > 1:
        axes.set_title(workload, pad=14)


def _share(entry: Entry, entries: list[Entry], name: str) -> float:
    values = [float(one.figures[name] or 0) for one in entries]
    own = float(entry.figures[name] or 0)
    return min(values) / own if BY_NAME[name].better == "less" else own / max(values)


def energy_split_figure(found: Comparison) -> str:
    """Energy per inference, stacked by what spends it."""
    entries = [entry for entry in found.done if entry.figures["energy_pj"]]
    if not entries:
        return ""
    spent = [energy_by_family(entry.result) for entry in entries if entry.result is not None]
    total: dict[str, float] = {}
    for split in spent:
        for family, energy_pj in split.items():
            total[family] = total.get(family, 0.0) + energy_pj / (sum(split.values()) or 1.0)
    told = sorted(total, key=lambda family: -total[family])[:_MOST_FAMILIES]
    tops = _tops(entries, [sum(split.values()) for split in spent])
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(entries), 1.6))
        axes = figure.subplots()
        left = [0.0] * len(entries)
        for at, family in enumerate([*told, "others"]):
            pairs = zip(entries, spent, strict=True)
            parts = [100 * _part(split, family, told) / tops[entry.workload] for entry, split in pairs]
            if any(parts):
                axes.barh(
                    range(len(entries)), parts, 0.66, left=left, color=SERIES[at % len(SERIES)], label=family
                )
            left = [a + b for a, b in zip(left, parts, strict=True)]
        name_rows(axes, [_name(entry, found) for entry in entries])
        axes.set_xlabel("energy per inference (% of the largest of its network)")
        axes.grid(axis="x")
        figure.legend(loc="outside lower center", ncols=6)
        return to_svg(figure, "split", "Energy per inference of each chip by what spends it")


def _part(split: dict[str, float], family: str, told: list[str]) -> float:
    if family in told:
        return split.get(family, 0.0)
    return sum(energy_pj for name, energy_pj in split.items() if name not in told)


def _name(entry: Entry, found: Comparison) -> str:
    return f"{entry.chip}, {network_names(found)[entry.workload]}" if len(found.workloads) > 1 else entry.chip
