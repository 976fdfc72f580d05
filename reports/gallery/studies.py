"""Runs the studies that ship, and leaves their pages in the gallery: `python reports/gallery/studies.py [NAME…]`.

Each page has the reports of a few of its best points beside it. Points that a store already holds are not run again;
it lies in runs/gallery. README.md shows what the axes of the first study do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from xbarsim.files import write_whole
from xbarsim.report.study_effects import effects_figure
from xbarsim.report.study_page import render_study
from xbarsim.report.study_reports import REPORTS, write_reports
from xbarsim.study.study_file import load_study
from xbarsim.study.sweep import sweep

ROOT = Path(__file__).resolve().parents[2]
GALLERY = Path("reports") / "gallery" / "studies"
STORE = Path("runs") / "gallery"
STUDIES = ("adc_sharing", "array_cell_device", "upkeep", "training")
MOST_REPORTS = 3


def main(names: list[str]) -> None:
    os.chdir(ROOT)  # so that pages name files as they lie in the repository
    for name in names or STUDIES:
        found = sweep(load_study(f"studies/{name}.yaml"), STORE)
        folder = GALLERY / name
        links = write_reports(found, folder, MOST_REPORTS)
        write_whole(folder / "page.html", render_study(found, links))
        write_whole(folder / "effects.svg", on_white(effects_figure(found)))
        for old in set((folder / REPORTS).iterdir()) - {folder / link for link in links.values()}:
            old.unlink()  # of a point that is no longer among the best
        print(f"{name}: {len(found.done)} points, {len(found.failed)} failed, {len(found.front)} best")


def on_white(svg: str) -> str:
    """Alone a figure has no page whose theme it could follow."""
    return svg.replace("<svg ", '<svg style="background:#ffffff" ', 1) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
