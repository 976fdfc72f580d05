"""Key paths into a tree ('core.adc.bits', 'connect[0].link.width'): find the place, put a value there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from xbarsim.errors import shown
from xbarsim.spec.located import Located, Mark, Path_, dotted, likely

_PIECE = re.compile(r"([^.\[\]]+)|\[(\d{1,9})\]")


class Missing(Exception):
    """A path that leads nowhere: what was found, what to do."""

    def __init__(self, found: str, fix: str = ""):
        self.found, self.fix = found, fix
        super().__init__(found)


def parts_of(key: str) -> Path_:
    """'connect[0].link.width' -> ('connect', 0, 'link', 'width')."""
    return tuple(m[1] if m[1] is not None else int(m[2]) for m in _PIECE.finditer(key))


def find(tree: dict[str, Any], parts: Path_) -> tuple[Any, Path_]:
    """The mapping or list that holds (or may hold) the last part, and the full path.

    A part of the chip may be named without the leading 'components'. Raises: Missing.
    """
    if not parts:
        raise Missing("no key", "write it like 'core.adc.bits'")
    inside = tree.get("components")
    if parts[0] not in tree and isinstance(inside, dict) and parts[0] in inside:
        parts = ("components", *parts)
    holder: Any = tree
    for i, part in enumerate(parts[:-1]):
        holder = _step(holder, part, parts[:i])
    _step(holder, parts[-1], parts[:-1], may_be_new=True)
    return holder, parts


def _step(holder: Any, part: str | int, at: Path_, may_be_new: bool = False) -> Any:
    here = f"'{dotted(at)}'" if at else "the file"
    if isinstance(holder, dict):
        if part not in holder and not (may_be_new and isinstance(part, str)):
            inside = holder.get("components") if not at else None
            names = [*holder, *inside] if isinstance(inside, dict) else holder
            raise Missing(f"{shown(str(part))} is not in {here}", likely(str(part), names))
        return holder.get(part)
    if isinstance(holder, list):
        if not isinstance(part, int) or part >= len(holder):
            raise Missing(f"{here} is a list of {len(holder)}", f"name an item like '{dotted(at)}[0]'")
        return holder[part]
    raise Missing(f"{here} is {shown(holder)}, not a mapping", "leave off what follows it")


def put(located: Located, holder: Any, at: Path_, value: Any, mark: Callable[[Path_], Mark]) -> None:
    """Put a plain value at a path, and its marks in place of those that were below it."""
    before = holder.get(at[-1]) if isinstance(holder, dict) else holder[at[-1]]
    for path in _paths(before):
        located.marks.pop((*at, *path), None)
    holder[at[-1]] = value
    for path in _paths(value):
        located.marks[(*at, *path)] = mark(path)


def _paths(value: Any) -> list[Path_]:
    """The paths of a plain tree, its root included."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *path) for key, item in items for path in _paths(item))]
