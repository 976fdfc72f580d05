"""xbarsim map: who sits where on the chip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xbarsim.cli.common import (
    ChipArgument,
    ForceOption,
    ModeOption,
    SetOption,
    WorkloadArgument,
    console,
    overrides,
)
from xbarsim.files import demand_file


def register(app: typer.Typer) -> None:
    app.command("map")(map_)


def map_(
    chip: ChipArgument,
    workload: WorkloadArgument,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="picture to write: map.svg")] = None,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006 - typer copies it
    mode: ModeOption = None,
) -> None:
    """Show which arrays hold which layer, how full they are, and where they lie."""
    from xbarsim.api import layout, load_chip, load_workload
    from xbarsim.report.layout import is_layout, layout_table, write_layout
    from xbarsim.report.tables import rich_table

    if out is not None:
        demand_file(out, "picture of a mapping", is_layout, force)
    found = layout(load_chip(chip, overrides(set_, mode)), load_workload(workload))
    screen = console()
    screen.print(rich_table(layout_table(found), screen.width))
    for note in found.notes:
        screen.print(f"note: {note}", soft_wrap=True)
    if out is not None:
        write_layout(found, out)
        screen.print(f"Saved in {out}", soft_wrap=True)
