"""Figures of a Result as SVG text: energy, layers on the time axis, occupancy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xbarsim.report.figures_style import (
    ANALOG,
    DIGITAL,
    DYNAMIC,
    GRID,
    QUIET,
    STATIC,
    name_rows,
    new_figure,
    rows_height,
    styled,
    time_axis,
    to_svg,
)
from xbarsim.report.quantities import divided, format_pj, format_ps, format_share, prefix_of, thousands_power
from xbarsim.report.views import ComponentEnergy, energy_by_component
from xbarsim.scenario.result import LayerRow, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_WIDTH_IN = 9.0
_MOST_COMPONENTS = 16
_MOST_TOLD_LAYERS = 40


def energy_figure(result: Result) -> str:
    """Energy per inference by component: dynamic and static stacked, largest on top."""
    if not result.energy:
        return ""
    rows = _largest(energy_by_component(result))
    largest_pj = max(row.energy_pj for row in rows) / result.requests
    power = thousands_power(largest_pj * 1e-12) if largest_pj else 0
    pj_per_unit = 10.0 ** (power + 12) * result.requests
    dynamic = [row.dynamic_pj / pj_per_unit for row in rows]
    static = [row.static_pj / pj_per_unit for row in rows]
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(rows)) + 0.1)
        axes = figure.subplots()
        axes.barh(range(len(rows)), dynamic, 0.62, color=DYNAMIC, label="dynamic")
        axes.barh(range(len(rows)), static, 0.62, left=dynamic, color=STATIC, label="static")
        for place, row in enumerate(rows):
            share = format_share(divided(row.energy_pj, result.energy_pj))
            told = f"{format_pj(row.energy_pj / result.requests)} · {share}"
            axes.annotate(told, (dynamic[place] + static[place], place), (5, 0), textcoords="offset points",
                          va="center", color=QUIET, fontsize=7.5)  # fmt: skip
        name_rows(axes, [row.component for row in rows])
        axes.set_xlim(0, (largest_pj * result.requests / pj_per_unit or 1) * 1.17)
        axes.set_xlabel(f"energy per inference ({prefix_of(power)}J)")
        axes.grid(axis="x")
        figure.legend(loc="outside upper left", ncols=2)
        return to_svg(figure, "energy", "Energy per inference by component, dynamic and static")


def latency_figure(result: Result) -> str:
    """Layers on the time axis, from first to last; the strong part of a bar is the time in service."""
    if not result.layers:
        return ""
    layers = in_order(result.layers)
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(layers)))
        axes = figure.subplots()
        unit_ps = time_axis(axes, max(row.end_ps for row in layers))
        for on_arrays, color, label in ((True, ANALOG, "on arrays"), (False, DIGITAL, "digital")):
            places = [place for place, row in enumerate(layers) if bool(row.arrays) == on_arrays]
            if places:
                _bars(axes, layers, places, unit_ps, color, label)
        _tell_latencies(axes, layers)
        name_rows(axes, [row.name for row in layers])
        axes.grid(axis="x")
        figure.legend(loc="outside upper left", ncols=2)
        return to_svg(figure, "latency", "Start, end and time in service of every layer")


def occupancy_figure(result: Result) -> str:
    """Layers by time bins: how much of each bin a layer was in service."""
    if not result.layers:
        return ""
    layers = in_order(result.layers)
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(layers), 1.5))
        axes = figure.subplots()
        end_ps = result.latency.alone_ps
        unit_ps = time_axis(axes, end_ps)
        shares = [list(row.occupancy) or [0.0] for row in layers]
        extent = (0, max(end_ps, 1) / unit_ps, len(shares) - 0.5, -0.5)
        image = axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto", extent=extent,
                            interpolation="nearest")  # fmt: skip
        name_rows(axes, [row.name for row in layers])
        share_scale(figure, image, axes, "in service")
        return to_svg(figure, "occupancy", "Share of each time bin in which each layer was in service")


def in_order(layers: Sequence[LayerRow]) -> list[LayerRow]:
    """By start; what starts together stays in the order of the network."""
    return sorted(layers, key=lambda row: row.start_ps)


def share_scale(figure: Figure, image: AxesImage, axes: Axes, label: str) -> None:
    """A thin colour bar from 0 to 100 %."""
    bar = figure.colorbar(image, ax=axes, fraction=0.02, pad=0.012, aspect=5 * figure.get_figheight())
    bar.set_ticks([0, 0.5, 1], labels=["0", "50 %", "100 %"])
    bar.set_label(label)
    bar.outline.set_edgecolor(GRID)
    bar.ax.tick_params(labelcolor=QUIET, color=GRID)


def _bars(
    axes: Axes, layers: list[LayerRow], places: list[int], unit_ps: float, color: str, label: str
) -> None:
    starts = [layers[place].start_ps / unit_ps for place in places]
    spans = [(layers[place].end_ps - layers[place].start_ps) / unit_ps for place in places]
    served = [min(layers[place].busy_ps / unit_ps, span) for place, span in zip(places, spans, strict=True)]
    axes.barh(places, spans, 0.7, left=starts, color=color, alpha=0.28)
    axes.barh(places, served, 0.7, left=starts, color=color, label=label)


def _tell_latencies(axes: Axes, layers: list[LayerRow]) -> None:
    """The latency of each layer in a column at the right, if the rows are tall enough for text."""
    if len(layers) > _MOST_TOLD_LAYERS:
        return
    for place, row in enumerate(layers):
        axes.annotate(format_ps(row.end_ps - row.start_ps), (1, place), (40, 0), va="center", ha="right",
                      xycoords=("axes fraction", "data"), textcoords="offset points", color=QUIET,
                      fontsize=7.5, annotation_clip=False)  # fmt: skip


def _largest(rows: tuple[ComponentEnergy, ...]) -> list[ComponentEnergy]:
    """The largest, and the rest as one row."""
    if len(rows) <= _MOST_COMPONENTS:
        return list(rows)
    kept, rest = rows[: _MOST_COMPONENTS - 1], rows[_MOST_COMPONENTS - 1 :]
    others = ComponentEnergy(
        f"{len(rest)} others", sum(row.dynamic_pj for row in rest), sum(row.static_pj for row in rest)
    )
    return [*kept, others]
