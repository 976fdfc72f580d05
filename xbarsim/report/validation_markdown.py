"""Validations as a Markdown page with pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xbarsim.report.page import write_whole
from xbarsim.report.validation_figures import chip_figure, errors_figure
from xbarsim.report.validation_page import DATA_FILE, anchor
from xbarsim.report.validation_views import (
    cause_table,
    figure_table,
    fit_words,
    fitted_table,
    kind_words,
    summary_table,
)
from xbarsim.report.views import Table
from xbarsim.validation.outcome import Validation
from xbarsim.validation.store import validations_to_json

_INTRODUCTION = """# Published chips beside simulated ones

Made by `xbarsim validate --markdown docs/validation.md`; a test runs it anew. For every published chip, each reported
figure stands beside the simulator's own, with its error, whether it was used in a fit, and its source. Outliers stay,
with their cause as far as it was measured. The same as a page with sortable tables: `xbarsim validate --out FOLDER`.
`--refit` fits the calibrated parameters anew and tells what moves the predictions.
"""
_DEEPER = "A chip of your own: rows under `reported:` with a `kind` and a `measure`, see [chips](chips.md)."


def save_markdown(validations: Sequence[Validation], path: Path) -> None:
    """The page, and in a folder of the same name beside it its pictures and validation.json."""
    pictures = path.with_suffix("")
    write_whole(errors_figure(validations), pictures / "errors.svg")
    parts = [_INTRODUCTION, _sentence(kind_words()), _DEEPER]
    parts += [
        f"![Errors by chip and kind]({pictures.name}/errors.svg)",
        markdown_table(summary_table(validations)),
    ]
    for one in validations:
        parts += _chip(one, pictures)
    write_whole(validations_to_json(validations), pictures / DATA_FILE)
    write_whole("\n\n".join(part.strip() for part in parts) + "\n", path)


def _chip(one: Validation, pictures: Path) -> list[str]:
    if picture := chip_figure(one, anchor(one)):
        write_whole(picture, pictures / f"{anchor(one)}.svg")
    return chip_section(one, pictures.name)


def chip_section(one: Validation, pictures: str) -> list[str]:
    """Paragraphs and tables about one chip; its picture is looked for in that folder."""
    parts = [f"## {one.chip}", f"{one.source}. {_sentence(fit_words(one))}"]
    if any(row.error is not None for row in one.rows):
        parts.append(f"![Simulated against published figures of {one.chip}]({pictures}/{anchor(one)}.svg)")
    parts.append(markdown_table(figure_table(one)))
    for table, title in ((fitted_table(one), "Fitted parameters"), (cause_table(one), "Causes")):
        if table.rows:
            parts += [f"**{title}**", markdown_table(table)]
    return parts


def markdown_table(table: Table) -> str:
    head = "| " + " | ".join(column.title for column in table.columns) + " |"
    rule = "| " + " | ".join("---:" if column.number else "---" for column in table.columns) + " |"
    rows = ["| " + " | ".join(_escaped(cell.text) for cell in row) + " |" for row in table.rows]
    return "\n".join([head, rule, *rows])


def _escaped(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("*", "\\*").split())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
