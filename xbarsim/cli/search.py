"""xbarsim search: the best points of a study's space without running all of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from xbarsim.cli.common import ForceOption, JsonOption
from xbarsim.cli.sweep import (
    MOST_REPORTS,
    OutOption,
    ReportsOption,
    StoreOption,
    StudyArgument,
    WorkersOption,
    demand_page,
    finish_study,
)

if TYPE_CHECKING:
    from xbarsim.study.study import Study

BATCH = 8  # as xbarsim.study.search.BATCH, which imports Optuna


class Sampler(StrEnum):
    TPE = "tpe"
    NSGA2 = "nsga2"
    RANDOM = "random"


def register(app: typer.Typer) -> None:
    app.command("search")(search)


def search(
    study: StudyArgument,
    points: Annotated[
        int | None,
        typer.Option("--points", "-n", min=1, help="points to look at, beyond those in the store"),
    ] = None,
    sampler: Annotated[Sampler, typer.Option(help="how points are asked for")] = Sampler.TPE,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="of the sampler [default: 0]")] = None,
    prune: Annotated[
        bool,
        typer.Option("--prune/--no-prune", help="leave out what cannot be among the best, by area and roof"),
    ] = True,
    warm: Annotated[
        bool, typer.Option("--warm/--cold", help="begin with the points of this space that the store holds")
    ] = True,
    batch: Annotated[
        int, typer.Option("--batch", min=1, help="points asked for at once; results depend on it")
    ] = BATCH,
    workers: WorkersOption = None,
    out: OutOption = None,
    store: StoreOption = None,
    reports: ReportsOption = MOST_REPORTS,
    json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Look for the best points of a study's space, each asked for in the light of those before."""
    from xbarsim.cli.watch import StudyWatch
    from xbarsim.study.search import Search
    from xbarsim.study.search import search as run
    from xbarsim.study.study_file import load_study
    from xbarsim.study.sweep import STORE

    asked = load_study(study)
    where, strategy = store or STORE, asked.strategy
    own_seed = strategy.seed if strategy.kind == "search" else 0
    how = Search(
        points or _points(asked), sampler.value, own_seed if seed is None else seed, prune, warm, batch
    )
    demand_page(out, asked.name, force)
    with StudyWatch(asked, where) as watch:
        found = run(asked, how, where, workers, watch.told)
    finish_study(found, out, json, reports)


def _points(study: Study) -> int:
    """As the study file says. Raises: SpecError if it does not."""
    from xbarsim.errors import Problem, SpecError

    if study.strategy.kind == "search":
        return study.strategy.points
    fix = f"say --points 100, or in {study.path} 'strategy: {{kind: search, points: 100}}'"
    raise SpecError([Problem("--points", 0, "", "missing", "", fix)])
