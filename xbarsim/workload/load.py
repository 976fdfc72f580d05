"""load_workload: a path or the name of a shipped network, to a Workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xbarsim.data.examples import Part
from xbarsim.data.sets import read_set
from xbarsim.errors import Problem, SpecError, WorkloadError
from xbarsim.shipped import shipped
from xbarsim.spec.loader import likely
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.model_file import ModelFile, digest_of
from xbarsim.workload.routing import Router
from xbarsim.workload.trace import load_trace
from xbarsim.workload.workload_file import LayerBits, WorkloadFile, read_workload_file

if TYPE_CHECKING:
    from xbarsim.workload.trained import Labelled, Network

TRACE_SUFFIX = ".trace.yaml"
GENERATE_SUFFIX = ".generate.yaml"  # two workloads that together answer prompts: see generation.py


@dataclass(frozen=True)
class Workload:
    """A network ready to be mapped.

    activation_bits, weight_bits: None where the file leaves them to the chip.
    from_trace: the graph was read from its saved trace, not captured anew.
    router: of a mixture of experts, where the file gives one.
    layer_bits: of single layers, where the file gives them; the first whose pattern fits counts.
    model, weights, data: the network itself, its files of weights by name, and a data set, where the file gives
        them: `network`, `test_set` and `training_set` read them.
    """

    name: str
    source: str
    graph: OpGraph
    activation_bits: int | None
    weight_bits: int | None
    path: str
    description: str = ""
    from_trace: bool = False
    router: Router | None = None
    model: ModelFile | None = None
    weights: Mapping[str, Path] = field(default_factory=dict)
    data: str = ""
    layer_bits: tuple[LayerBits, ...] = ()

    def network(self, weights: str = "") -> Network:
        """The float network in evaluation mode, with its trained weights (imports torch).

        weights: one of the names in the file; the first if none is given.
        Raises: WorkloadError if the file gives none, or they cannot be read; SpecError with all that do not fit.
        """
        model = self._model("weights", "weights.safetensors", bool(self.weights))
        name = weights or next(iter(self.weights))
        if name not in self.weights:
            known = (
                likely(name, [one for one in self.weights if one]) or "allowed: none, there is only one file"
            )
            raise WorkloadError(f"{self.name}: no weights '{name}'; {known}")
        from xbarsim.workload.trained import trained_network

        return trained_network(model, self.weights[name])

    def untrained(self) -> Network:
        """The network as its file builds it, with whatever first weights that draws (imports torch).

        Raises: WorkloadError if the file gives no network, or building it fails.
        """
        network: Network = self._model("model", "model.py:build", True).module()
        return network

    def test_set(self, data_folder: str | Path | None = None) -> Labelled:
        """Images that no weights were trained on, as inputs of the network, (n, …), and their labels, (n,).

        data_folder: where the files of the data set are, or the environment variable XBARSIM_DATA.
        Raises: WorkloadError if the file names no data; DataError if they cannot be read.
        """
        return self._examples("test", data_folder)

    def training_set(self, data_folder: str | Path | None = None) -> Labelled:
        """Images to train on, as `test_set`."""
        return self._examples("train", data_folder)

    def _examples(self, part: Part, data_folder: str | Path | None) -> Labelled:
        model = self._model("data", "digits", bool(self.data))
        from xbarsim.workload.trained import tensors

        return tensors(read_set(self.data, part, data_folder), model.inputs[0].shape)

    def _model(self, key: str, example: str, given: bool) -> ModelFile:
        """The model, if the file gives it and what else is needed."""
        if self.model is None:
            raise WorkloadError(
                f"{self.name}: operations only, no network; load a workload file with 'model'"
            )
        if not given:
            raise WorkloadError(f"{self.name}: its file gives no '{key}'; add a line like '{key}: {example}'")
        return self.model


def shipped_names(suffix: str = ".yaml") -> list[str]:
    """Names of the networks that come with xbarsim (or of what else has this suffix)."""
    other = tuple(one for one in (TRACE_SUFFIX, GENERATE_SUFFIX) if one != suffix)
    files = shipped("workloads").glob(f"*{suffix}")
    return sorted(file.name.removesuffix(suffix) for file in files if not file.name.endswith(other))


def shipped_path(name: str) -> Path:
    """The file of a network that comes with xbarsim. Raises: SpecError with the nearest names."""
    return shipped_file(name, ".yaml")


def shipped_file(name: str, suffix: str) -> Path:
    """The shipped file of this name and suffix. Raises: SpecError with the nearest names."""
    path = shipped("workloads") / f"{name}{suffix}"
    if path.is_file():
        return path
    fix = likely(name, shipped_names(suffix))
    raise SpecError([Problem(name, 0, "", "no file and no shipped workload of this name", "", fix)])


def load_workload(path_or_name: str | Path, overrides: Iterable[str] = ()) -> Workload:
    """A workload YAML, a saved trace (*.trace.yaml), or the name of a shipped network ("resnet18").

    A saved trace is used while it fits its model file; else the model is captured anew, which imports
    torch, and the graph's notes say so.
    Behind '@' stands which of its weights are meant ("cnn_digits@aware"); else the first.
    overrides: 'key.path=value' assignments, applied over the file ('precision.weights=4 bit').
    Raises: SpecError with every problem of the file; WorkloadError if the model cannot be captured.
    """
    path_or_name, weights = split_weights(path_or_name)
    work = _load(path_or_name, overrides)
    return _with_weights(work, weights) if weights else work


def split_weights(path_or_name: str | Path) -> tuple[str | Path, str]:
    """'cnn_digits@aware' as ('cnn_digits', 'aware'); of a path without weights, or a file of this very name, itself."""
    name, at, weights = str(path_or_name).rpartition("@")
    if not at or not name or "/" in weights or Path(path_or_name).exists():
        return path_or_name, ""
    return name, weights


def _with_weights(work: Workload, weights: str) -> Workload:
    """The workload with these weights as its first. Raises: SpecError if it has none of the name."""
    if weights not in work.weights:
        known = [name for name in work.weights if name]
        fix = likely(weights, known) if known else "its file names no weights; leave '@' out"
        raise SpecError([Problem(f"{work.name}@{weights}", 0, "", f"no weights '{weights}'", "", fix)])
    others = {name: file for name, file in work.weights.items() if name != weights}
    name = f"{work.name}@{weights}"
    first = {weights: work.weights[weights]}
    return replace(work, name=name, graph=replace(work.graph, name=name), weights={**first, **others})


def _load(path_or_name: str | Path, overrides: Iterable[str]) -> Workload:
    path = Path(path_or_name)
    if path.suffix not in (".yaml", ".yml") and path.parent == Path("."):
        path = shipped_path(str(path_or_name))
    assignments = tuple(overrides)
    if path.name.endswith(TRACE_SUFFIX):
        if assignments:
            raise SpecError(
                [Problem(path.name, 0, "", "a saved trace; only a workload file has keys to set")]
            )
        return _from_trace_file(path)
    if path.name.endswith(GENERATE_SUFFIX):
        raise SpecError([Problem(path.name, 0, "", "two networks; load_generation reads it")])
    called = path.name if path != Path(path_or_name) else str(path_or_name)
    file = read_workload_file(path, called, assignments)
    graph, from_trace = _graph(file)
    return Workload(
        file.name, file.source, replace(graph, name=file.name), file.activation_bits, file.weight_bits,
        str(path), file.description, from_trace, file.router.router(graph.experts) if file.router else None,
        file.model, file.weights, file.data, file.layer_bits,
    )  # fmt: skip


def _from_trace_file(path: Path) -> Workload:
    if not path.is_file():
        raise SpecError([Problem(str(path), 0, "", "no such file")])
    graph = load_trace(path)
    return Workload(graph.name, graph.source, graph, None, None, str(path), "", True)


def _graph(file: WorkloadFile) -> tuple[OpGraph, bool]:
    """The saved trace where it is still right, else a fresh capture."""
    saved = load_trace(file.trace) if file.trace is not None and file.trace.is_file() else None
    if file.model is None:
        if saved is None:
            raise SpecError([Problem(str(file.path), 0, "trace", f"no file '{file.trace}'")])
        return saved, True
    if saved is not None and digest_of(saved.source) == file.model.digest():
        return saved, True
    graph = file.model.capture(file.name)
    if file.trace is None:
        return graph, False
    why = "is of another model, input or setting" if saved is not None else "does not exist"
    note = f"captured anew: the saved trace {file.trace.name} {why}"
    return replace(graph, notes=(*graph.notes, note)), False
