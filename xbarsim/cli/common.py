"""What several commands share: arguments, options and the console."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import Problem, SpecError

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
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="folder for result.json and the HTML page")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="with --out: also over what xbarsim did not write")
]
JsonOption = Annotated[bool, typer.Option("--json", help="print the result as JSON instead of tables")]
GranularityOption = Annotated[
    Granularity,
    typer.Option(help="burst: events worked out in compiled code; mvm: one by one in SimPy; equal results"),
]

WIDTH = 100  # columns where the output is no terminal


def console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)


def overrides(assignments: list[str], mode: str | None) -> list[str]:
    return [*assignments, *([f"mode={mode}"] if mode else [])]


def together(*steps: Callable[[], Any]) -> list[Any]:
    """What each step gives. Raises: SpecError with the problems of all of them at once."""
    found, problems = [], list[Problem]()
    for step in steps:
        try:
            found.append(step())
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return found
