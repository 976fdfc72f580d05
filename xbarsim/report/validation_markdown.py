"""Validations as a Markdown page with pictures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xbarsim.errors import Problem, SpecError
from xbarsim.files import demand_file, foreign, interrupts_later, write_whole
from xbarsim.report.validation_figures import chip_figure, errors_figure
from xbarsim.report.validation_page import DATA_FILE, anchor
from xbarsim.report.validation_views import (
    BAR_WORDS,
    cause_table,
    figure_table,
    fit_words,
    fitted_table,
    kind_table,
    summary_table,
)
from xbarsim.report.views import Table
from xbarsim.validation.outcome import Validation
from xbarsim.validation.store import is_validation, validations_to_json

_TITLE = "# Published chips beside simulated ones"
_INTRODUCTION = f"""{_TITLE}

Made by `make validation`; tests run it anew. Every chip here was published with figures: measured ones of a fabricated
chip, or those of a design on paper. The simulator ran what each figure asks for, and its own value stands beside the
published one, with the error and whether the figure was used to fit the chip's description. Only a *blind* figure,
one that nothing was fitted to, says something about the simulator. Outliers stay, with their cause as far as it was
measured.

The same as a page with sortable tables: `xbarsim validate --out FOLDER`. `--refit` fits the calibrated parameters anew
(but for whole numbers, which stay) and tells what moves the predictions.
"""
_DEEPER = "A chip of your own: rows under `reported:` with a `kind` and a `measure`, see [chips](chips.md)."


def save_markdown(validations: Sequence[Validation], path: Path) -> None:
    """The page, and in a folder of the same name beside it its pictures and validation.json: all or nothing."""
    files = markdown_files(validations, path)
    with interrupts_later():
        for file, text in files.items():
            write_whole(file, text)


def demand_markdown(path: Path, force: bool = False) -> None:
    """Raises: SpecError if it could not be written, or (unless forced) what others wrote would be lost."""
    pictures = path.with_suffix("")
    if pictures == path:
        found = "has no ending, so that its pictures would go into a folder of the same name"
        raise SpecError([Problem(str(path), 0, "", found, "", f"write it like '{path}.md'")])
    demand_file(path, "validation", lambda head: head.startswith(_TITLE), force)
    demand_file(pictures / DATA_FILE, "validation", is_validation, force)
    if not force and pictures.is_dir() and any(pictures.iterdir()) and not (pictures / DATA_FILE).exists():
        raise foreign(pictures, f"holds files but no {DATA_FILE}", "a new folder, or that of an earlier page")


def markdown_files(validations: Sequence[Validation], path: Path) -> dict[Path, str]:
    """The page last: what it shows is there by then."""
    pictures = path.with_suffix("")
    files = {pictures / "errors.svg": errors_figure(validations)}
    for one in validations:
        if picture := chip_figure(one, anchor(one)):
            files[pictures / f"{anchor(one)}.svg"] = picture
    files[pictures / DATA_FILE] = validations_to_json(validations)
    return files | {path: page_text(validations, pictures.name)}


def page_text(validations: Sequence[Validation], pictures: str) -> str:
    """The Markdown page itself; its pictures are looked for in that folder."""
    parts = [_INTRODUCTION, markdown_table(kind_table(validations)), _sentence(BAR_WORDS), _DEEPER]
    parts += [
        f"![Errors by chip and kind]({pictures}/errors.svg)",
        markdown_table(summary_table(validations)),
    ]
    for one in validations:
        parts += chip_section(one, pictures)
    return "\n\n".join(part.strip() for part in parts) + "\n"


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
