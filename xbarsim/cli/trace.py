"""xbarsim trace: capture a torch model once, run it later without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xbarsim.cli.common import ForceOption
from xbarsim.errors import Problem, SpecError
from xbarsim.files import demand_file


def register(app: typer.Typer) -> None:
    app.command("trace")(trace)


def trace(
    model: Annotated[
        str, typer.Argument(help="file and callable that makes the model: mymodel.py:build", metavar="FILE:CALLABLE")
    ],
    input_: Annotated[
        list[str],
        typer.Option(
            "--input", "-i", metavar="[NAME=]SHAPE[:TYPE]",
            help="an input, batch 1: 1x3x224x224, or ids=1x128:int64 (may be repeated)",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="trace file to write: NAME.trace.yaml")],
    keep_batch_norm: Annotated[
        bool, typer.Option("--keep-batch-norm", help="do not fold batch normalisation into the product before it")
    ] = False,
    force: ForceOption = False,
) -> None:  # fmt: skip
    """Capture a torch model as a trace that runs without torch."""
    from xbarsim.workload.model_file import ModelFile
    from xbarsim.workload.trace import is_trace, save_trace

    path, _, callable_ = model.rpartition(":")
    if not path or not callable_:
        raise SpecError(
            [Problem(model, 0, "", "no file and callable", "FILE:CALLABLE like 'mymodel.py:build'")]
        )
    if not Path(path).is_file():
        raise SpecError([Problem(path, 0, "", "no such file", "", "check the path before the ':'")])
    if not out.name.endswith(".trace.yaml"):
        found = f"'{out.name}' would not be known as a trace"
        raise SpecError([Problem(str(out), 0, "", found, "NAME.trace.yaml", f"--out {out.stem}.trace.yaml")])
    demand_file(out, "trace", is_trace, force)
    inputs = tuple(_input(text) for text in input_)
    graph = ModelFile(Path(path), callable_, inputs, {}, not keep_batch_norm).capture()
    save_trace(graph, out)
    print(
        f"{graph.name}: {len(graph.ops)} operations, {graph.macs:,} MACs, {graph.parameters:,} parameters -> {out}"
    )
    for note in graph.notes:
        print(f"  note: {note}")


def _input(text: str):  # type: ignore[no-untyped-def]
    """'ids=1x128:int64' as an Input."""
    from xbarsim.workload.shapes import TYPES, Input, parse_shape

    name, _, rest = text.rpartition("=")
    shape, _, kind = rest.partition(":")
    kind = kind or "float32"
    try:
        size = parse_shape(shape)
    except ValueError:
        found = [
            Problem("--input", 0, text, f"'{shape}' is no shape", "like 1x3x224x224", "batch first, and 1")
        ]
        raise SpecError(found) from None
    if kind not in TYPES:
        raise SpecError([Problem("--input", 0, text, f"'{kind}' is no type", ", ".join(TYPES))])
    return Input(size, name, kind)
