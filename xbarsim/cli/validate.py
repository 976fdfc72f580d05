"""xbarsim validate: published figures of chips beside the simulator's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xbarsim.cli.common import ForceOption, SetOption, console
from xbarsim.cli.progress import Progress
from xbarsim.errors import Problem, SpecError

if TYPE_CHECKING:
    from xbarsim.report.views import Table
    from xbarsim.validation.outcome import Validation

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        help="chips, by name or YAML file; all shipped ones that were published if none", metavar="[CHIP]..."
    ),
]
PageOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="folder for the page, the pictures and validation.json")
]
MarkdownOption = Annotated[
    Path | None, typer.Option("--markdown", help="also a Markdown file, its pictures in a folder beside it")
]
RefitOption = Annotated[
    bool,
    typer.Option("--refit", help="fit the calibrated parameters anew, and tell what moves the predictions"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of tables")]


def register(app: typer.Typer) -> None:
    app.command("validate")(validate)


def validate(
    name: NamesArgument = None,
    out: PageOption = None,
    markdown: MarkdownOption = None,
    refit: RefitOption = False,
    json: JsonOption = False,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006 - typer copies it
) -> int:
    """Published chips: each reported figure beside the simulated one, what was fitted, and what is predicted.

    Ends with 1 if a figure is outside its bar and its `because` says nothing.
    """
    from xbarsim.validation.validate import published_chips

    if json and refit:
        raise SpecError(
            [Problem("--refit", 0, "", "prints tables, which are no JSON", "", "leave --json off")]
        )
    names = tuple(dict.fromkeys(name or published_chips()))
    _demand_room(names, out, markdown, force)
    found = _run(names, tuple(set_))
    _save(found, out, markdown)
    if json:
        from xbarsim.validation.store import validations_to_json

        print(validations_to_json(found), end="")
    else:
        _print(found, refit, tuple(set_))
    return 0 if all(one.holds for one in found) else 1


def _demand_room(names: tuple[str, ...], out: Path | None, markdown: Path | None, force: bool) -> None:
    """Before a long run. Raises: SpecError if a page could not be written, or could not tell its chips apart."""
    if out is not None:
        from xbarsim.report.validation_page import demand_validation_folder

        demand_validation_folder(out, force)
    if markdown is not None:
        from xbarsim.report.validation_markdown import demand_markdown

        demand_markdown(markdown, force)
    if out is not None or markdown is not None:
        from xbarsim.report.validation_page import demand_anchors

        demand_anchors(names)


def _run(names: tuple[str, ...], settings: tuple[str, ...]) -> tuple[Validation, ...]:
    """All chips; what is wrong with the description of any is told before the first one runs."""
    from xbarsim.validation.problems import demand
    from xbarsim.validation.validate import validated

    with Progress() as progress:
        return tuple(validated(subject, progress.report) for subject in demand(names, settings))


def _save(found: tuple[Validation, ...], out: Path | None, markdown: Path | None) -> None:
    if out is not None:
        from xbarsim.report.validation_page import save_validation

        save_validation(found, out)
    if markdown is not None:
        from xbarsim.report.validation_markdown import save_markdown

        save_markdown(found, markdown)


def _print(found: tuple[Validation, ...], refit: bool, settings: tuple[str, ...]) -> None:
    from xbarsim.report.tables import rich_table
    from xbarsim.report.validation_views import outside_words, tables_of, tables_of_all

    screen = console()
    for one in found:
        tables = [*tables_of(one), *(_refit(one, settings) if refit else ())]
        for table in tables:
            screen.print(rich_table(table, screen.width))
        if refit and not one.fitted:
            screen.print(f"{one.chip}: nothing was fitted, so there is nothing to fit anew", soft_wrap=True)
    for table in tables_of_all(found) if len(found) > 1 else ():
        screen.print(rich_table(table, screen.width))
    if words := outside_words(found):
        screen.print(words, soft_wrap=True, markup=False)


def _refit(one: Validation, settings: tuple[str, ...]) -> tuple[Table, ...]:
    """Parameters fitted anew, and what moves the predictions; nothing where nothing was fitted."""
    from xbarsim.report.validation_views import refit_table, sensitivity_table
    from xbarsim.validation.fit import refit

    if not one.fitted:
        return ()
    found = refit(one.name, settings)
    return refit_table(one.chip, found), sensitivity_table(one.chip, found)
