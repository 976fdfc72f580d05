"""A study as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xbarsim.report.page import rendered
from xbarsim.report.sections import Mark, Section
from xbarsim.report.sensitivity_views import sensitivity_section
from xbarsim.report.study_effects import effects_figure
from xbarsim.report.study_figures import front_figure, parallel_figure
from xbarsim.report.study_views import (
    failed_table,
    front_table,
    point_table,
    pruned_table,
    study_figures,
    words_of,
)
from xbarsim.report.views import Cell, Column, Table
from xbarsim.study.explored import Explored
from xbarsim.study.sensitive import known_sensitivity
from xbarsim.study.study import Study

_MOST_ROWS = 2_000
_EFFECTS_LEAD = (
    "Dots: the mean over all points at that place of the axis; bars: from the least to the largest of them. The share "
    "is what this axis explains by itself."
)


def render_study(found: Explored, reports: Mapping[int, str] | None = None) -> str:
    """The page as text; every text of the study is escaped.

    reports: links to the reports of points, by number: `study_reports.write_reports` makes them.
    """
    study = found.study
    kind = f"study · {study.strategy.kind.replace('_', ' ')} · {len(found.outcomes):,} points"
    return rendered(
        study.name,
        kind,
        (study.name,),
        _marks(found),
        study_figures(found),
        study_sections(found, reports or {}),
    )


def study_sections(found: Explored, reports: Mapping[int, str]) -> tuple[Section, ...]:
    study = found.study
    return (
        Section("best", "Best points", _lead(found, reports), front_figure(found, reports),
                (front_table(found, reports),)),
        Section("effects", "What each axis does", _EFFECTS_LEAD, effects_figure(found)),
        Section("parallel", "Parallel coordinates", "Each line is a point; the best ones stand out.",
                parallel_figure(found)),
        sensitivity_section(known_sensitivity(found)),
        Section("points", "All points", study.description, tables=(point_table(found, _MOST_ROWS, reports),)),
        Section("failed", "Failed points", "Kept with their errors, so that nobody runs them again unawares.",
                tables=(failed_table(found),)),
        Section("pruned", "Not simulated", "Cheap bounds already say that they cannot be among the best.",
                tables=(pruned_table(found),)),
        Section("space", "Design space", f"{asked_words(study)}.", tables=(axis_table(study),)),
        Section("notes", "Notes", words=found.notes),
    )  # fmt: skip


def _lead(found: Explored, reports: Mapping[int, str]) -> str:
    goals = " and ".join(f"{goal.sense} {words_of(goal.figure)}" for goal in found.study.goals)
    if not goals:
        return ""
    click = "A click on a point finds it in the table"
    if reports:
        click = "A click on a best point opens its report, on another one finds it in the table"
        if len(reports) < len(found.front):
            click += f" ({len(reports)} of {len(found.front)} have a report)"
    where = f", for each {' and '.join(found.study.for_each)}" if found.study.for_each else ""
    return f"Sought: {goals}{where}. {click}."


def asked_words(study: Study) -> str:
    """Which network on which chip; of files the name alone."""
    return f"{Path(study.workload).name} on {Path(study.chip).name}"


def axis_table(study: Study) -> Table:
    """What was varied, and what was set at every point."""
    rows = []
    for axis in study.axes:
        span = axis.span
        places = (
            f"{span.at(0)} … {span.at(1)}" if span else ", ".join(option.label for option in axis.options)
        )
        when = "; ".join(f"{name}: {', '.join(labels)}" for name, labels in (axis.when or {}).items())
        keys = dict.fromkeys((*axis.keys, *(key for option in axis.options for key, _ in option.settings)))
        rows.append((Cell(axis.name), Cell(", ".join(keys)), Cell(places), Cell(when)))
    fixed = [(Cell("every point"), Cell(key), Cell(value), Cell("")) for key, value in study.settings]
    scenario = [
        (Cell("every point"), Cell(f"scenario.{key}"), Cell(value), Cell(""))
        for key, value in study.scenario.items()
    ]
    columns = (Column("axis"), Column("sets"), Column("to"), Column("only where"))
    return Table("Axes and settings", columns, (*rows, *fixed, *scenario))


def _marks(found: Explored) -> tuple[Mark, ...]:
    marks = [Mark("good", "points", f"{len(found.done):,} points done")]
    if found.failed:
        marks.append(Mark("bad", "failed", f"{len(found.failed):,} failed"))
    if found.pruned:
        marks.append(Mark("warn", "pruned", f"{len(found.pruned):,} points not simulated"))
    beyond = len(found.done) - len(found.feasible)
    if beyond:
        marks.append(Mark("warn", "points", f"{beyond:,} beyond a bound"))
    bounds = sum(1 for one in found.done if one.figure("unknown_energies"))
    if bounds:
        marks.append(Mark("warn", "points", f"energy of {bounds:,} points is a lower bound: unknown prices"))
    return tuple(marks)
