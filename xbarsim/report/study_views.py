"""The tables of a study as plain values, made once, drawn alike as text and on the page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from xbarsim.report.headline import Figure
from xbarsim.report.quantities import (
    UNKNOWN,
    format_area,
    format_count,
    format_number,
    format_pj,
    format_ps,
    format_quantity,
    format_share,
)
from xbarsim.report.views import Cell, Column, Table
from xbarsim.study.columns import TIMES
from xbarsim.study.explored import Explored, Outcome, broken
from xbarsim.study.figures import BY_NAME
from xbarsim.study.sensitive import known_sensitivity
from xbarsim.study.study import Study

SHOWN = ("latency_ns", "throughput_per_s", "energy_pj", "area_mm2", "tops_per_w")
_WORDS = {
    "latency_ns": "latency",
    "latency_p99_ns": "p99 latency",
    "throughput_per_s": "throughput",
    "energy_pj": "energy",
    "static_pj": "static energy",
    "energy_delay_js": "energy × delay",
    "power_w": "power",
    "area_mm2": "area",
    "ops_per_s": "compute",
    "tops_per_w": "efficiency",
    "tops_per_mm2": "density",
    "peak_ops_per_s": "peak compute",
    "peak_tops_per_w": "peak efficiency",
    "program_pj": "programming",
    "latency_p999_ns": "p99.9 latency",
    "lifetime_years": "lifetime",
    "writes_per_cell": "writes per cell",
}


def words_of(figure: str) -> str:
    """A figure as people call it."""
    return _WORDS.get(figure, figure.replace("_", " "))


def format_figure(figure: str, value: Any) -> str:
    """A value of a study with the unit that its column's name says."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    for suffix, format_ in _FORMATS.items():
        if figure.endswith(suffix):
            return format_(value)
    return format_count(value) if BY_NAME[figure].type == "int" else format_number(value)


_FORMATS = {
    "ops_per_s": lambda value: format_quantity(value, "OPS"),
    "_per_s": lambda value: f"{format_number(value)} /s",
    "tops_per_w": lambda value: format_quantity(value * 1e12, "OPS/W"),
    "tops_per_mm2": lambda value: format_quantity(value * 1e12, "OPS/mm²"),
    "_ns": lambda value: format_ps(round(value * 1e3)),
    "_pj": format_pj,
    "_js": lambda value: format_quantity(value, "J s"),
    "_mm2": lambda value: format_area(value * 1e6),
    "_w": lambda value: format_quantity(value, "W"),
    "_years": lambda value: f"{format_number(value)} years",
    "_share": format_share,
    "accuracy": format_share,
}


def shown_figures(study: Study) -> tuple[str, ...]:
    """Goals first, then what is bounded, then what everybody asks for."""
    names = (*(goal.figure for goal in study.goals), *(bound.figure for bound in study.constraints), *SHOWN)
    return tuple(dict.fromkeys(names))


def study_figures(found: Explored) -> tuple[Figure, ...]:
    """What a reader asks first."""
    done, failed, feasible = len(found.done), len(found.failed), len(found.feasible)
    bounds = ", ".join(bound.words() for bound in found.study.constraints)
    told = [
        Figure(
            "Points",
            format_count(len(found.outcomes)),
            f"{done:,} done, {failed:,} failed; {found.ran:,} run now",
        ),
    ]
    if found.study.constraints:
        told.append(Figure("Within all bounds", format_count(feasible), bounds))
    if found.study.goals:
        goals = ", ".join(f"{goal.sense} {goal.figure}" for goal in found.study.goals)
        told.append(Figure("Best points", format_count(len(found.front)), f"no other beats them: {goals}"))
    for goal in found.study.goals if found.front else ():
        best = min(found.front, key=lambda one: goal.sign * one.figure(goal.figure))
        which = ", ".join(f"{name} {label}" for name, label in best.labels.items())
        extreme = "Least" if goal.sign > 0 else "Most"
        told.append(Figure(f"{extreme} {words_of(goal.figure)}", format_figure(goal.figure, best.figure(goal.figure)),
                           f"point {best.number}: {which}"))  # fmt: skip
    return tuple(told)


def front_table(found: Explored, reports: Mapping[int, str] | None = None) -> Table:
    """reports: where the number of a point leads; otherwise to its row in the table of all points."""
    note = "no other point beats them in every goal"
    if found.study.for_each:
        note = f"no other point of the same {' and '.join(found.study.for_each)} beats them in every goal"
    links = {one.number: f"#point-{one.number}" for one in found.front} | dict(reports or {})
    return _points("Best points", found, found.front, note, links)


def point_table(found: Explored, most: int | None = None, reports: Mapping[int, str] | None = None) -> Table:
    """All points that ran well, those within the bounds told apart."""
    done = found.done if most is None else found.done[:most]
    left_out = (
        f"the first {most:,} of {len(found.done):,}" if most is not None and len(found.done) > most else ""
    )
    return _points("All points", found, done, left_out, reports or {}, anchored=True)


def failed_table(found: Explored) -> Table:
    """What went wrong, point by point."""
    columns = (Column("point", True), *(Column(axis.name) for axis in found.study.axes), Column("error"))
    rows = tuple(
        (Cell(str(one.number), one.number), *_labels(found.study, one), Cell(one.error, tone="bad"))
        for one in found.failed
    )
    return Table("Failed points", columns, rows)


def pruned_table(found: Explored) -> Table:
    """What a search left out, and why."""
    columns = (*(Column(axis.name) for axis in found.study.axes), Column("why"))
    names = [axis.name for axis in found.study.axes]
    rows = tuple(
        (*(Cell(one.labels.get(name, "")) for name in names), Cell(one.reason)) for one in found.pruned
    )
    return Table("Not simulated", columns, rows)


def _points(
    title: str,
    found: Explored,
    outcomes: Sequence[Outcome],
    note: str,
    links: Mapping[int, str],
    anchored: bool = False,
) -> Table:
    study = found.study
    asked = {*(goal.figure for goal in study.goals), *(bound.figure for bound in study.constraints)}
    figures = [
        name
        for name in shown_figures(study)
        if name in asked or any(one.figure(name) is not None for one in found.done)
    ]
    goals = {goal.figure for goal in study.goals}
    front = {one.number for one in found.front}
    columns = (
        Column("point", True),
        *(Column(axis.name) for axis in study.axes),
        *(Column(words_of(name), True, name not in goals and name not in SHOWN[:3]) for name in figures),
    )
    rows = []
    for one in outcomes:
        beyond = {bound.figure for bound in broken(one.row, study.constraints)}
        number = Cell(
            str(one.number), one.number, tone="good" if one.number in front else "",
            anchor=f"point-{one.number}" if anchored else "", link=links.get(one.number, ""),
        )  # fmt: skip
        cells = (figure_cell(name, one.figure(name), "bad" if name in beyond else "") for name in figures)
        rows.append((number, *_labels(study, one), *cells))
    return Table(title, columns, tuple(rows), note)


def _labels(study: Study, one: Outcome) -> tuple[Cell, ...]:
    return tuple(Cell(one.labels.get(axis.name, "")) for axis in study.axes)


def figure_cell(name: str, value: Any, tone: str = "") -> Cell:
    sort = value if isinstance(value, int | float) else -1
    return Cell(format_figure(name, value), sort, tone=tone)


def study_json(found: Explored) -> str:
    """For other programs: every point with its labels and figures, and which are the best."""
    front = {one.number for one in found.front}
    rows = [
        {"point": one.number, "best": one.number in front, "labels": dict(one.labels)}
        | {name: _plain(value) for name, value in one.row.items() if name not in TIMES}
        for one in found.outcomes
    ]
    told: dict[str, Any] = {"study": found.study.name, "store": found.store, "points": rows}
    if found.pruned:
        told["not_simulated"] = [asdict(one) for one in found.pruned]
    known = known_sensitivity(found)
    if known is not None:
        told["sensitivity"] = asdict(known)
    return json.dumps(told, indent=1, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    """JSON knows no infinity: a chip that is never written to lasts "inf" years."""
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)
