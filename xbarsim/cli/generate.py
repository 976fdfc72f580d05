"""xbarsim generate: a language model on a chip, with its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xbarsim.cli.common import ChipArgument, ModeOption, SetOption, console, overrides
from xbarsim.cli.run import _Progress
from xbarsim.engine.granularity import Granularity


def register(app: typer.Typer) -> None:
    app.command("generate")(generate)


def generate(
    chip: ChipArgument,
    generation: Annotated[
        str,
        typer.Argument(help="generation: a YAML file (*.generate.yaml), or the name of a shipped one (gpt2)"),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="folder for result.json and the HTML page")
    ] = None,
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
    granularity: Annotated[
        Granularity,
        typer.Option(
            help="burst: events worked out in compiled code; mvm: one by one in SimPy; equal results"
        ),
    ] = Granularity.BURST,
    json: Annotated[bool, typer.Option("--json", help="print the result as JSON instead of tables")] = False,
    set_: SetOption = [],  # noqa: B006 - typer copies it
    mode: ModeOption = None,
) -> None:
    """Run a language model on a chip: time to first token and per token, tokens per second, energy per token."""
    from xbarsim.report.generate_tables import generate_table
    from xbarsim.scenario.arrivals_text import arrivals_from_text
    from xbarsim.scenario.generate import Generate
    from xbarsim.scenario.generate import generate as run
    from xbarsim.scenario.store import PAGE_FILE, result_to_json, save_result
    from xbarsim.spec.load import load_chip
    from xbarsim.workload.generation import load_generation

    scenario = Generate(requests, arrivals_from_text(arrivals), at_once, seed, granularity)
    asked = load_generation(generation, prompt_tokens, tokens)
    with _Progress() as progress:
        result = run(load_chip(chip, overrides(set_, mode)), asked, scenario, progress.report)
    if out is not None:
        from xbarsim.report.page import render_page

        save_result(result, out, {PAGE_FILE: render_page(result)})
    if json:
        print(result_to_json(result))
        return
    screen = console()
    screen.print(generate_table(result, screen.width))
    if out is not None:
        screen.print(f"Saved in {out}: {PAGE_FILE}, result.json", soft_wrap=True)
