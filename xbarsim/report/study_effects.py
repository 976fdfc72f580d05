"""What each axis does to each goal, as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xbarsim.report.figures_style import ANALOG, GRID, INK, new_figure, shortened, styled, to_svg
from xbarsim.report.quantities import format_share
from xbarsim.report.study_figures import folded, is_wide, set_log, sorted_labels, unit_of
from xbarsim.study.effects import Effect, effects
from xbarsim.study.explored import Explored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH_IN, _MOST_AXES, _MOST_TICKS = 9.0, 5, 8
_ROOM = 150  # letters of a tick across the whole figure


def effects_of(found: Explored) -> tuple[Effect, ...]:
    """Of each axis on each goal, over the points that ran."""
    axes = [axis.name for axis in found.study.axes]
    return effects(found.done, axes, [goal.figure for goal in found.study.goals])


def effects_figure(found: Explored) -> str:
    """A row for each goal, a column for each axis: the mean at each place, and how far points spread there."""
    told = {(one.axis, one.figure): one for one in effects_of(found)}
    axes = [axis.name for axis in found.study.axes if any(axis.name == name for name, _ in told)][:_MOST_AXES]
    goals = [goal.figure for goal in found.study.goals if any(goal.figure == name for _, name in told)]
    if not told:
        return ""
    with styled():
        figure = new_figure(_WIDTH_IN, 0.5 + 1.5 * len(goals), gap=0.04)
        rows = figure.subplots(len(goals), len(axes), squeeze=False, sharey="row")
        for row, goal in zip(rows, goals, strict=True):
            label, scale = unit_of(found.done, goal)
            row[0].set_ylabel(label.replace(" (", "\n("))
            for panel, name in zip(row, axes, strict=True):
                _panel(panel, told.get((name, goal)), scale, _ROOM / len(axes))
            if is_wide([one.figure(goal) for one in found.done]):
                set_log(row[0], "y")
        for panel, name in zip(rows[-1], axes, strict=True):
            panel.set_xlabel(folded(name))
        return to_svg(figure, "effects", "Mean of each goal at each place of each axis")


def _panel(panel: Axes, effect: Effect | None, scale: float, room: float) -> None:
    """room: letters that stand side by side below it."""
    panel.grid(axis="y")
    if effect is None:
        return
    at = {level.label: level for level in effect.levels}
    labels = sorted_labels(list(at))
    places = range(len(labels))
    levels = [at[label] for label in labels]
    panel.vlines(
        places, [one.least * scale for one in levels], [one.most * scale for one in levels], color=GRID, lw=4
    )
    panel.plot(places, [one.mean * scale for one in levels], "o-", color=ANALOG, ms=3.5, lw=1.3)
    step = -(-len(labels) // _MOST_TICKS)
    most = max(5, int(room * step / len(labels)) - 1)
    shown = [shortened(label, most) for label in labels]
    panel.set_xticks(list(places)[::step], shown[::step], color=INK, fontsize=7)
    panel.set_xlim(-0.5, len(labels) - 0.5)
    panel.set_title(
        f"{format_share(effect.share)} of the variance" if effect.share is not None else "no effect"
    )
