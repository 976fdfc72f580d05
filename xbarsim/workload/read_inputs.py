"""Reading what a workload YAML says of a model's arguments: `input`, `state`, `dimensions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.errors import shown
from xbarsim.spec.loader import Located, likely
from xbarsim.spec.located import Path_
from xbarsim.workload.shapes import TYPES, Dimension, Input, parse_parts
from xbarsim.workload.state import State

INPUT = ("shape", "type", "high")
STATE = ("shape", "type", "append")
DIMENSION = ("default", "most")


@dataclass(frozen=True)
class Arguments:
    """All arguments of forward (state among them), the states, the lengths that shapes name."""

    inputs: tuple[Input, ...]
    states: tuple[State, ...]
    dimensions: tuple[Dimension, ...]


class InputReader:
    """Takes the three keys apart; what is wrong goes to `located.problems`."""

    def __init__(self, located: Located):
        self.located, self.tree = located, located.tree
        self.dimensions: dict[str, Dimension] = {}
        self.used: dict[str, None] = {}

    def read(self) -> Arguments:
        self.dimensions = self._dimensions()
        inputs = self._inputs()
        read, states = self._states({one.name for one in inputs})
        self._check_dimensions(read)
        return Arguments((*inputs, *read), states, tuple(self.dimensions.values()))

    def _tell(self, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        self.located.problem(path, found, allowed, fix)

    def _known(self, path: Path_, mapping: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in mapping:
            if key not in keys:
                self._tell((*path, key), "unknown key", "", likely(str(key), keys))

    # --- input ---------------------------------------------------------------------------------

    def _inputs(self) -> tuple[Input, ...]:
        given = self.tree.get("input")
        if given is None:
            self._tell(
                ("input",), "missing", "the shape of the input, batch 1", "write it like '1x3x224x224'"
            )
            return ()
        if isinstance(given, list):
            found = [self._input(("input", i), "", one, INPUT) for i, one in enumerate(given)]
        elif isinstance(given, dict):
            found = [self._input(("input", name), str(name), one, INPUT) for name, one in given.items()]
        else:
            found = [self._input(("input",), "", given, INPUT)]
        return tuple(one for one in found if one is not None)

    def _input(self, path: Path_, name: str, value: Any, keys: tuple[str, ...]) -> Input | None:
        entry = value if isinstance(value, dict) else {"shape": value}
        self._known(path, entry, keys)
        kind = entry.get("type", "float32")
        if kind not in TYPES:
            self._tell((*path, "type"), shown(kind), "", likely(str(kind), TYPES))
        high = entry.get("high")
        if high is not None and not _whole(high):
            self._tell((*path, "high"), shown(high), "a whole number from 1: the number of different tokens")
        parts = self._parts(path, entry.get("shape", ""))
        if parts is None or kind not in TYPES:
            return None
        lengths = tuple(one if isinstance(one, str) else "" for one in parts)
        shape = tuple(self._size(path, one) for one in parts)
        return Input(shape, name, kind, high, lengths if any(lengths) else ())

    def _parts(self, path: Path_, text: Any) -> tuple[int | str, ...] | None:
        try:
            return parse_parts(text)
        except ValueError as error:
            self._tell(path, str(error))
            return None

    def _size(self, path: Path_, part: int | str) -> int:
        if isinstance(part, int):
            return part
        self.used[part] = None
        if part in self.dimensions:
            return self.dimensions[part].default
        if not isinstance(self.tree.get("dimensions"), dict) or part not in self.tree["dimensions"]:
            fix = (
                likely(part, self.dimensions)
                or f"give 'dimensions: {{{part}: {{default: 128, most: 1024}}}}'"
            )
            self._tell(path, f"no dimension '{part}'", "", fix)
        return 1

    # --- state ---------------------------------------------------------------------------------

    def _states(self, taken: set[str]) -> tuple[tuple[Input, ...], tuple[State, ...]]:
        """The arguments that are state, and all states."""
        given = self.tree.get("state", {})
        if isinstance(given, list) and all(isinstance(one, str) for one in given):
            given = {name: {} for name in given}
        if not isinstance(given, dict):
            allowed = "names of outputs that are kept, or a mapping of names to shapes"
            self._tell(("state",), shown(given), allowed, "write it like 'keys: 12x1x12x{context}x64'")
            return (), ()
        inputs, states = [], []
        for name, value in given.items():
            path = ("state", name)
            if name in taken:
                self._tell(path, "an input of this name", "", "leave it out of 'input': state lies in memory")
            argument = self._argument(path, str(name), value)
            inputs += [argument] if argument else []
            states.append(State(str(name), self._append(path, value), _growing(argument)))
        return tuple(inputs), tuple(states)

    def _argument(self, path: Path_, name: str, value: Any) -> Input | None:
        """The argument that a state is read from, None where it is only added to."""
        if isinstance(value, dict) and "shape" not in value:
            self._known(path, value, STATE)
            return None
        return self._input(path, name, value, STATE)

    def _append(self, path: Path_, value: Any) -> str:
        append = value.get("append", "") if isinstance(value, dict) else ""
        if isinstance(append, str) or (isinstance(append, int) and not isinstance(append, bool)):
            return str(append)
        allowed = "the key of an output in what forward returns, or its place from 0"
        self._tell((*path, "append"), shown(append), allowed)
        return ""

    # --- dimensions ----------------------------------------------------------------------------

    def _dimensions(self) -> dict[str, Dimension]:
        given = self.tree.get("dimensions", {})
        if not isinstance(given, dict):
            self._tell(("dimensions",), shown(given), "a mapping", "write it like 'context: {default: 128}'")
            return {}
        found = ((str(name), self._dimension(("dimensions", name), value)) for name, value in given.items())
        return {name: one for name, one in found if one is not None}

    def _dimension(self, path: Path_, value: Any) -> Dimension | None:
        entry = value if isinstance(value, dict) else {"default": value}
        self._known(path, entry, DIMENSION)
        default, most = entry.get("default"), entry.get("most")
        for key, one in (("default", default), ("most", most)):
            if not _whole(one) and not (key == "most" and one is None):
                at = (*path, key) if isinstance(value, dict) else path
                self._tell(at, "missing" if one is None else shown(one), "a whole number from 1")
                return None
        if most is not None and most < default:
            self._tell((*path, "most"), f"{most} is less than the default, {default}")
        return Dimension(str(path[-1]), default, most)

    def _check_dimensions(self, kept: tuple[Input, ...]) -> None:
        """Every dimension is used, one at most grows, and it is one dimension of a shape."""
        for name in self.dimensions:
            if name not in self.used:
                self._tell(("dimensions", name), "no shape names it", "", f"write '{{{name}}}' in a shape")
        growing = list(dict.fromkeys(name for one in kept for name in one.lengths if name))
        if len(growing) > 1:
            self._tell(("state",), f"grows by {' and '.join(growing)}", "one named dimension")
        for one in kept:
            if sum(map(bool, one.lengths)) > 1 and len(growing) == 1:
                self._tell(("state", one.name), f"'{growing[0]}' more than once", "one named dimension")


def _growing(argument: Input | None) -> int | None:
    """The dimension of a state's argument that has a name."""
    lengths = argument.lengths if argument else ()
    return next((place for place, name in enumerate(lengths) if name), None)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
