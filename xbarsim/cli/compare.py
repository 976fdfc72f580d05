"""xbarsim compare: chips side by side, and what makes the difference."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xbarsim.cli.common import ForceOption, GranularityOption, console, together
from xbarsim.cli.progress import Progress
from xbarsim.engine.granularity import Granularity

if TYPE_CHECKING:
    from xbarsim.scenario.accuracy import Judge
    from xbarsim.spec.chip import Chip
    from xbarsim.study.compare import Comparison


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"
    LATEX = "latex"


def register(app: typer.Typer) -> None:
    app.command("compare")(compare)


def compare(
    chips: Annotated[
        list[str], typer.Argument(help="chips: YAML files, or names of shipped ones", metavar="CHIP...")
    ],
    workload: Annotated[
        list[str], typer.Option("--workload", "-w", help="network to run on each (may be repeated)")
    ],
    arrivals: Annotated[
        str | None,
        typer.Option("--arrivals", "-a", help="put them under load: 'poisson 2000 Hz'; as for `serve`"),
    ] = None,
    requests: Annotated[
        int | None,
        typer.Option("--requests", "-n", min=1, help="inferences; under load, until so many are done"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the arrivals")] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="folder for the page")] = None,
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="how the table is printed")
    ] = Format.TABLE,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            help="also run with a key set to each of these, in turn (may be repeated)",
            metavar="[CHIP:]KEY=V1,V2",
        ),
    ] = [],  # noqa: B006 - typer copies it
    accuracy: Annotated[
        bool, typer.Option("--accuracy", help="also how often each network is right on each chip")
    ] = False,
    ages: Annotated[
        str, typer.Option("--ages", help="with --accuracy: also after so long: '1 day, 1 year'")
    ] = "",
    granularity: GranularityOption = Granularity.BURST,
    force: ForceOption = False,
    set_: Annotated[
        list[str],
        typer.Option(
            "--set",
            help="override a value, of all chips or of one (may be repeated)",
            metavar="[CHIP:]KEY=VALUE",
        ),
    ] = [],  # noqa: B006 - typer copies it
) -> None:
    """Run networks on several chips and set them side by side, with what makes the difference."""
    from xbarsim.api import load_workload
    from xbarsim.errors import MappingError
    from xbarsim.study.compare import compare as run
    from xbarsim.study.vary import read_vary

    if out is not None:
        from xbarsim.files import demand_file
        from xbarsim.report.page import is_page

        demand_file(out / "page.html", "page", is_page, force)
    loaded, works, varied, judge = together(
        lambda: _chips(chips, set_),
        lambda: [load_workload(name) for name in workload],
        lambda: [read_vary(text) for text in vary],
        lambda: _judge(accuracy, ages),
    )
    scenario = _scenario(arrivals, requests, seed, granularity)
    with Progress() as progress:
        found = run(loaded, works, scenario, progress.report, varied, judge)
    if not found.done:
        raise MappingError("\n".join(entry.error for entry in found.failed))
    _tell(found, format_)
    if out is not None:
        from xbarsim.files import write_whole
        from xbarsim.report.compare_page import render_comparison

        path = out / "page.html"
        write_whole(path, render_comparison(found))
        if format_ is Format.TABLE:
            console().print(f"Saved: {path}", soft_wrap=True)


def _chips(names: list[str], assignments: list[str]) -> list[Chip]:
    """Each chip with what is set on it. Raises: SpecError for what is set on none."""
    from xbarsim.api import load_chip
    from xbarsim.errors import Problem, SpecError
    from xbarsim.study.vary import is_meant, scoped

    base = [load_chip(name) for name in names]
    own: list[list[str]] = [[] for _ in names]
    for pattern, assignment in map(scoped, assignments):
        meant = [own[at] for at, chip in enumerate(base) if is_meant(pattern, chip.name, chip.path)]
        if not meant:
            stems = ", ".join(Path(chip.path).stem for chip in base)
            raise SpecError(
                [Problem("--set", 0, assignment, f"'{pattern}' is none of the chips", f"one of {stems}")]
            )
        for one in meant:
            one.append(assignment)
    return [load_chip(name, given) for name, given in zip(names, own, strict=True)]


def _judge(accuracy: bool, ages: str) -> Judge | None:
    """What accuracy is asked for. Raises: SpecError for ages that are none, or without --accuracy."""
    from xbarsim.errors import Problem, SpecError
    from xbarsim.scenario.accuracy import Judge
    from xbarsim.units import AGE, UnitError, exact

    if ages and not accuracy:
        raise SpecError([Problem("--ages", 0, "", f"'{ages}' without --accuracy", "", "add --accuracy")])
    try:
        found = tuple(float(exact(age.strip(), AGE)) for age in ages.split(",")) if ages else ()
    except UnitError as error:
        raise SpecError(
            [Problem("--ages", 0, "", error.found, error.allowed, "write it like '1 day, 1 year'")]
        ) from None
    return Judge((0.0, *found)) if accuracy else None


def _scenario(arrivals: str | None, requests: int | None, seed: int, granularity: Granularity) -> Any:
    if arrivals is None:
        from xbarsim.scenario.infer import Infer

        return Infer(requests=requests or 3, granularity=granularity)
    from xbarsim.scenario.serve_text import Written, asked

    return asked(Written([arrivals], [], [], [], [], requests, None, seed, False, granularity), [None])[1]


def _tell(found: Comparison, format_: Format) -> None:
    from xbarsim.report import compare_views as views

    texts = {
        Format.CSV: views.as_csv,
        Format.JSON: views.as_json,
        Format.MARKDOWN: views.as_markdown,
        Format.LATEX: views.as_latex,
    }
    if format_ in texts:
        print(texts[format_](found), end="")
        return
    from xbarsim.report.compare_page import comparison_rich

    screen = console()
    screen.print(comparison_rich(found, screen.width))
