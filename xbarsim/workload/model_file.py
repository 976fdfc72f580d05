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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from xbarsim.errors import WorkloadError
from xbarsim.workload.graph import OpGraph

TYPES = ("float32", "float16", "bfloat16", "float64", "int64", "int32", "bool")
_SHAPE = re.compile(r"[1-9]\d*(x[1-9]\d*)*")


@dataclass(frozen=True)
class Input:
    """One example input of a model.

    shape: with the batch of one; name: of the argument of forward, "" if by place;
    high: integers lie in 0 … high - 1 (token numbers).
    """

    shape: tuple[int, ...]
    name: str = ""
    type: str = "float32"
    high: int | None = None


def parse_shape(text: str) -> tuple[int, ...]:
    """'1x3x224x224' as (1, 3, 224, 224). Raises: ValueError."""
    text = str(text).replace(" ", "")
    if not _SHAPE.fullmatch(text):
        raise ValueError(f"'{text}' is not a shape; write it like '1x3x224x224'")
    return tuple(int(size) for size in text.split("x"))


@dataclass(frozen=True)
class ModelFile:
    """A callable in a Python file that returns a module, and how it is to be captured."""

    path: Path
    callable: str
    inputs: tuple[Input, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fold_batch_norm: bool = True

    @property
    def source(self) -> str:
        """What a trace records of where it comes from."""
        return f"{self.path.name}:{self.callable} sha256:{self.digest()}"

    def digest(self) -> str:
        """Hash of the file's bytes and of everything else that decides what is captured."""
        inputs = [[one.name, list(one.shape), one.type] for one in self.inputs]
        settings = [self.callable, dict(self.arguments), inputs, self.fold_batch_norm]
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

    def capture(self, name: str = "") -> OpGraph:
        """The model's operation graph, with its source recorded. Raises: WorkloadError."""
        import torch

        from xbarsim.workload.capture import trace

        model = self.build()
        if not isinstance(model, torch.nn.Module):
            kind = type(model).__name__
            raise WorkloadError(
                f"{self.path.name}:{self.callable}: returns a {kind}; it must return a torch.nn.Module"
            )
        tensors = [(one.name, torch.zeros(one.shape, dtype=getattr(torch, one.type))) for one in self.inputs]
        graph = trace(
            model,
            *(tensor for key, tensor in tensors if not key),
            named_inputs={key: tensor for key, tensor in tensors if key},
            name=name or self.callable,
            fold_batch_norm=self.fold_batch_norm,
        )
        return replace(graph, source=self.source)


def digest_of(source: str) -> str:
    """The hash in a trace's source, "" if it has none."""
    found = re.search(r"sha256:([0-9a-f]{64})", source)
    return found.group(1) if found else ""


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"xbarsim_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise WorkloadError(f"{path}: not a Python file; a model is given as 'file.py:callable'")
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
