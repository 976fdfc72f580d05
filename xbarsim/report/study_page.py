"""A study as one self-contained HTML page."""

from __future__ import annotations

from markupsafe import Markup

from xbarsim.report.notebook import line
from xbarsim.report.page import rendered
from xbarsim.report.sections import Mark, Section
from xbarsim.report.sensitivity_views import sensitivity_section
from xbarsim.report.study_figures import front_figure, parallel_figure
from xbarsim.report.study_views import failed_table, front_table, point_table, pruned_table, study_figures
from xbarsim.report.views import Cell, Column, Table
from xbarsim.study.explored import Explored
from xbarsim.study.sensitive import known_sensitivity

_MOST_ROWS = 2_000


def render_study(found: Explored) -> str:
    """The page as text; every text of the study is escaped."""
    study = found.study
    kind = f"study · {study.strategy.kind.replace('_', ' ')} · {len(found.outcomes):,} points"
    return rendered(
        study.name, kind, (study.name,), _marks(found), study_figures(found), study_sections(found)
    )


def study_sections(found: Explored) -> tuple[Section, ...]:
    study = found.study
    goals = " and ".join(f"{goal.sense} {goal.figure}" for goal in study.goals)
    lead = f"Sought: {goals}. Click a point to find it in the table." if goals else ""
    return (
        Section("best", "Best points", lead, front_figure(found), (front_table(found),)),
        Section("parallel", "Parallel coordinates", "Each line is a point; the best ones stand out.",
                parallel_figure(found)),
        sensitivity_section(known_sensitivity(found)),
        Section("points", "All points", study.description, tables=(point_table(found, _MOST_ROWS),)),
        Section("failed", "Failed points", "Kept with their errors, so that nobody runs them again unawares.",
                tables=(failed_table(found),)),
        Section("pruned", "Not simulated", "Cheap bounds already say that they cannot be among the best.",
                tables=(pruned_table(found),)),
        Section("space", "Design space", f"{study.workload} on {study.chip}.", tables=(axis_table(found),)),
        Section("notes", "Notes", words=found.notes),
    )  # fmt: skip


def axis_table(found: Explored) -> Table:
    """What was varied, and what was set at every point."""
    rows = []
    for axis in found.study.axes:
        span = axis.span
        places = (
            f"{span.at(0)} … {span.at(1)}" if span else ", ".join(option.label for option in axis.options)
        )
        when = "; ".join(f"{name}: {', '.join(labels)}" for name, labels in (axis.when or {}).items())
        keys = dict.fromkeys((*axis.keys, *(key for option in axis.options for key, _ in option.settings)))
        rows.append((Cell(axis.name), Cell(", ".join(keys)), Cell(places), Cell(when)))
    fixed = [(Cell("every point"), Cell(key), Cell(value), Cell("")) for key, value in found.study.settings]
    scenario = [
        (Cell("every point"), Cell(f"scenario.{key}"), Cell(value), Cell(""))
        for key, value in found.study.scenario.items()
    ]
    columns = (Column("axis"), Column("sets"), Column("to"), Column("only where"))
    return Table("Axes and settings", columns, (*rows, *fixed, *scenario))


def _marks(found: Explored) -> tuple[Mark, ...]:
    marks = [Mark("good", "points", f"{len(found.done):,} points done")]
    if found.failed:
        marks.append(Mark("bad", "failed", f"{len(found.failed):,} failed"))
    beyond = len(found.done) - len(found.feasible)
    if beyond:
        marks.append(Mark("warn", "points", f"{beyond:,} beyond a bound"))
    bounds = sum(1 for one in found.done if one.figure("unknown_energies"))
    if bounds:
        marks.append(Mark("warn", "points", f"energy of {bounds:,} points is a lower bound: unknown prices"))
    return tuple(marks)


def study_html(found: Explored) -> str:
    """For a notebook's output cell: headline figures."""
    lines = [line(figure.label, figure.value, figure.detail) for figure in study_figures(found)]
    title = Markup("<b>{}</b>").format(found.study.name)
    table = Markup('<table style="border-collapse:collapse;margin:.4em 0">{}</table>').format(
        Markup("").join(lines)
    )
    return str(Markup("<div>{}{}</div>").format(title, table))
