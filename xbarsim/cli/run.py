"""xbarsim run: a network on a chip, with its report."""

from __future__ import annotations

from pathlib import Path
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
)
from xbarsim.cli.finish import demand_room, finish
from xbarsim.cli.progress import Progress
from xbarsim.engine.granularity import Granularity
from xbarsim.errors import SimulationError, SpecError
from xbarsim.files import demand_file, write_whole

SLICES = 200_000  # kept for a timeline


def register(app: typer.Typer) -> None:
    app.command("run")(run)


def run(
    chip: ChipArgument,
    workload: WorkloadArgument,
    out: OutOption = None,
    requests: Annotated[
        int, typer.Option("--requests", "-n", min=1, max=100_000, help="inferences in the pipelined run")
    ] = 3,
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            help="inferences in each phase, where a network is larger than the chip (mapping.time_multiplex)",
        ),
    ] = 1,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="also write timeline.json (opens in Perfetto)")
    ] = False,
    granularity: GranularityOption = Granularity.BURST,
    json: JsonOption = False,
    force: ForceOption = False,
    set_: SetOption = [],  # noqa: B006 - typer copies it
    mode: ModeOption = None,
) -> None:
    """Run a network on a chip: latency, energy, TOPS/W, utilisation, and where the time went."""
    from xbarsim.api import Infer, load_chip, load_workload, simulate

    folder = out or _folder(chip, workload)
    if timeline:
        out = folder
    demand_room(out, force)
    loaded = load_chip(chip, overrides(set_, mode))
    work = load_workload(workload)
    asked = Infer(requests, SLICES if timeline else 0, granularity, batch)
    try:
        with Progress() as progress:
            result = simulate(loaded, work, asked, progress.report)
    except SimulationError as stopped:
        _save_stopped(stopped, folder, loaded.name, work.name)
        raise
    finish(result, out, json, force)


def _folder(chip: str, workload: str) -> Path:
    """Where a run is kept if nobody says where."""
    return Path("runs") / f"{Path(chip).stem}-{Path(workload).stem}"


def _save_stopped(error: SimulationError, folder: Path, chip: str, workload: str) -> None:
    """The timeline of a run that could not end, beside its folder; an earlier run there stays as it is."""
    if error.timeline is None:
        return
    from xbarsim.report.timeline import is_timeline, timeline_json

    folder = folder if folder.name else folder.resolve()  # '.' has none
    path = folder.with_name(f"{folder.name}.stopped.timeline.json")
    try:
        demand_file(path, "timeline", is_timeline)
        write_whole(path, timeline_json(error.timeline, chip, workload))
        kept = f"The timeline until then is in {path} (opens in Perfetto)."
    except (SpecError, OSError) as refused:
        kept = f"The timeline until then could not be kept: {refused}"
    error.args = (f"{error}\n{kept}",)
