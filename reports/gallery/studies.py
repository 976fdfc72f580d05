"""Runs the studies that ship, and leaves their pages in the gallery: `python reports/gallery/studies.py [NAME…]`.

Each page has the reports of a few of its best points beside it. Points that a store already holds are not run again;
it lies in runs/gallery. README.md shows the picture of the first study's best points.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from xbarsim.files import write_whole
from xbarsim.report.study_figures import front_figure
from xbarsim.report.study_page import render_study
from xbarsim.report.study_reports import REPORTS, write_reports
from xbarsim.study.explored import Explored
from xbarsim.study.study_file import load_study
from xbarsim.study.sweep import sweep

HERE = Path(__file__).parent
STORE = HERE.parent.parent / "runs" / "gallery"
STUDIES = ("adc_sharing", "array_cell_device", "upkeep")
MOST_REPORTS = 3


def main(names: list[str]) -> None:
    for name in names or STUDIES:
        found = sweep(load_study(name), STORE)
        folder = HERE / "studies" / name
        shutil.rmtree(folder / REPORTS, ignore_errors=True)  # of points that are no longer among the best
        page = render_study(found, write_reports(found, folder, MOST_REPORTS))
        write_whole(folder / "page.html", page)
        write_whole(folder / "best.svg", picture(found))
        print(f"{name}: {len(found.done)} points, {len(found.failed)} failed, {len(found.front)} best")


def picture(found: Explored) -> str:
    """The figure of the best points, on white: alone it has no page whose theme it could follow."""
    return front_figure(found).replace("<svg ", '<svg style="background:#ffffff" ', 1) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
