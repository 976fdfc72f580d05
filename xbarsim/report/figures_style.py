"""What all figures share: theme-aware colours, time axes, and small deterministic SVG text."""

from __future__ import annotations

import io
import math
import re
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from xbarsim.report.quantities import format_quantity, prefix_of, thousands_power

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Drawn in these stand-ins, written out as CSS variables with a default, so that a figure follows
# the theme of the page it stands on and is readable alone.
INK, QUIET, GRID = "#010203", "#010204", "#010205"
DYNAMIC, STATIC, ANALOG, DIGITAL = "#010207", "#010208", "#010209", "#01020a"
_FOURTH, _FIFTH, _SIXTH = "#01020b", "#01020c", "#01020d"
SERIES = (ANALOG, STATIC, DIGITAL, _FOURTH, _FIFTH, _SIXTH)  # of things that are set side by side
_THEMED = {
    INK: "var(--ink,#1b2430)",
    QUIET: "var(--quiet,#5c6877)",
    GRID: "var(--line,#dde2e8)",
    DYNAMIC: "var(--dynamic,#0072b2)",  # Okabe and Ito's palette: told apart with any colour vision
    STATIC: "var(--static,#e69f00)",
    ANALOG: "var(--analog,#0072b2)",
    DIGITAL: "var(--digital,#009e73)",
    _FOURTH: "#cc79a7",
    _FIFTH: "#d55e00",
    _SIXTH: "#56b4e9",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "xbarsim",
    "font.family": "sans-serif",
    "font.size": 8,
    "text.parse_math": False,
    "axes.edgecolor": GRID,
    "axes.labelcolor": QUIET,
    "axes.titlesize": 8.5,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}


def new_figure(width_in: float, height_in: float, gap: float = 0.02) -> Figure:
    """An empty figure drawn without a display and without pyplot's global state; `gap` between its panels."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return Figure(figsize=(width_in, height_in), layout=ConstrainedLayoutEngine(wspace=gap))


def styled() -> AbstractContextManager[None]:
    """The style in which figures are drawn: a context manager."""
    import matplotlib

    return matplotlib.rc_context(_STYLE)


def to_svg(figure: Figure, name: str, description: str) -> str:
    """The figure as one SVG element; `name` keeps its ids apart from those of other figures on a page."""
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None}, dpi=100)
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', _opening(description), svg, count=1)
    return re.sub(r"<[^>]*>", lambda tag: _tidied(tag[0], name), svg)  # tags only: texts stay as they are


def _tidied(tag: str, name: str) -> str:
    tag = re.sub(r'( id="|"#|url\(#)', rf"\g<1>{name}-", tag)
    if tag.startswith("<image"):
        return re.sub(r' id="[^"]*"', "", tag, count=1)  # named by content: equal images, equal names
    tag = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", tag)
    for stand_in, themed in _THEMED.items():
        tag = tag.replace(stand_in, themed)
    return re.sub(r"(\d+\.\d\d)\d+", r"\1", tag)  # a hundredth of a point is finer than any screen


def time_axis(axes: Axes, end_ps: int) -> float:
    """Label the time axis from 0 to `end_ps` in the unit that reads best; returns picoseconds per unit."""
    power = thousands_power(max(end_ps, 1) * 1e-12)
    axes.set_xlabel(f"time ({prefix_of(power)}s)")
    ps_per_unit = 10.0 ** (power + 12)
    axes.set_xlim(0, max(end_ps, 1) / ps_per_unit)
    return ps_per_unit


def log_axis(axes: Axes, what: str, unit: str) -> None:
    """A logarithmic horizontal axis of values in `unit`, told where they are 1, 2 or 5 of their decade."""
    axes.set_xscale("log")

    def told(value: float, place: int | None = None) -> str:
        return format_quantity(value, unit, 1) if f"{value:.0e}"[0] in "125" else ""

    axes.xaxis.set_major_formatter(told)
    axes.xaxis.set_minor_formatter(told)
    axes.set_xlabel(what)


def name_rows(axes: Axes, names: list[str], most: int = 44, longest: int = 28) -> None:
    """Names along the vertical axis, top to bottom; of many, every n-th."""
    step = max(1, math.ceil(len(names) / most))
    places = range(0, len(names), step)
    axes.set_yticks(list(places), [shortened(names[place], longest) for place in places])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def rows_height(count: int, least: float = 1.3) -> float:
    """Height in inches for `count` rows: roomy for few, capped for many."""
    return max(least, min(0.75 + 0.19 * count, 8.5))


def shortened(name: str, most: int = 28) -> str:
    """Both ends of a long name: the front says which block, the end which layer."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most - most // 2) :]}"


def _opening(description: str) -> str:
    from markupsafe import escape

    label = str(escape(description)).replace("\\", r"\\")
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return rf'<svg {space} viewBox="\1" role="img" aria-label="{label}">'
