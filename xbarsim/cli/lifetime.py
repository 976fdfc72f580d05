"""xbarsim lifetime: years of a chip whose cells drift and wear out, under one or several policies of upkeep."""

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
    app.command("lifetime")(lifetime)


def lifetime(
    chip: ChipArgument,
    workload: WorkloadArgument,
    arrivals: Annotated[
        list[str],
        typer.Option(
            "--arrivals", "-a",
            help="when requests come: 'poisson 1 kHz', 'constant 10 Hz'; again with an age, from when on: "
            "'from 1 d poisson 10 Hz'",
        ),
    ] = [],  # noqa: B006 - typer copies it
    policy: Annotated[
        list[str],
        typer.Option(
            "--policy", "-p",
            help="how cells are looked after: never, 'every 300 s', 'every 300 s above 0.05, staggered, when idle', "
            "'global compensation every 1 d' (may be repeated: side by side)",
        ),
    ] = [],  # noqa: B006
    ages: Annotated[
        str, typer.Option("--ages", help="when accuracy is looked at: '1 h, 1 d, 1 year'; the last is the end")
    ] = "",
    networks: Annotated[
        int, typer.Option("--networks", min=1, help="with noise of their own, over which accuracy spreads")
    ] = 5,
    weights: Annotated[str, typer.Option("--weights", help="which of the workload's weights")] = "",
    tolerance: Annotated[
        float,
        typer.Option("--tolerance", min=0, help="how far a code may be from its weight, if it takes less conductance"),
    ] = 0.0,
    temperature: Annotated[
        str, typer.Option("--temperature", help="of the cells: '350 kelvin'; where their technology says what it does")
    ] = "",
    samples: Annotated[
        int | None, typer.Option("--samples", min=1, help="of the test set; all if not given")
    ] = None,
    windows: Annotated[
        int, typer.Option("--windows", min=1, help="simulated around each kind of turn")
    ] = 32,
    requests: Annotated[int, typer.Option("--requests", "-n", min=1, help="simulated between turns")] = 5_000,
    full: Annotated[bool, typer.Option("--full", help="no jumps: every request is simulated")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of everything random")] = 0,
    out: OutOption = None,
    granularity: GranularityOption = Granularity.BURST,
    json: JsonOption = False,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006
    mode: ModeOption = None,
) -> None:  # fmt: skip
    """Years of a chip: accuracy, tail latency, energy and wear by age, and what upkeep of the cells costs and buys."""
    from xbarsim.api import load_chip, load_workload, simulate
    from xbarsim.scenario.lifetime_text import WrittenLife, life_asked

    written = WrittenLife(
        arrivals,
        policy,
        ages,
        networks,
        weights,
        seed,
        windows,
        requests,
        full,
        tolerance,
        samples,
        granularity,
        temperature,
    )
    _, scenario, loaded, work = together(
        lambda: demand_room(out, force),
        lambda: life_asked(written),
        lambda: load_chip(chip, overrides(set_, mode)),
        lambda: load_workload(workload),
    )
    with Progress() as progress:
        result = simulate(loaded, work, scenario, progress.report)
    finish(result, out, json, force)
