"""xbarsim check: is every number there, does the network fit."""

from __future__ import annotations

from typing import Annotated

import typer

from xbarsim.cli.common import ChipArgument, ModeOption, SetOption, overrides


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(
    chip: ChipArgument,
    workload: Annotated[
        str | None, typer.Argument(help="workload to fit onto it", metavar="[WORKLOAD]")
    ] = None,
    set_: SetOption = [],  # noqa: B006 - typer copies it
    mode: ModeOption = None,
) -> None:
    """Check a chip, and whether a network fits it, without running anything."""
    from xbarsim.api import check as examine
    from xbarsim.api import load_chip, load_workload

    loaded = load_chip(chip, overrides(set_, mode))
    found = examine(loaded, load_workload(workload) if workload else None)
    missing = f"{len(found.unknown)} unknown, {len(found.unsourced)} without source"
    print(f"{found.chip}: {found.numbers} numbers read, {missing}")
    if found.unknown:
        print(f"  unknown: {', '.join(found.unknown)}")
    if found.unsourced:
        print(f"  without source: {', '.join(found.unsourced)}")
    if workload:
        print(f"{found.workload}: {found.macs:,} MACs, {found.parameters:,} parameters")
        print(
            f"  fits: {found.arrays_used:,} of {found.arrays:,} arrays on {found.tiles_used:,} of {found.tiles:,} tiles"
        )
        for law in found.laws:
            print(f"  {law.name}: {'holds' if law.holds else 'BROKEN'} ({law.detail})")
        for note in found.notes:
            print(f"  note: {note}")
