"""xbarsim sensitivity: how much each axis of a study matters."""

from __future__ import annotations

from typing import Annotated

import typer

from xbarsim.cli.common import ForceOption, JsonOption, console
from xbarsim.cli.sweep import OutOption, StoreOption, StudyArgument, WorkersOption, demand_page, page_path


def register(app: typer.Typer) -> None:
    app.command("sensitivity")(sensitivity)


def sensitivity(
    study: StudyArgument,
    figure: Annotated[
        list[str] | None,
        typer.Option("--figure", help="of which figure (may be repeated) [default: the study's goals]"),
    ] = None,
    samples: Annotated[
        int,
        typer.Option(
            "--samples", "-n", min=0,
            help="for shares of the variance (Sobol indices), a power of two; each takes a point for every axis, and "
            "two more. 0: one axis at a time only",
        ),
    ] = 0,
    base: Annotated[
        list[str] | None,
        typer.Option("--base", metavar="AXIS=LABEL", help="around which one axis moves at a time (may be repeated) "
                     "[default: the middle of each]"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the samples")] = 0,
    workers: WorkersOption = None,
    out: OutOption = None,
    store: StoreOption = None,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:  # fmt: skip
    """Tell how much each axis of a study matters: one at a time, and as shares of the variance."""
    from xbarsim.cli.watch import StudyWatch
    from xbarsim.files import write_whole
    from xbarsim.report.study_page import render_study
    from xbarsim.report.study_tables import sensitivity_table
    from xbarsim.report.study_views import study_json
    from xbarsim.study.sensitive import Probe
    from xbarsim.study.sensitive import sensitivity as run
    from xbarsim.study.study_file import load_study
    from xbarsim.study.sweep import STORE

    loaded, where = load_study(study), store or STORE
    asked = Probe(tuple(figure or ()), samples, seed, _named(base or []))
    demand_page(out, f"{loaded.name}-sensitivity", force)
    with StudyWatch(loaded, where) as watch:
        found = run(loaded, asked, where, workers, watch.told)
    path = page_path(out, found.study.name)
    write_whole(path, render_study(found))
    if json:
        print(study_json(found))
        return
    screen = console()
    screen.print(sensitivity_table(found, screen.width))
    screen.print(f"Saved: {path}, points in {found.store}", soft_wrap=True)


def _named(base: list[str]) -> dict[str, str]:
    """Raises: SpecError if there is no '=' in one."""
    from xbarsim.errors import Problem, SpecError

    wrong = [text for text in base if "=" not in text]
    if wrong:
        fix = "write it like --base bits=6"
        raise SpecError([Problem(f"--base {text}", 0, "", "has no '='", "AXIS=LABEL", fix) for text in wrong])
    return dict(text.split("=", 1) for text in base)
