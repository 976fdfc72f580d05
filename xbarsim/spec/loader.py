"""YAML files to plain trees that remember file and line of every node.

Understands anchors, merge keys (`<<`), `include:` in any mapping (the file's own keys win over what
it includes), and overrides from the command line (`--set tile.adc.bits=6`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from xbarsim.errors import Problem, SpecError
from xbarsim.spec.located import Located as Located
from xbarsim.spec.located import Mark as Mark
from xbarsim.spec.located import Path_ as Path_
from xbarsim.spec.located import dotted as dotted
from xbarsim.spec.located import likely as likely
from xbarsim.spec.place import Missing, find, parts_of, put
from xbarsim.spec.reader import Reader

SET = "--set"
LEFT_OUT = (
    "mapping",
    "data",
)  # mappings at the top that a file may leave out; what they hold can be set all the same


def load_located(path: Path, name: str | None = None) -> Located:
    """Read a YAML file with all it includes.

    Raises: SpecError if a file is missing, is not YAML, or does not hold a mapping.
    """
    located = Located(None)
    reader = Reader(located)
    node = reader.file(path, name or path.name)
    located.tree = reader.flatten(node, node.mark)
    located.sha256 = reader.digest.hexdigest()
    if not isinstance(located.tree, dict):
        located.problem((), "not a mapping", "a file of 'key: value' lines")
        reader.incomplete = True
    if reader.incomplete:
        located.raise_problems()
    return located


def located_by_name(
    path_or_name: str | Path, known: Mapping[str, Path], what: str, overrides: Iterable[str] = ()
) -> Located:
    """A file by its path, or one of those `known` by its name, with 'key=value' assignments over it.

    what: such files are called so in messages. Raises: SpecError if there is none, or it cannot be read.
    """
    path = Path(path_or_name)
    if path.suffix not in (".yaml", ".yml"):
        if path.name not in known:
            found = f"no file and no shipped {what} of this name"
            raise SpecError([Problem(str(path_or_name), 0, "", found, "", likely(path.name, known))])
        path = known[path.name]
    located = load_located(path, path.name)
    for assignment in overrides:
        override(located, assignment)
    return located


def override(located: Located, assignment: str) -> None:
    """Apply one `key.path=value` to the tree; problems are collected like those of a file."""
    key, equals, text = assignment.partition("=")
    key = key.strip()
    if not equals or not key:
        _tell(located, assignment, "no key" if equals else "no '='", f"write it like '{SET} core.adc.bits=6'")
        return
    value = _value(located, key, text)
    if value is None:
        return
    parts, tree = parts_of(key), value.tree
    top, below = parts[:1], parts[1:]
    if len(below) == 1 and top[0] in LEFT_OUT and top[0] not in located.tree:
        parts, tree = top, {below[0]: tree}
    try:
        holder, at = find(located.tree, parts)
    except Missing as reason:
        _tell(located, key, reason.found, reason.fix)
        return
    put(located, holder, at, tree, lambda path: Mark(SET, 0))
    located.problems.extend(value.problems)


def _value(located: Located, key: str, text: str) -> Located | None:
    """The text after '=' read as YAML; None if it is none."""
    value = Located(None)
    reader = Reader(value)
    if not text.strip():
        _tell(located, key, "nothing after '='", f"write it like '{SET} {key}=6'")
        return None
    try:
        node = reader.text(text, Path(SET), SET)
        value.tree = reader.flatten(node, node.mark)
    except SpecError as error:
        _tell(located, key, error.problems[0].found, error.problems[0].fix)
        return None
    if value.problems:
        _tell(located, key, value.problems[0].found, value.problems[0].fix)
        return None
    return value


def _tell(located: Located, key: str, found: str, fix: str) -> None:
    located.problems.append(Problem(SET, 0, key, found, "", fix))


def told_by(error: SpecError, option: str) -> SpecError:
    """The same, of settings that were given by another option than --set."""
    return SpecError([replace(one, file=option) if one.file == SET else one for one in error.problems])
