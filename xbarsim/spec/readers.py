"""Who reads a field, found in the code itself: so that `explain` can say whether a key does anything."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import xbarsim
from xbarsim.spec.component import Spec, models
from xbarsim.spec.header import Header

_HOME = Path(xbarsim.__file__).parent


@dataclass(frozen=True)
class _Read:
    """One attribute that a function reads: of `self`, or of something with a telling name."""

    attribute: str
    base: str
    owner: str  # class the function stands in, or ""
    function: str
    module: str

    def __str__(self) -> str:
        return (
            f"{self.module}.{self.owner}.{self.function}" if self.owner else f"{self.module}.{self.function}"
        )


def read_by(cls: type[Spec], attribute: str, holder: str = "") -> tuple[str, ...]:
    """Functions that read a field of `cls`: its own methods and those of its bases, then the rest of xbarsim.

    holder: the key under which a nested description stands ("weight" in 'array.weight.bits').
    Elsewhere a field counts as read if it is read of something that is called after what it is:
    `part.spec.rows`, `weight.bits`, `cell.endurance`, `getattr(spec, "cycle_ps")`.
    """
    names = {holder or "spec", getattr(cls, "role", ""), cls.__name__.lower()} - {""}
    found = [
        str(read)
        for base in cls.__mro__
        if base.__module__ != "pydantic.main"
        for read in _of_module(base.__module__)
        if read.attribute == attribute and read.base == "self" and read.owner == base.__name__
    ]
    for path in sorted(_HOME.rglob("*.py")):
        for read in _of_file(path):
            if read.attribute == attribute and read.base in names:
                found.append(str(read))
    if cls is Header:
        families = {
            model.name.partition(".")[0] for model in models().values() if attribute in model.parameters
        }
        found += [f"pricing models {family}.*" for family in sorted(families)]
    return tuple(dict.fromkeys(found))


def _of_module(name: str) -> tuple[_Read, ...]:
    file = getattr(sys.modules.get(name), "__file__", None)
    return _of_file(Path(file)) if file else ()


@cache
def _of_file(path: Path) -> tuple[_Read, ...]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    module = (
        path.relative_to(_HOME).with_suffix("").as_posix().replace("/", ".")
        if path.is_relative_to(_HOME)
        else path.stem
    )
    return tuple(_reads(tree, "", "", module))


def _reads(node: ast.AST, owner: str, function: str, module: str) -> Iterator[_Read]:
    called = node.func if isinstance(node, ast.Call) else None
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _reads(child, child.name, "", module)
            continue
        if isinstance(child, ast.FunctionDef):
            yield from _reads(child, owner, function or child.name, module)
            continue
        found = _attribute(child) if function and child is not called else None
        if found is not None:
            yield _Read(*found, owner, function, module)
        yield from _reads(child, owner, function, module)


def _attribute(node: ast.AST) -> tuple[str, str] | None:
    """Attribute and base of `base.attribute` or `getattr(base, "attribute")`, when it is read."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        return node.attr, _last_name(node.value)
    if isinstance(node, ast.Call) and _last_name(node.func) == "getattr" and len(node.args) > 1:
        name = node.args[1]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return name.value, _last_name(node.args[0])
    return None


def _last_name(node: ast.expr) -> str:
    """'spec' of `part.spec`, 'self' of `self`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
