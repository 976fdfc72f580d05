"""Validations as one self-contained page and as JSON, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from xbarsim.errors import Problem, SpecError
from xbarsim.files import demand_file, interrupts_later, write_whole
from xbarsim.report.headline import Figure
from xbarsim.report.page import is_page, rendered
from xbarsim.report.sections import Mark, Section
from xbarsim.report.validation_figures import chip_figure, errors_figure
from xbarsim.report.validation_views import (
    cause_table,
    error_text,
    figure_table,
    fitted_table,
    kind_table,
    summary_table,
)
from xbarsim.validation.outcome import Row, Validation
from xbarsim.validation.store import is_validation, validations_to_json

PAGE_FILE, DATA_FILE = "page.html", "validation.json"


def save_validation(validations: Sequence[Validation], folder: Path) -> None:
    """page.html and validation.json; what is there stays until both texts are complete."""
    texts = {PAGE_FILE: render_validation(validations), DATA_FILE: validations_to_json(validations)}
    with interrupts_later():
        for name, text in texts.items():
            write_whole(folder / name, text)


def demand_validation_folder(folder: Path, force: bool = False) -> None:
    """Raises: SpecError if they could not be written there, or (unless forced) others would be lost."""
    demand_file(folder / PAGE_FILE, "page", is_page, force)
    demand_file(folder / DATA_FILE, "validation", is_validation, force)


def demand_anchors(names: Sequence[str]) -> None:
    """Raises: SpecError if two files have one name, by which the pages call their part about a chip."""
    first: dict[str, str] = {}
    for name in names:
        before = first.setdefault(_anchor(name), name)
        if before != name:
            found = f"would be called '{_anchor(name)}' on the page, as '{before}' is"
            raise SpecError([Problem(name, 0, "", found, "", "give one of the files another name")])


def render_validation(validations: Sequence[Validation]) -> str:
    title = "Published chips" if len(validations) > 1 else validations[0].chip
    over_all = (kind_table(validations), summary_table(validations))
    parts = [Section("summary", "All chips", "", errors_figure(validations), over_all)]
    parts += [
        Section(
            anchor(one),
            one.chip,
            one.source,
            chip_figure(one, anchor(one)),
            (figure_table(one), fitted_table(one), cause_table(one)),
        )
        for one in validations
    ]
    outside = [row for one in validations for row in one.rows if row.verdict == "outside"]
    mark = Mark("bad", "summary", f"{len(outside)} outside their bar without a cause")
    good = Mark("good", "summary", "every figure is inside its bar, or its cause is told")
    return rendered(
        title, "validation", (title,), (mark if outside else good,), headline(validations), tuple(parts)
    )


def headline(validations: Sequence[Validation]) -> tuple[Figure, ...]:
    rows = [row for one in validations for row in one.rows]
    told = []
    for kind, label in (
        ("identity", "Identities"),
        ("calibrated", "Calibrated"),
        ("blind", "Predicted blind"),
    ):
        of = [row for row in rows if row.kind == kind]
        inside = sum(1 for row in of if row.verdict == "inside")
        told.append(Figure(label, f"{inside} of {len(of)}", f"inside their bar; median error {_median(of)}"))
    fitted = sum(one.parameters for one in validations)
    numbers = sum(one.numbers for one in validations)
    told.append(Figure("Fitted", f"{fitted} parameters", f"to {numbers} published numbers"))
    return tuple(told)


def _median(rows: Sequence[Row]) -> str:
    errors = [abs(row.error) for row in rows if row.error is not None]
    return error_text(median(errors)).lstrip("+") if errors else "unknown"


def anchor(validation: Validation) -> str:
    return _anchor(validation.name)


def _anchor(name: str) -> str:
    return Path(name).stem.replace(" ", "-")
