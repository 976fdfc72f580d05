"""xbarsim show: a saved run again, as tables or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xbarsim.cli.common import console


def register(app: typer.Typer) -> None:
    app.command("show")(show)


def show(folder: Annotated[Path, typer.Argument(help="a run folder made by `xbarsim run --out`")]) -> None:
    """Print a saved run again."""
    from xbarsim.report.tables import result_table
    from xbarsim.scenario.store import load_result

    screen = console()
    screen.print(result_table(load_result(folder), screen.width))
