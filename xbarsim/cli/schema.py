"""xbarsim schema: the JSON Schema by which editors complete and check chip files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from xbarsim.cli.common import ForceOption
from xbarsim.files import demand_file, write_whole


def register(app: typer.Typer) -> None:
    app.command("schema")(schema)


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="file to write, e.g. xbarsim.schema.json")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write the JSON Schema of chip files; put its path into their first line for your editor."""
    from xbarsim.spec.schema import chip_schema, is_chip_schema

    if out is not None:
        demand_file(out, "schema of chip files", is_chip_schema, force)
    text = json.dumps(chip_schema(), indent=1)
    if out is None:
        print(text)
        return
    write_whole(out, text + "\n")
    print(f"wrote {out}; begin your chip files with\n# yaml-language-server: $schema={out.name}")
