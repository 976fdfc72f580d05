"""The chip seen from above as SVG text: which tiles are full, which are busy, who sits where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import escape

from xbarsim.report.figures import in_order
from xbarsim.report.figures_style import GRID, QUIET, new_figure, shortened, styled, to_svg
from xbarsim.report.quantities import divided, format_share
from xbarsim.scenario.result import Layout, Result, TileRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure

TILES_LABEL = "Tiles of the chip by"  # by which its picture is known
_WIDTH_IN = 9.0
_MOST_VECTOR_TILES = 300  # beyond, the map is an image: small, and no mouse could point at a tile anyway
_MOST_NAMED_TILES = 16


@dataclass(frozen=True)
class _Layout:
    """Where tiles are drawn: centre points and the size of one."""

    points: tuple[tuple[float, float], ...]
    dx: float
    dy: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        xs, ys = zip(*self.points, strict=True)
        return min(xs) - self.dx / 2, max(xs) + self.dx / 2, min(ys) - self.dy / 2, max(ys) + self.dy / 2

    @property
    def height_per_width(self) -> float:
        left, right, top, bottom = self.bounds
        return (bottom - top) / (right - left)


def tile_map_figure(result: Result) -> str:
    """Three maps of the tiles side by side: cells used, busy share, and the layers from first to last."""
    return _tiles_figure(result.tiles, [row.name for row in in_order(result.layers)], with_busy=True)


def placed_figure(tiles: Sequence[TileRow]) -> str:
    """The same of a result without layers: matrices in the order in which they are placed."""
    names = dict.fromkeys(name for row in tiles for name in row.ops)
    return _tiles_figure(tiles, list(names), with_busy=True)


def layout_figure(layout: Layout) -> str:
    """Two maps of the tiles: cells used, and the layers from first to last; nothing has run yet."""
    return _tiles_figure(layout.tiles, [row.matrix for row in layout.matrices], with_busy=False)


def _tiles_figure(tiles: Sequence[TileRow], order: Sequence[str], with_busy: bool) -> str:
    if not tiles:
        return ""
    layout = _layout(tiles)
    panels = [("cells used", [divided(row.cells_used, row.cells) or 0.0 for row in tiles])]
    if with_busy:
        panels.append(("busy", [row.busy_share for row in tiles]))
    panels.append(("first layer on the tile: input to output", _places_of_layers(tiles, order)))
    with styled():
        height_in = max(1.2, min(8.0, _WIDTH_IN / 3 * layout.height_per_width)) + 0.8
        figure = new_figure(_WIDTH_IN, height_in, gap=0.06)
        for number, (axes, (title, shares)) in enumerate(
            zip(figure.subplots(1, len(panels)), panels, strict=True)
        ):
            placement = number == len(panels) - 1
            drawn = _draw_tiles(axes, layout, shares, "plasma" if placement else "cividis", f"map{number}")
            axes.set_title(title, loc="left")
            _scale(figure, drawn, axes, placement=placement)
            if placement and len(tiles) <= _MOST_NAMED_TILES:
                _name_tiles(axes, layout, tiles, shares)
        what = "cells used, by busy share and by layer" if with_busy else "cells used and by layer"
        svg = to_svg(figure, "tiles", f"{TILES_LABEL} {what}")
    return _with_hints(svg, tiles, len(panels)) if len(tiles) <= _MOST_VECTOR_TILES else svg


def _layout(tiles: Sequence[TileRow]) -> _Layout:
    """The given places; in rows by number where places coincide, as they then tell nothing."""
    points = tuple((row.x, row.y) for row in tiles)
    if len(set(points)) < len(points):
        side = math.ceil(math.sqrt(len(tiles)))
        return _Layout(tuple((float(at % side), float(at // side)) for at in range(len(tiles))), 1.0, 1.0)
    dx, dy = (_pitch(values) for values in zip(*points, strict=True))
    return _Layout(points, dx or dy or 1.0, dy or dx or 1.0)


def _pitch(values: Sequence[float]) -> float:
    """The smallest distance between two different coordinates; 0 if there is only one."""
    ordered = sorted({round(value, 9) for value in values})
    return min((after - before for before, after in pairwise(ordered)), default=0.0)


def _places_of_layers(tiles: Sequence[TileRow], names: Sequence[str]) -> list[float]:
    """Of each tile's first layer: 0 at the network's input, 1 at its output; NaN for an empty tile."""
    order = {name: place for place, name in enumerate(names)}
    last = max(1, len(order) - 1)
    first = [min((order[name] for name in row.ops if name in order), default=None) for row in tiles]
    return [math.nan if place is None else place / last for place in first]


def _draw_tiles(axes: Axes, layout: _Layout, shares: list[float], cmap: str, group: str) -> PatchCollection:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    many = len(shares) > _MOST_VECTOR_TILES
    gap = 0.0 if many else 0.08
    width, height = layout.dx * (1 - gap), layout.dy * (1 - gap)
    patches = [Rectangle((x - width / 2, y - height / 2), width, height) for x, y in layout.points]
    drawn = PatchCollection(patches, cmap=cmap, linewidth=0 if many else 0.4, edgecolor=GRID, rasterized=many)
    drawn.set_array(shares)
    drawn.set_clim(0, 1)
    drawn.set_gid(group)
    axes.add_collection(drawn)
    left, right, top, bottom = layout.bounds
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return drawn


def _scale(figure: Figure, drawn: PatchCollection, axes: Axes, placement: bool) -> None:
    bar = figure.colorbar(drawn, ax=axes, orientation="horizontal", fraction=0.04, pad=0.03, aspect=34)
    bar.set_ticks([0, 0.5, 1], labels=["input", "", "output"] if placement else ["0", "50 %", "100 %"])
    bar.outline.set_edgecolor(GRID)
    first, *_, last = bar.ax.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
    bar.ax.tick_params(labelcolor=QUIET, color=GRID)


def _name_tiles(axes: Axes, layout: _Layout, tiles: Sequence[TileRow], shares: list[float]) -> None:
    left, right, *_ = layout.bounds
    size = min(7.5, 22 * layout.dx / (right - left))
    for (x, y), row, share in zip(layout.points, tiles, shares, strict=True):
        more = f" +{len(row.ops) - 1}" if len(row.ops) > 1 else ""
        told = shortened(row.ops[0], 14) + more if row.ops else "empty"
        color = QUIET if math.isnan(share) else "#ffffff" if share < 0.6 else "#000000"
        axes.annotate(told, (x, y), ha="center", va="center", fontsize=size, color=color)


def _with_hints(svg: str, tiles: Sequence[TileRow], maps: int) -> str:
    """What a tile is and holds, told when the mouse rests on it, in each of the maps."""
    for number in range(maps):
        head, opening, body = svg.partition(f'<g id="tiles-map{number}">')
        pieces = body.split("<path ", len(tiles))
        hinted = [
            "<path " + piece.replace("/>", f"><title>{_hint(row)}</title></path>", 1)
            for row, piece in zip(tiles, pieces[1:], strict=True)
        ]
        svg = head + opening + pieces[0] + "".join(hinted)
    return svg


def _hint(row: TileRow) -> str:
    used, busy = format_share(divided(row.cells_used, row.cells)), format_share(row.busy_share)
    return str(escape(f"{row.path}: {used} of cells used, busy {busy}; {', '.join(row.ops) or 'empty'}"))
