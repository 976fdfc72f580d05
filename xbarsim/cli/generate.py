"""xbarsim generate: a language model on a chip, with its report."""

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
    overrides,
)
from xbarsim.cli.finish import demand_room, finish
from xbarsim.cli.progress import Progress
from xbarsim.engine.granularity import Granularity


def register(app: typer.Typer) -> None:
    app.command("generate")(generate)


def generate(
    chip: ChipArgument,
    generation: Annotated[
        str,
        typer.Argument(help="generation: a YAML file (*.generate.yaml), or the name of a shipped one (gpt2)"),
    ],
    out: OutOption = None,
    requests: Annotated[
        int, typer.Option("--requests", "-n", min=1, max=100_000, help="requests that come")
    ] = 4,
    arrivals: Annotated[
        str, typer.Option(help="when they come: saturated, poisson 20 Hz, constant 20 Hz, trace:FILE")
    ] = "saturated",
    at_once: Annotated[
        int | None,
        typer.Option(
            min=1, help="requests let in at a time; else as many as there is room for keys and values"
        ),
    ] = None,
    prompt_tokens: Annotated[int | None, typer.Option(min=1, help="length of the prompt")] = None,
    tokens: Annotated[int | None, typer.Option(min=1, help="length of the answer")] = None,
    seed: Annotated[int, typer.Option(min=0, help="of the arrivals")] = 0,
    granularity: GranularityOption = Granularity.BURST,
    json: JsonOption = False,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006 - typer copies it
    mode: ModeOption = None,
) -> None:
    """Run a language model on a chip: time to first token and per token, tokens per second, energy per token."""
    from xbarsim.scenario.arrivals_text import arrivals_from_text
    from xbarsim.scenario.generate import Generate
    from xbarsim.scenario.generate import generate as run
    from xbarsim.spec.load import load_chip
    from xbarsim.workload.generation import load_generation

    demand_room(out, force)
    scenario = Generate(requests, arrivals_from_text(arrivals), at_once, seed, granularity)
    asked = load_generation(generation, prompt_tokens, tokens)
    with Progress() as progress:
        result = run(load_chip(chip, overrides(set_, mode)), asked, scenario, progress.report)
    finish(result, out, json, force)
