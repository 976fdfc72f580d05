"""Getting an exported, functional ATen graph out of a module, with errors people can act on."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import wraps
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.export import ExportedProgram

from xbarsim.errors import WorkloadError
from xbarsim.workload.capture.call import converter_of


@dataclass(frozen=True)
class Exported:
    """A program, and the names of its outputs: keys and places in what forward returned ("keys.3")."""

    program: ExportedProgram
    outputs: tuple[str, ...]


def export(
    model: nn.Module,
    inputs: tuple[Any, ...],
    named: dict[str, Any],
    name: str,
    kept: Collection[str] = (),
) -> Exported:
    """The model's forward on these inputs as ATen operations without side effects.

    kept: arguments that are state, of any shape.
    Raises: WorkloadError when the batch is not one or the model cannot be followed.
    """
    samples = {key: value for key, value in named.items() if key not in kept}
    _check_batch({**dict(enumerate(inputs)), **samples}, name)
    inputs, named = _distinct(inputs, named)
    with _inference(model), _tensors_only(model) as outputs, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            with redirect_stderr(StringIO()):  # where it prints graphs that it could not finish
                program = torch.export.export(model, inputs, named, strict=False)
            return Exported(_decomposed(program.run_decompositions({})), tuple(outputs))
        except Exception as error:  # the exporter raises from many layers, without a common base
            raise WorkloadError(_reason(model, inputs, named, name, error)) from None


def _decomposed(program: ExportedProgram, tried: frozenset[OpOverload] = frozenset()) -> ExportedProgram:
    """Calls without a converter that are made of calls with one (einsum), taken apart.

    A call that does not come apart so keeps its name, which its user knows.
    """
    known = torch.export.default_decompositions()
    strangers = _strangers(program)
    for op in sorted(strangers - tried, key=str):
        if op in known:
            apart = _decomposed(program.run_decompositions({op: known[op]}), tried | {op})
            program = program if _strangers(apart) - strangers else apart
    return program


def _strangers(program: ExportedProgram) -> set[OpOverload]:
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    return {node.target for node in calls if isinstance(node.target, OpOverload) and not converter_of(node)}


@contextmanager
def _inference(model: nn.Module) -> Iterator[None]:
    """Evaluation mode and plain attention operations inside, everything as it was afterwards."""
    training = [(module, module.training) for module in model.modules()]
    quiet = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # the exporter's own reports of what it could not follow
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    model.eval()
    try:
        yield
    finally:
        logging.disable(quiet)
        torch.backends.mha.set_fastpath_enabled(fast)
        for module, mode in training:
            module.training = mode


@contextmanager
def _tensors_only(model: nn.Module) -> Iterator[list[str]]:
    """Inside, forward returns its tensors alone: exporters refuse objects such as caches.

    Gives a list that is filled with their names when forward runs.
    """
    forward = model.forward
    names: list[str] = []

    @wraps(forward)
    def plain(*args: Any, **kwargs: Any) -> Any:
        found = list(_tensors(forward(*args, **kwargs)))
        names[:] = [name for name, _ in found]
        return tuple(tensor for _, tensor in found)

    own = model.__dict__.get("forward")
    model.forward = plain
    try:
        yield names
    finally:
        if own is None:
            del model.__dict__["forward"]
        else:
            model.forward = own


def _tensors(result: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """All tensors in nested tuples, lists and mappings, in their order, with keys and places joined."""
    if isinstance(result, Tensor):
        yield name, result
        return
    places = result if isinstance(result, Mapping) else {}
    if isinstance(result, (tuple, list)):
        places = dict(enumerate(result))
    for key, value in places.items():
        yield from _tensors(value, f"{name}.{key}" if name else str(key))


def _distinct(inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments without one tensor given for several, which the exporter takes for one argument."""
    seen: set[int] = set()

    def own(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        twice = id(value) in seen
        seen.add(id(value))
        return value.clone() if twice else value

    return tuple(own(value) for value in inputs), {key: own(value) for key, value in named.items()}


def _check_batch(inputs: dict[Any, Any], name: str) -> None:
    """One sample at a time; a sequence may also come first: (L, 1, C)."""
    for number, value in inputs.items():
        if not isinstance(value, Tensor) or value.dim() < 2:
            continue
        leading = value.shape[:2] if value.dim() in (3, 5) else value.shape[:1]
        if 1 in leading:
            continue
        shape = "x".join(map(str, value.shape))
        raise WorkloadError(
            f"{name}: input {number} is {shape}: a batch of {value.shape[0]}; capture takes one sample"
            f" (a first dimension of 1, as in x[:1]); several requests are the scenario's business"
        )


def _reason(
    model: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], name: str, error: Exception
) -> str:
    """Whether the model itself fails on the inputs, or only cannot be followed."""
    try:
        with torch.no_grad():
            model(*inputs, **named)
    except Exception as own:
        shapes = ", ".join(
            "x".join(map(str, v.shape)) for v in (*inputs, *named.values()) if isinstance(v, Tensor)
        )
        return f"{name}: the model itself fails on the example input {shapes}: {first_line(own)}"
    return (
        f"{name}: the model runs, but its operations cannot be followed without running it, most likely"
        f" because a branch or a shape depends on the data ({first_line(error)}); let branches depend on"
        f" shapes only, replace 'if tensor:' by torch.where, or capture the parts separately"
    )


def first_line(error: Exception) -> str:
    """The first line of an error's text, or its type."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
