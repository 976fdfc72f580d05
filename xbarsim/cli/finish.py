"""The two ends of a run: is there room for its result, and then the result saved and printed, of whatever kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xbarsim.cli.common import console
from xbarsim.files import interrupts_later

if TYPE_CHECKING:
    from xbarsim.scenario.store import Stored


def demand_room(out: Path | None, force: bool) -> None:
    """Before a long run. Raises: SpecError if its folder could not be written."""
    if out is not None:
        from xbarsim.scenario.store import demand_run_folder

        demand_run_folder(out, force)


def finish(result: Stored, out: Path | None, json: bool, force: bool) -> None:
    """Save a result where that is asked for, then print it."""
    files = _saved(result, out, force) if out is not None else []
    try:
        print_result(result, json)
        if files and not json:
            console().print(f"Saved in {out}: {', '.join(files)}", soft_wrap=True)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_kept_in(out)) from None


def print_result(result: Stored, json: bool = False) -> None:
    """As tables, or as JSON."""
    if json:
        from xbarsim.scenario.store import result_to_json

        print(result_to_json(result))
        return
    from xbarsim.report.tables import result_table

    screen = console()
    screen.print(result_table(result, screen.width))


def _saved(result: Stored, out: Path, force: bool) -> list[str]:
    """Write the run folder; names of its files."""
    from xbarsim.report.run_folder import run_files
    from xbarsim.scenario.store import RESULT_FILE, save_result

    files = run_files(result)
    try:
        with interrupts_later():
            save_result(result, out, files, force)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_kept_in(out)) from None
    return sorted([RESULT_FILE, *files])


def _kept_in(out: Path | None) -> str:
    """What an interrupt behind the writing leaves."""
    return f"interrupted; the run is saved in {out}" if out is not None else ""
