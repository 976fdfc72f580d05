"""xbarsim show: a saved run again, as tables or as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xbarsim.cli.finish import print_result


def register(app: typer.Typer) -> None:
    app.command("show")(show)


def show(folder: Annotated[Path, typer.Argument(help="a run folder made by `xbarsim run --out`")]) -> None:
    """Print a saved run again."""
    from xbarsim.scenario.store import load_result

    print_result(load_result(folder))
