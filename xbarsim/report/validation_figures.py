"""Figures of validations as SVG text: errors of all chips at a glance, and one chip's figures against its paper."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xbarsim.report.figures_style import (
    ANALOG,
    DIGITAL,
    GRID,
    QUIET,
    STATIC,
    name_rows,
    new_figure,
    rows_height,
    styled,
    to_svg,
)
from xbarsim.validation.outcome import BARS, Row, Validation

_WIDTH_IN = 9.0
_COLORS = {"identity": DIGITAL, "calibrated": STATIC, "blind": ANALOG, "uncalibrated": QUIET, "context": GRID}
_MARKERS = {"identity": "s", "calibrated": "D", "blind": "o", "uncalibrated": "x", "context": "+"}
_LONGEST = 64  # characters of a name
_NARROW = 0.3  # relative error up to which the axis is linear and reads in percent
_OFFSETS = {"identity": -0.22, "calibrated": 0.0, "blind": 0.22}


def errors_figure(validations: Sequence[Validation]) -> str:
    """One line for each chip: its identities, calibrated and blind figures by their error."""
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(2 * len(validations)) + 0.3)
        axes = figure.subplots()
        most = 0.12
        for kind, offset in _OFFSETS.items():
            of = [(place, row) for place, one in enumerate(validations) for row in one.of(kind)]
            points = [(row.error, place) for place, row in of if row.error is not None]
            if points:
                errors, places = zip(*points, strict=True)
                most = max(most, *(abs(error) for error in errors))
                axes.scatter([100 * e for e in errors], [p + offset for p in places], s=22,
                             marker=_MARKERS[kind], color=_COLORS[kind], label=kind, zorder=3)  # fmt: skip
        bar = BARS["blind"][1] * 100
        axes.axvspan(-bar, bar, color=GRID, alpha=0.35, lw=0)
        axes.axvline(0, color=QUIET, lw=0.8)
        axes.set_xlim(-108 * most, 108 * most)
        axes.set_xlabel("simulated against published (%); shaded: aim of blind figures with energy in them")
        name_rows(axes, [one.chip for one in validations])
        axes.grid(axis="x")
        figure.legend(loc="outside upper left", ncols=3)
        return to_svg(figure, "errors", "Error of each published figure, by chip and kind")


def chip_figure(validation: Validation, name: str) -> str:
    """Simulated over published for each figure of a chip; far ones on a scale of factors."""
    rows = [row for row in validation.rows if row.error is not None and row.error > -1]
    if not rows:
        return ""
    wide = max(abs(row.error or 0) for row in rows) > _NARROW
    with styled():
        figure = new_figure(_WIDTH_IN, rows_height(len(rows)) + 0.2)
        axes = figure.subplots()
        told: set[str] = set()
        for place, row in enumerate(rows):
            assert row.error is not None
            at = _at(row.error, wide)
            if row.bar is not None:
                low, high = (_at(sign * row.bar, wide) for sign in (-1, 1))
                axes.barh(place, high - low, 0.7, left=low, color=GRID, alpha=0.6)
            axes.scatter([at], [place], s=22, marker=_MARKERS.get(row.kind, "+"), zorder=3,
                         color=_COLORS.get(row.kind, QUIET), label="" if row.kind in told else row.kind)  # fmt: skip
            told.add(row.kind)
        axes.axvline(0, color=QUIET, lw=0.8)
        if wide:
            axes.xaxis.set_major_formatter(lambda at, _: f"× {2**at:.3g}")
        axes.set_xlabel("simulated over published" if wide else "simulated against published (%)")
        name_rows(axes, [_name(row) for row in rows], most=80, longest=_LONGEST)
        axes.grid(axis="x")
        figure.legend(loc="outside upper left", ncols=5)
        return to_svg(figure, name, f"Simulated against published figures of {validation.chip}")


def _at(error: float, wide: bool) -> float:
    """Place on the axis: percent, or the logarithm of a factor."""
    return math.log2(1 + error) if wide else 100 * error


def _name(row: Row) -> str:
    return f"{row.figure} · {row.mode}" if row.mode else row.figure
