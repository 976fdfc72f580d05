"""xbarsim trace: capture a torch model once, run it later without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("trace")(trace)


def trace(
    model: Annotated[
        str,
        typer.Argument(
            help="file and callable that makes the model: mymodel.py:build", metavar="FILE:CALLABLE"
        ),
    ],
    input_: Annotated[
        list[str],
        typer.Option("--input", "-i", help="shape of an input, batch 1: 1x3x224x224 (may be repeated)"),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="trace file to write: NAME.trace.yaml")],
    keep_batch_norm: Annotated[
        bool, typer.Option("--keep-batch-norm", help="do not fold batch normalisation")
    ] = False,
) -> None:
    """Capture a torch model as a trace that runs without torch."""
    from xbarsim.workload.load import capture_model
    from xbarsim.workload.trace import save_trace

    graph = capture_model(model, input_, fold_batch_norm=not keep_batch_norm)
    save_trace(graph, out)
    print(
        f"{graph.name}: {len(graph.ops)} operations, {graph.macs:,} MACs, {graph.parameters:,} parameters -> {out}"
    )
    for note in graph.notes:
        print(f"  note: {note}")
