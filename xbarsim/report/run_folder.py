"""A run folder with everything in it: the result, its timeline and, if asked for, its page."""

from __future__ import annotations

from pathlib import Path

from xbarsim.report.timeline import trace_json
from xbarsim.scenario.result import Result
from xbarsim.scenario.store import PAGE_FILE, TIMELINE_FILE, Stored, save_result


def save_run(result: Stored, folder: str | Path, page: bool = True, force: bool = False) -> Path:
    """Write result.json, timeline.json (if a timeline was recorded) and page.html in one step.

    force: also into a folder that is no earlier run's. Raises: SpecError if that is not allowed.
    """
    return save_result(result, folder, run_files(result, page), force)


def run_files(result: Stored, page: bool = True) -> dict[str, str]:
    """What goes along with result.json: file name -> text."""
    files = {}
    if isinstance(result, Result) and result.timeline is not None:
        files[TIMELINE_FILE] = trace_json(result)
    if page:
        from xbarsim.report.page import render_page  # draws figures: only where a page is wanted

        files[PAGE_FILE] = render_page(result)
    return files
