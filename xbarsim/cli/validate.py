"""xbarsim validate: published figures of chips beside the simulator's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xbarsim.cli.common import ForceOption, SetOption, console
from xbarsim.cli.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

    from xbarsim.validation.outcome import Validation


def register(app: typer.Typer) -> None:
    app.command("validate")(validate)


def validate(
    name: Annotated[
        list[str] | None,
        typer.Argument(
            help="chips, by name or YAML file; all shipped ones that were published if none",
            metavar="[CHIP]...",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="folder for the page, the pictures and validation.json")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", help="also a Markdown file, its pictures in a folder beside it"),
    ] = None,
    refit: Annotated[
        bool,
        typer.Option(
            "--refit", help="fit the calibrated parameters anew, and tell what moves the predictions"
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print JSON instead of tables")] = False,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006 - typer copies it
) -> int:
    """Published chips: each reported figure beside the simulated one, what was fitted, and what is predicted.

    Ends with 1 if a figure is outside its bar and its `because` says nothing.
    """
    from xbarsim.validation.store import validations_to_json
    from xbarsim.validation.validate import published_chips
    from xbarsim.validation.validate import validate as run

    if out is not None:
        from xbarsim.report.validation_page import demand_validation_folder, save_validation

        demand_validation_folder(out, force)
    if markdown is not None:
        from xbarsim.report.validation_markdown import demand_markdown, save_markdown

        demand_markdown(markdown, force)
    screen = console()
    with Progress() as progress:
        found = tuple(run(one, tuple(set_), progress.report) for one in (name or published_chips()))
    if out is not None:
        save_validation(found, out)
    if markdown is not None:
        save_markdown(found, markdown)
    if json:
        print(validations_to_json(found), end="")
    else:
        from xbarsim.report.tables import rich_table
        from xbarsim.report.validation_views import cause_table, figure_table, fitted_table, summary_table

        for one in found:
            for table in (figure_table(one), fitted_table(one), cause_table(one)):
                if table.rows:
                    screen.print(rich_table(table, screen.width))
            if refit and one.fitted:
                _refit(one, tuple(set_), screen)
        if len(found) > 1:
            screen.print(rich_table(summary_table(found), screen.width))
    return 0 if all(one.holds for one in found) else 1


def _refit(one: Validation, settings: tuple[str, ...], screen: Console) -> None:
    from xbarsim.report.tables import rich_table
    from xbarsim.report.validation_views import refit_table, sensitivity_table
    from xbarsim.validation.fit import refit

    found = refit(one.name, settings)
    for table in (refit_table(one.chip, found), sensitivity_table(one.chip, found)):
        screen.print(rich_table(table, screen.width))
