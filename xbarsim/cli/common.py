"""What several commands share: arguments and the console."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

ChipArgument = Annotated[
    str, typer.Argument(help="chip: a YAML file, or the name of a shipped one (hermes64)", metavar="CHIP")
]
WorkloadArgument = Annotated[
    str,
    typer.Argument(
        help="workload: a YAML file, a saved trace, or the name of a shipped one", metavar="WORKLOAD"
    ),
]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set", help="override a value: --set core.adc.bits=6 (may be repeated)", metavar="KEY=VALUE"
    ),
]
ModeOption = Annotated[
    str | None, typer.Option("--mode", help="mode of the chip, e.g. four_phase", metavar="MODE")
]

WIDTH = 100  # columns where the output is no terminal


def console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def overrides(assignments: list[str], mode: str | None) -> list[str]:
    return [*assignments, *([f"mode={mode}"] if mode else [])]
