"""A plain tree read from YAML that remembers file and line of every node, and collects problems."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from xbarsim.errors import Problem, SpecError

Path_ = tuple[str | int, ...]
_MANY = 40


@dataclass(frozen=True)
class Mark:
    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Told(Exception):
    """A value cannot be used; its problem is already in the list."""


@dataclass
class Located:
    """A plain tree of mappings, lists and scalars, with the mark of each node by its path."""

    tree: Any
    marks: dict[Path_, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    sha256: str = ""
    sources: dict[str, str] = field(default_factory=dict)  # file -> the `source:` at its top
    _told: set[tuple[Any, ...]] = field(default_factory=set)

    def mark(self, path: Path_) -> Mark:
        """The mark of a path, or of its nearest ancestor that stands in a file."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, Mark("", 0))

    def problem(self, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        """Take note of a problem; one that an anchor repeats in several places is told once."""
        self.problem_at(self.mark(path), path, found, allowed, fix)

    def problem_at(self, mark: Mark, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        told = (mark, path[-1:] if mark.line else path, found, allowed, fix)
        if told not in self._told:
            self._told.add(told)
            self.problems.append(Problem(mark.file, mark.line, dotted(path), found, allowed, fix))

    def raise_problems(self) -> None:
        if self.problems:
            raise SpecError(self.problems)


def dotted(path: Path_) -> str:
    """A path as users write it: 'tile.array.rows', 'connect[0].link'; 'components' goes without saying."""
    text = ""
    for i, part in enumerate(path):
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "components" or i or len(path) == 1:
            text += f".{part}" if text else part
    return text


def likely(word: str, allowed: Iterable[str]) -> str:
    """'did you mean …?' for a misspelt word, or the list of what is allowed."""
    names = sorted(allowed)
    close = closest(word, names)
    if close:
        return f"did you mean '{close}'?"
    family = [name for name in names if name.startswith(f"{word}.")]
    listed = family or names
    more = f", … ({len(listed) - _MANY} more)" if len(listed) > _MANY else ""
    return f"allowed: {', '.join(listed[:_MANY])}{more}" if listed else ""


def closest(word: str, names: Iterable[str]) -> str | None:
    """The name that a misspelt word most likely stands for, in whatever case it was written."""
    by_lower = {name.lower(): name for name in names}
    word = word.lower()
    if word in by_lower:
        return by_lower[word]
    if sum(name.startswith(f"{word}.") for name in by_lower) > 1:
        return None
    close = difflib.get_close_matches(word[:80], by_lower, n=1, cutoff=0.6) if len(by_lower) < 5_000 else []
    return by_lower[close[0]] if close else None
