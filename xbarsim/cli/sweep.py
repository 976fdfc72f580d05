"""xbarsim sweep: every point of a study, on many cores; an interrupted study goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xbarsim.cli.common import ForceOption, JsonOption, console
from xbarsim.cli.progress import Progress

if TYPE_CHECKING:
    from xbarsim.study.explored import Explored

StudyArgument = Annotated[
    str, typer.Argument(help="study: a YAML file, or the name of a shipped one", metavar="STUDY")
]
StoreOption = Annotated[
    Path | None,
    typer.Option("--store", help="folder of finished points, of all studies [default: runs/store]"),
]
WorkersOption = Annotated[
    str | None,
    typer.Option(
        "--workers", "-w", metavar="N|ADDRESS",
        help="processes, or the address of a Dask scheduler: tcp://host:8786 [default: one for each core]",
    ),
]  # fmt: skip
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="folder for the page [default: runs/NAME]")
]
ReportsOption = Annotated[
    int, typer.Option("--reports", min=0, help="best points that get a report of their own, beside the page")
]
MOST_REPORTS = 12


def register(app: typer.Typer) -> None:
    app.command("sweep")(sweep)


def sweep(
    study: StudyArgument,
    workers: WorkersOption = None,
    out: OutOption = None,
    store: StoreOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="run points that failed once more")
    ] = False,
    reports: ReportsOption = MOST_REPORTS,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Run the points of a study that are not in the store yet, and show what is best among all of them."""
    from xbarsim.cli.watch import StudyWatch
    from xbarsim.study.study_file import load_study
    from xbarsim.study.sweep import STORE
    from xbarsim.study.sweep import sweep as run

    asked = load_study(study)
    where = store or STORE
    demand_page(out, asked.name, force)
    with StudyWatch(asked, where) as watch:
        found = run(asked, where, workers, watch.told, retry_failed)
    finish_study(found, out, json, reports)


def demand_page(out: Path | None, name: str, force: bool) -> None:
    """Before long work. Raises: SpecError if the page could not be written."""
    from xbarsim.files import demand_file
    from xbarsim.report.page import is_page

    demand_file(page_path(out, name), "page", is_page, force)


def page_path(out: Path | None, name: str) -> Path:
    return (out or Path("runs") / name.replace("/", "_")) / "page.html"


def finish_study(found: Explored, out: Path | None, json: bool, reports: int = MOST_REPORTS) -> None:
    """The page with the reports of the best points, and on the screen those points."""
    from xbarsim.files import write_whole
    from xbarsim.report.study_page import render_study
    from xbarsim.report.study_reports import write_reports

    path = page_path(out, found.study.name)
    with Progress() as progress:
        links = write_reports(found, path.parent, reports, progress.report)
    write_whole(path, render_study(found, links))
    if json:
        from xbarsim.report.study_views import study_json

        print(study_json(found))
        return
    from xbarsim.report.study_tables import study_table

    screen = console()
    screen.print(study_table(found, screen.width))
    screen.print(f"Saved: {path}, points in {found.store}", soft_wrap=True)
