"""xbarsim train: a network learns in place, by one or several algorithms."""

from __future__ import annotations

from typing import Annotated

import typer

from xbarsim.cli.common import (
    ChipArgument,
    ForceOption,
    GranularityOption,
    JsonOption,
    ModeOption,
    OutOption,
    SetOption,
    WorkloadArgument,
    overrides,
    together,
)
from xbarsim.cli.finish import demand_room, finish
from xbarsim.cli.progress import Progress
from xbarsim.engine.granularity import Granularity


def register(app: typer.Typer) -> None:
    app.command("train")(train)


def train(
    chip: ChipArgument,
    workload: WorkloadArgument,
    algorithm: Annotated[
        list[str],
        typer.Option(
            "--algorithm", "-a",
            help="how it learns: in_memory_sgd, mixed_precision, ttv2, chopped_ttv2, agad, hybrid, gxnor, or a file "
            "(may be repeated: side by side)",
        ),
    ] = [],  # noqa: B006 - typer copies it
    setting: Annotated[
        list[str],
        typer.Option("--with", help="over the file of every algorithm that has the key: 'learning_rate=0.05'"),
    ] = [],  # noqa: B006
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="as the algorithm says, if not given")
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", min=1, help="of the training set; all if not given")
    ] = None,
    project: Annotated[
        int | None,
        typer.Option("--project-epochs", min=1, help="over how many epochs wear is projected; those that are run"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of everything random")] = 0,
    out: OutOption = None,
    granularity: GranularityOption = Granularity.BURST,
    json: JsonOption = False,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006
    mode: ModeOption = None,
) -> None:  # fmt: skip
    """Training in place: loss and accuracy against seconds, joules and writes, algorithm by algorithm."""
    from xbarsim.api import load_chip, load_workload, simulate
    from xbarsim.scenario.train_spec import Train
    from xbarsim.scenario.train_text import algorithms_asked

    _, algorithms, loaded, work = together(
        lambda: demand_room(out, force),
        lambda: algorithms_asked(algorithm or ["agad"], setting),
        lambda: load_chip(chip, overrides(set_, mode)),
        lambda: load_workload(workload),
    )
    scenario = Train(tuple(algorithms), epochs, seed, samples, project, granularity)
    with Progress() as progress:
        result = simulate(loaded, work, scenario, progress.report)
    finish(result, out, json, force)
