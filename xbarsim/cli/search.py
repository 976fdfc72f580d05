"""xbarsim search: the best points of a study's space without running all of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from xbarsim.cli.common import ForceOption, JsonOption
from xbarsim.cli.sweep import OutOption, StoreOption, StudyArgument, WorkersOption, demand_page, finish_study


class Sampler(StrEnum):
    TPE = "tpe"
    NSGA2 = "nsga2"
    RANDOM = "random"


def register(app: typer.Typer) -> None:
    app.command("search")(search)


def search(
    study: StudyArgument,
    points: Annotated[
        int, typer.Option("--points", "-n", min=1, help="points to run, beyond those in the store")
    ],
    sampler: Annotated[Sampler, typer.Option(help="how points are asked for")] = Sampler.TPE,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the sampler")] = 0,
    prune: Annotated[
        bool,
        typer.Option("--prune/--no-prune", help="leave out what cannot be among the best, by area and roof"),
    ] = True,
    warm: Annotated[
        bool, typer.Option("--warm/--cold", help="begin with the points of this space that the store holds")
    ] = True,
    workers: WorkersOption = None,
    out: OutOption = None,
    store: StoreOption = None,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Look for the best points of a study's space, each point asked for in the light of those before."""
    from xbarsim.cli.watch import StudyWatch
    from xbarsim.study.search import search as run
    from xbarsim.study.study_file import load_study
    from xbarsim.study.sweep import STORE

    asked = load_study(study)
    where = store or STORE
    demand_page(out, asked.name, force)
    with StudyWatch(asked, where) as watch:
        found = run(asked, points, where, workers, watch.told, sampler.value, seed, prune, warm)
    finish_study(found, out, json)
