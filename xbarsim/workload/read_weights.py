"""Reading what a workload YAML says of trained weights and of data: `weights`, `data`."""

from __future__ import annotations

from math import prod
from pathlib import Path

from xbarsim.data.sets import SETS
from xbarsim.errors import shown
from xbarsim.spec.loader import Located, likely
from xbarsim.spec.located import Path_
from xbarsim.workload.model_file import ModelFile

SUFFIXES = (".safetensors", ".pt", ".pth")


class WeightsReader:
    """Takes the two keys apart; what is wrong goes to `located.problems`.

    folder: of the workload file, from which the files of weights are named.
    """

    def __init__(self, located: Located, folder: Path):
        self.located, self.tree, self.folder = located, located.tree, folder

    def weights(self) -> dict[str, Path]:
        """Files by the names that they are given, "" for the one of a text; the first is the default."""
        given = self.tree.get("weights")
        if given is None:
            return {}
        if "model" not in self.tree:
            self._tell(("weights",), "no 'model' that they are of", "", "give 'model: file.py:callable'")
        if isinstance(given, str):
            return {"": self._file(("weights",), given)}
        if isinstance(given, dict) and given:
            return {str(name): self._file(("weights", name), file) for name, file in given.items()}
        allowed = "a file beside this one, or a mapping of names to files"
        self._tell(("weights",), "an empty mapping" if given == {} else shown(given), allowed)
        return {}

    def _file(self, path: Path_, file: object) -> Path:
        kinds = f"a file of weights: {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        found = self.folder / str(file)
        if not isinstance(file, str) or found.suffix not in SUFFIXES:
            self._tell(path, shown(file), kinds)
        elif not found.is_file():
            self._tell(path, f"no file '{file}' beside this one")
        return found

    def data(self, model: ModelFile | None) -> str:
        """The name of a data set whose images fit the model's input, "" if none is given."""
        name = self.tree.get("data")
        if name is None:
            return ""
        if not isinstance(name, str) or name not in SETS:
            fix = likely(name, SETS) if isinstance(name, str) else f"allowed: {', '.join(SETS)}"
            self._tell(("data",), shown(name), "", fix)
            return ""
        if model is not None and model.inputs:
            self._check_fit(name, model)
        return name

    def _check_fit(self, name: str, model: ModelFile) -> None:
        image = SETS[name].shape
        if len(model.inputs) > 1:
            self._tell(("data",), f"images of '{name}' are one input; the model has {len(model.inputs)}")
            return
        shape = model.inputs[0].shape
        if prod(shape[1:]) != prod(image):
            fits = f"{_size((1, *image))} or {_size((1, prod(image)))}"
            found = f"images of '{name}' do not fit the input, {_size(shape)}"
            self._tell(("data",), found, "", f"input may be {fits}")

    def _tell(self, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        self.located.problem(path, found, allowed, fix)


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
