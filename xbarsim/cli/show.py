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
    from xbarsim.report.generate_tables import generate_table
    from xbarsim.report.tables import result_table
    from xbarsim.scenario.generate_result import GenerateResult
    from xbarsim.scenario.store import load_result

    screen, result = console(), load_result(folder)
    drawn = generate_table if isinstance(result, GenerateResult) else result_table
    screen.print(drawn(result, screen.width))
