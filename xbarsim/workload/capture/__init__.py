"""Capture of any torch module as an operation graph: the only part of `workload` that imports torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from xbarsim.errors import WorkloadError
from xbarsim.workload.capture.build import Builder
from xbarsim.workload.capture.constants import Constants
from xbarsim.workload.capture.export import export
from xbarsim.workload.capture.state import check_states
from xbarsim.workload.capture.walk import walk
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.state import State


def trace(
    model: nn.Module,
    *example_inputs: Any,
    named_inputs: Mapping[str, Any] | None = None,
    name: str | None = None,
    fold_batch_norm: bool = True,
    states: Sequence[State] = (),
) -> OpGraph:
    """Capture a module's forward as an operation graph; the module is left as it was.

    example_inputs: tensors of the shapes (and integer types) that the model takes, batch 1.
    named_inputs: those that forward takes by name.
    fold_batch_norm: let batch normalisation vanish into the product before it, as inference hardware
        does; else it stays an operation of its own.
    states: named inputs that lie in memory, and outputs that are added to it (see `State`).
    Raises: WorkloadError that lists every operation that is not supported, and where it is.
    """
    name = name or type(model).__name__
    kept = [state.name for state in states]
    exported = export(model, example_inputs, dict(named_inputs or {}), name, kept)
    check_states(states, list(named_inputs or {}), exported.outputs, name)
    leaves = frozenset(path for path, module in model.named_modules() if path and not list(module.children()))
    build = Builder(Constants(exported.program), leaves, fold_batch_norm)
    walk(exported, build, states)
    if build.problems:
        lines = "\n  ".join(build.problem_lines())
        raise WorkloadError(f"{name} cannot be captured:\n  {lines}")
    parameters = sum(parameter.numel() for parameter in model.parameters())
    graph = build.finished(name, parameters, _notes(build))
    if not any(op.inputs for op in graph.ops):
        raise WorkloadError(f"{name}: no output depends on an input; return the result from forward")
    return graph


def _notes(build: Builder) -> list[str]:
    folded, inexact = build.counts["folded"], build.counts["inexact"]
    notes = []
    if folded:
        notes.append(f"{folded} batch_norm folded into the product before them")
    if inexact:
        reads = "1 read" if inexact == 1 else f"{inexact} reads"
        notes.append(f"{reads} in an order without a simple rule: they wait for more input than they need")
    return notes
