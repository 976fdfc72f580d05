"""A model given as file and callable, with its example inputs, and its capture.

Torch is imported only when a model is really captured.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from xbarsim.errors import WorkloadError
from xbarsim.workload.affine import lengths_of, with_growth
from xbarsim.workload.experts import Experts, with_experts
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.growth import Context
from xbarsim.workload.shapes import Dimension, Input
from xbarsim.workload.state import State


@dataclass(frozen=True)
class ModelFile:
    """A callable in a Python file that returns a module, and how it is to be captured.

    inputs: all arguments of forward, those that are state among them.
    """

    path: Path
    callable: str
    inputs: tuple[Input, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fold_batch_norm: bool = True
    states: tuple[State, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    experts: Experts | None = None

    @property
    def source(self) -> str:
        """What a trace records of where it comes from."""
        return f"{self.path.name}:{self.callable} sha256:{self.digest()}"

    def digest(self) -> str:
        """Hash of the file's bytes and of everything else that decides what is captured."""
        inputs = [[one.name, list(one.shape), one.type] for one in self.inputs]
        settings: list[Any] = [self.callable, dict(self.arguments), inputs, self.fold_batch_norm]
        if self.states or self.dimensions:
            named = [list(one.lengths) for one in self.inputs]
            settings += [named, [astuple(one) for one in (*self.states, *self.dimensions)]]
        if self.experts is not None:
            settings.append(astuple(self.experts))
        text = json.dumps(settings, sort_keys=True, default=str)
        return hashlib.sha256(self._bytes() + b"\0" + text.encode()).hexdigest()

    def _bytes(self) -> bytes:
        # Line ends differ between systems, the model does not.
        return self.path.read_bytes().replace(b"\r\n", b"\n")

    def build(self) -> Any:
        """The module itself. Raises: WorkloadError when the file or the callable fails."""
        where = f"{self.path.name}:{self.callable}"
        try:
            maker = _attribute(_load(self.path), self.callable)
            return maker(**self.arguments)
        except WorkloadError:
            raise
        except Exception as error:  # whatever a stranger's file raises
            raise WorkloadError(f"{where}: {type(error).__name__}: {error}") from error

    @property
    def context(self) -> Dimension | None:
        """The length that the state grows by: the one that a state's shape names."""
        kept = {state.name for state in self.states}
        names = {name for one in self.inputs if one.name in kept for name in one.lengths}
        return next((one for one in self.dimensions if one.name in names), None)

    def at(self, **lengths: int) -> ModelFile:
        """The model with other values for the lengths that its shapes name."""
        dimensions = (replace(one, default=lengths.get(one.name, one.default)) for one in self.dimensions)
        inputs = tuple(one.at(lengths) for one in self.inputs)
        return replace(self, inputs=inputs, dimensions=tuple(dimensions))

    def capture(self, name: str = "") -> OpGraph:
        """The model's operation graph, with its source recorded.

        Where the state grows, it is captured at several lengths, to know what each token adds.
        Raises: WorkloadError.
        """
        model, name, grows = self.module(), name or self.callable, self.context
        if grows is None:
            return replace(self._captured(model, name), source=self.source)
        wanted = lengths_of(grows.default, grows.most)
        graphs = {length: self.at(**{grows.name: length})._captured(model, name) for length in wanted}
        context = Context(grows.name, grows.default, grows.most)
        return replace(with_growth(graphs, context), source=self.source)

    def module(self) -> Any:
        """The built torch.nn.Module. Raises: WorkloadError if it is something else."""
        import torch

        model = self.build()
        if isinstance(model, torch.nn.Module):
            return model
        kind = type(model).__name__
        raise WorkloadError(
            f"{self.path.name}:{self.callable}: returns a {kind}; it must return a torch.nn.Module"
        )

    def _captured(self, model: Any, name: str) -> OpGraph:
        """The graph at the shapes as they are."""
        import torch

        from xbarsim.workload.capture import trace

        tensors = [(one.name, torch.zeros(one.shape, dtype=getattr(torch, one.type))) for one in self.inputs]
        graph = trace(
            model,
            *(tensor for key, tensor in tensors if not key),
            named_inputs={key: tensor for key, tensor in tensors if key},
            name=name,
            fold_batch_norm=self.fold_batch_norm,
            states=self.states,
        )
        return graph if self.experts is None else with_experts(graph, self.experts)


def digest_of(source: str) -> str:
    """The hash in a trace's source, "" if it has none."""
    found = re.search(r"sha256:([0-9a-f]{64})", source)
    return found.group(1) if found else ""


class _FromSource(SourceFileLoader):
    """Reads the source, never kept bytecode: that tells a file rewritten within a second by its length only."""

    def get_code(self, fullname: str) -> Any:
        return self.source_to_code(self.get_data(self.path), self.path)  # type: ignore[arg-type]


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"xbarsim_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise WorkloadError(f"{path}: not a Python file; a model is given as 'file.py:callable'")
    spec.loader = _FromSource(spec.name, str(path))
    module = importlib.util.module_from_spec(spec)
    with _importable(path.parent):
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """The model file may import its neighbours, whose names are free again afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).parent == folder:
                del sys.modules[name]


def _attribute(module: Any, name: str) -> Any:
    if hasattr(module, name):
        return getattr(module, name)
    names = sorted(k for k, v in vars(module).items() if callable(v) and not k.startswith("_"))
    raise WorkloadError(
        f"{Path(module.__file__).name}: no '{name}' in it; there are {', '.join(names) or 'none'}"
    )
