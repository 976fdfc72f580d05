"""xbarsim serve: networks under load, with their latencies, queues and saturation point."""

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
    app.command("serve")(serve)


def serve(
    chip: ChipArgument,
    workloads: Annotated[
        list[str],
        typer.Argument(help="workload: as for `run`; several share the chip", metavar="WORKLOAD..."),
    ],
    arrivals: Annotated[
        list[str],
        typer.Option(
            "--arrivals",
            "-a",
            help="when requests come: 'poisson 2000 Hz', 'constant 1 kHz', 'onoff 5 kHz 1 ms 9 ms', saturated, "
            "trace:FILE (with several workloads: once for all, or once for each)",
        ),
    ] = [],  # noqa: B006 - typer copies it
    requests: Annotated[
        int | None,
        typer.Option(
            "--requests", "-n", min=1, help="end when so many are complete; with --precision: the most"
        ),
    ] = None,
    precision: Annotated[
        str | None, typer.Option("--precision", help="end when a figure is known so well: 'p99 5 %'")
    ] = None,
    batch: Annotated[
        list[str], typer.Option("--batch", help="none, 'fixed 8', or 'timeout 8 1 ms' (for all, or for each)")
    ] = [],  # noqa: B006
    limit: Annotated[
        list[int], typer.Option("--limit", min=1, help="most requests inside the chip; others wait")
    ] = [],  # noqa: B006
    queue_limit: Annotated[
        list[int], typer.Option("--queue-limit", min=0, help="most requests that wait; others are refused")
    ] = [],  # noqa: B006
    share: Annotated[
        list[float],
        typer.Option(
            "--share", help="of the arrays, that a network may fill with copies (once for each of several)"
        ),
    ] = [],  # noqa: B006
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the arrivals")] = 0,
    curve: Annotated[
        bool,
        typer.Option("--curve", help="also find the saturation point, and latency from 10 to 95 % of it"),
    ] = False,
    out: OutOption = None,
    granularity: GranularityOption = Granularity.BURST,
    json: JsonOption = False,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006
    mode: ModeOption = None,
) -> None:
    """Run one or several networks on a chip under load: mean and tail latency, throughput, queues, energy."""
    from xbarsim.api import load_chip, load_workload, simulate
    from xbarsim.scenario.serve_text import Written, asked

    demand_room(out, force)
    loaded = load_chip(chip, overrides(set_, mode))
    written = Written(
        arrivals, batch, limit, queue_limit, share, requests, precision, seed, curve, granularity
    )
    work, scenario = asked(written, [load_workload(name) for name in workloads])
    with Progress() as progress:
        result = simulate(loaded, work, scenario, progress.report)
    finish(result, out, json, force)
