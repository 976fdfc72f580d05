"""Reading a workload YAML: what to run, with which inputs and precision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xbarsim.errors import shown
from xbarsim.spec.loader import Located, likely, load_located, override
from xbarsim.spec.located import Path_
from xbarsim.units import DATA, UnitError, parse
from xbarsim.workload.model_file import ModelFile
from xbarsim.workload.read_experts import Mixture, read_experts
from xbarsim.workload.read_inputs import InputReader
from xbarsim.workload.read_weights import WeightsReader
from xbarsim.workload.routing import Recorded, Seeded

KEYS = (
    "name",
    "source",
    "description",
    "model",
    "arguments",
    "input",
    "state",
    "dimensions",
    "experts",
    "trace",
    "precision",
    "fold_batch_norm",
    "weights",
    "data",
)
PRECISION = ("activations", "weights", "layers")
LAYER_PRECISION = ("activations", "weights")


@dataclass(frozen=True)
class LayerBits:
    """Precision of the layers whose name fits a pattern (* for any part of it); None where nothing is asked.

    weights: bits that each weight is stored with. activations: bits of the inputs, as array or elements take them.
    """

    pattern: str
    activations: int | None = None
    weights: int | None = None


@dataclass(frozen=True)
class WorkloadFile:
    """The checked content of a workload YAML."""

    path: Path
    name: str
    source: str
    description: str
    model: ModelFile | None
    trace: Path | None
    activation_bits: int | None
    weight_bits: int | None
    router: Seeded | Recorded | None = None
    weights: Mapping[str, Path] = field(default_factory=dict)
    data: str = ""
    layer_bits: tuple[LayerBits, ...] = ()


def read_workload_file(path: Path, name: str, overrides: Iterable[str] = ()) -> WorkloadFile:
    """Read and check; name: how the user called the file; overrides: 'key.path=value' assignments.

    Raises: SpecError with all problems.
    """
    located = load_located(path, name)
    for assignment in overrides:
        _make_room(located.tree, assignment.partition("=")[0].strip())
        override(located, assignment)
    checked = _Reader(located, path)
    result = checked.read()
    located.raise_problems()
    return result


def _make_room(tree: dict[str, Any], key: str) -> None:
    """What the file says nothing of yet: precision, and that of a layer."""
    parts = key.split(".")
    if parts[0] != "precision":
        return
    for part in parts[:-1]:
        tree = tree.setdefault(part, {})
        if not isinstance(tree, dict):
            return  # told by the reader


class _Reader:
    """Takes the keys of one file apart; what is wrong goes to `located.problems`."""

    def __init__(self, located: Located, path: Path):
        self.located, self.path, self.tree = located, path, located.tree
        self.experts = Mixture()

    def read(self) -> WorkloadFile:
        self._known((), self.tree, KEYS)
        if "model" not in self.tree and "trace" not in self.tree:
            self._tell(
                (), "neither 'model' nor 'trace'", "", "give 'model: file.py:callable' or 'trace: file'"
            )
        if "name" not in self.tree:
            self._tell(("name",), "missing", "a text")
        trace = self._text("trace")
        bits = self._precision()
        self.experts = read_experts(self.located, self.path.parent)
        model, trained = self._model(), WeightsReader(self.located, self.path.parent)
        return WorkloadFile(
            self.path,
            self._text("name"),
            self._text("source"),
            self._text("description"),
            model,
            self.path.parent / trace if trace else None,
            bits.get("activations"),
            bits.get("weights"),
            self.experts.router,
            trained.weights(),
            trained.data(model),
            self._layer_bits(),
        )

    def _tell(self, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        self.located.problem(path, found, allowed, fix)

    def _known(self, path: Path_, mapping: dict[str, Any], keys: tuple[str, ...]) -> None:
        for key in mapping:
            if key not in keys:
                self._tell((*path, key), "unknown key", "", likely(str(key), keys))

    def _typed(self, key: str, kind: type, words: str, default: Any) -> Any:
        value = self.tree.get(key, default)
        if isinstance(value, kind):
            return value
        self._tell((key,), shown(value), words)
        return default

    def _text(self, key: str) -> str:
        return str(self._typed(key, str, "a text", ""))

    def _model(self) -> ModelFile | None:
        if "model" not in self.tree:
            return None
        text = self._text("model")
        file, colon, name = text.rpartition(":")
        if not (file and colon and name.isidentifier()):
            self._tell(
                ("model",), f"'{text}'", "a file and a callable in it", "write it like 'model.py:build'"
            )
            return None
        path = self.path.parent / file
        if not path.is_file():
            self._tell(("model",), f"no file '{file}' beside this one")
        fold = bool(self._typed("fold_batch_norm", bool, "true or false", True))
        arguments = self._typed("arguments", dict, "a mapping of the callable's arguments", {})
        given = InputReader(self.located).read()
        experts = self.experts.experts
        return ModelFile(path, name, given.inputs, arguments, fold, given.states, given.dimensions, experts)

    def _precision(self) -> dict[str, int | None]:
        given = self._typed("precision", dict, "a mapping with 'activations', 'weights' and 'layers'", {})
        self._known(("precision",), given, PRECISION)
        return {key: self._bits(("precision", key), given[key]) for key in LAYER_PRECISION if key in given}

    def _layer_bits(self) -> tuple[LayerBits, ...]:
        given = self.tree.get("precision")
        layers = given.get("layers", {}) if isinstance(given, dict) else {}
        allowed = "a mapping of layers to 'activations' and 'weights'"
        if not isinstance(layers, dict):
            self._tell(
                ("precision", "layers"), shown(layers), allowed, "write it like {conv1: {weights: 8 bit}}"
            )
            return ()
        return tuple(self._bits_of(str(name), bits) for name, bits in layers.items())

    def _bits_of(self, name: str, given: Any) -> LayerBits:
        at = ("precision", "layers", name)
        if not isinstance(given, dict) or not given:
            self._tell(at, shown(given), "", "write it like {weights: 8 bit, activations: 8 bit}")
            return LayerBits(name)
        self._known(at, given, LAYER_PRECISION)
        bits = {key: self._bits((*at, key), given[key]) for key in LAYER_PRECISION if key in given}
        return LayerBits(name, bits.get("activations"), bits.get("weights"))

    def _bits(self, path: Path_, value: Any) -> int | None:
        try:
            found = parse(str(value), DATA)
        except UnitError as error:
            self._tell(path, error.found, "", "write it like '8 bit'")
            return None
        if not 1 <= found <= 64:
            self._tell(path, f"'{value}'", "from 1 bit to 64 bit")
        return int(found)
