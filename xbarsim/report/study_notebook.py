"""Studies and comparisons in a notebook's output cell."""

from __future__ import annotations

from markupsafe import Markup

from xbarsim.report.compare_figures import bar_figure
from xbarsim.report.compare_views import comparison_figures
from xbarsim.report.headline import Figure
from xbarsim.report.notebook import line
from xbarsim.report.study_figures import front_figure
from xbarsim.report.study_page import asked_words, axis_table
from xbarsim.report.study_views import study_figures
from xbarsim.study.compare import Comparison
from xbarsim.study.explored import Explored
from xbarsim.study.study import Study


def study_html(study: Study) -> str:
    """What a study asks: its axes and settings, its goals and bounds."""
    lines = [Figure(row[0].text, row[2].text, row[1].text) for row in axis_table(study).rows]
    lines += [Figure("goal", f"{goal.sense} {goal.figure}", "") for goal in study.goals]
    lines += [Figure("bound", bound.words(), "") for bound in study.constraints]
    return _framed(f"{study.name}: {asked_words(study)}", lines, "")


def explored_html(found: Explored) -> str:
    """Headline figures, and the best points among all."""
    return _framed(found.study.name, study_figures(found), front_figure(found))


def comparison_html(found: Comparison) -> str:
    """Which chip is the best in what, and all of them as bars."""
    return _framed(" · ".join(found.chips), comparison_figures(found), bar_figure(found))


def _framed(title: str, figures: tuple[Figure, ...] | list[Figure], drawn: str) -> str:
    """A figure stands on white: the colours of the page around it are not known."""
    rows = Markup("").join(line(figure.label, figure.value, figure.detail) for figure in figures)
    table = Markup('<table style="border-collapse:collapse;margin:.4em 0">{}</table>').format(rows)
    ground = Markup('<div style="background:#fff;max-width:60em">{}</div>') if drawn else Markup("{}")
    return str(Markup("<div><b>{}</b>{}{}</div>").format(title, table, ground.format(Markup(drawn))))
