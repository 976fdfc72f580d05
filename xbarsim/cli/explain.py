"""xbarsim explain: what a key means, what it may be, and what it is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xbarsim.cli.common import ModeOption, SetOption, overrides

if TYPE_CHECKING:
    from xbarsim.spec.explain import Explanation


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    key: Annotated[
        str,
        typer.Argument(help="a key of a chip (core.adc.bits), of a kind (adc.sar.rate), or a kind (adc.sar)"),
    ],
    chip: Annotated[str | None, typer.Option("--chip", "-c", help="the chip whose value is shown")] = None,
    set_: SetOption = [],  # noqa: B006 - typer copies it
    mode: ModeOption = None,
) -> None:
    """Explain a key: dimension, range, description, value here, source, who reads it."""
    from xbarsim.spec.explain import explain as look_up
    from xbarsim.spec.load import load_chip

    found = look_up(key, load_chip(chip, overrides(set_, mode)) if chip else None)
    for line in lines(found):
        print(line)


def lines(found: Explanation) -> list[str]:
    """The explanation as aligned lines; what there is nothing to say of is left out."""
    value = f"{found.value} ({found.status})" if found.value and found.status else found.value or found.status
    rows = [
        ("kind", found.kind),
        ("meaning", found.description),
        ("dimension", found.dimension),
        ("allowed", found.allowed),
        ("example", found.example),
        ("here", value),
        ("source", found.source),
        ("where", found.where),
        ("read by", ", ".join(found.read_by)),
    ]
    shown = [found.key, *(f"  {name:<10}{text}" for name, text in rows if text)]
    if found.keys:
        width = max(len(name) for name, _ in found.keys) + 2
        shown += ["  keys", *(f"    {name:<{width}}{text}" for name, text in found.keys)]
    return shown
