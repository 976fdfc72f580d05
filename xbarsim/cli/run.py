"""xbarsim run: a network on a chip, with its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xbarsim.cli.common import ChipArgument, ModeOption, SetOption, WorkloadArgument, console, overrides
from xbarsim.engine.granularity import Granularity
from xbarsim.errors import SimulationError

SLICES = 200_000  # kept for a timeline


def register(app: typer.Typer) -> None:
    app.command("run")(run)


def run(
    chip: ChipArgument,
    workload: WorkloadArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="folder for result.json and the HTML page")
    ] = None,
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
    """Run a network on a chip: latency, energy, TOPS/W, utilisation, and where the time went."""
    from xbarsim.api import Infer, load_chip, load_workload, simulate

    loaded = load_chip(chip, overrides(set_, mode))
    work = load_workload(workload)
    screen = console()
    asked = Infer(requests, SLICES if timeline else 0, granularity, batch)
    try:
        with _Progress() as progress:
            result = simulate(loaded, work, asked, progress.report)
    except SimulationError as stopped:
        _save_stopped(stopped, out or _folder(chip, workload), loaded.name, work.name)
        raise
    if out is None and timeline:
        out = _folder(chip, workload)
    if out is not None:
        from xbarsim.report.run_folder import save_run

        save_run(result, out)
    if json:
        from xbarsim.scenario.store import result_to_json

        print(result_to_json(result))
        return
    from xbarsim.report.tables import result_table

    screen.print(result_table(result, screen.width))
    if out is not None:
        screen.print(
            f"Saved in {out}: {', '.join(sorted(file.name for file in out.iterdir()))}", soft_wrap=True
        )


def _folder(chip: str, workload: str) -> Path:
    """Where a run is kept if nobody says where."""
    return Path("runs") / f"{Path(chip).stem}-{Path(workload).stem}"


def _save_stopped(error: SimulationError, folder: Path, chip: str, workload: str) -> None:
    """The timeline of a run that could not end, beside its folder; an earlier run there stays as it is."""
    if error.timeline is None:
        return
    from xbarsim.report.timeline import timeline_json

    path = folder.with_name(f"{folder.name}.stopped.timeline.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(timeline_json(error.timeline, chip, workload), encoding="utf-8")
    error.args = (f"{error}\nThe timeline until then is in {path} (opens in Perfetto).",)


class _Progress:
    """A bar on stderr, shown only when a run lasts longer than a second and somebody watches."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.tasks: dict[str, Any] = {}
        self.began: float | None = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()

    def report(self, what: str, done: int, total: int) -> None:
        if done & 255 and done != total:
            return
        from time import monotonic

        self.began = self.began or monotonic()
        if self.bar is None and monotonic() - self.began > 1.0:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)
            self.bar.start()
        if self.bar is not None:
            if what not in self.tasks:
                self.tasks[what] = self.bar.add_task(what, total=total)
            self.bar.update(self.tasks[what], completed=done)
