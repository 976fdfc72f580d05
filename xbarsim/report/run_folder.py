"""A run folder with everything in it: the result, its timeline and, if asked for, its page."""

from __future__ import annotations

from pathlib import Path

from xbarsim.report.timeline import trace_json
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.store import PAGE_FILE, TIMELINE_FILE, save_result


def save_run(result: Result | ServeResult, folder: str | Path, page: bool = True) -> Path:
    """Write result.json, timeline.json (if a timeline was recorded) and page.html in one step."""
    files = {}
    if isinstance(result, Result) and result.timeline is not None:
        files[TIMELINE_FILE] = trace_json(result)
    if page:
        from xbarsim.report.page import render_page  # draws figures: only where a page is wanted

        files[PAGE_FILE] = render_page(result)
    return save_result(result, folder, files)
