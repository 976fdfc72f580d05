"""The reports of a study's best points: each is run once more, and its page lies beside that of the study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from xbarsim.files import write_whole
from xbarsim.report.page import render_page
from xbarsim.report.study_figures import thinned
from xbarsim.study.design import again
from xbarsim.study.evaluate import Bench
from xbarsim.study.explored import Explored

REPORTS = "points"  # their folder, beside the page
Told = Callable[[str, int, int], None]  # (what runs, done, in all)


def write_reports(
    found: Explored, folder: str | Path, most: int, report: Told | None = None
) -> dict[int, str]:
    """Pages of so many of the best points, evenly along the front: number -> link from the study's page.

    Their names carry the address of the point, so that a page which is there already need not be made again.
    """
    bench, links = Bench(), {}
    wanted = thinned(found.front, most) if most else []
    for done, one in enumerate(wanted):
        link = f"{REPORTS}/point-{one.number}-{one.row['key'][:8]}.html"
        path = Path(folder) / link
        if not path.is_file():
            if report is not None:
                report("reports of the best points", done, len(wanted))
            write_whole(path, render_page(bench.result(again(found.study, one.labels).point)))
        links[one.number] = link
    return links
