"""Files to one node: duplicates told, merge keys and includes resolved, unfolding of aliases bounded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from xbarsim.errors import Problem, SpecError, shown
from xbarsim.spec.located import Located, Mark, Path_
from xbarsim.spec.nodes import Composer, Entry, Node, NotYaml, Pairs

MOST_NODES = 300_000
LARGEST_FILE = 20_000_000


class _Refused(Exception):
    """A file that cannot be included: what was found, what to do."""

    def __init__(self, found: str, fix: str):
        self.found, self.fix = found, fix
        super().__init__(found)


class Reader:
    """Reads one file and its includes; problems and marks go to `located`."""

    def __init__(self, located: Located):
        self.located = located
        self.digest = hashlib.sha256()
        self.incomplete = False  # something is missing, so that what follows cannot be judged
        self._open: list[tuple[Path, str]] = []
        self._done: dict[Path, Node] = {}
        self._left = MOST_NODES

    # --- files ---------------------------------------------------------------------------------

    def file(self, path: Path, name: str) -> Node:
        """Raises: SpecError if the file cannot be read or is not YAML."""
        reason = unreadable(path)
        if reason:
            raise SpecError([Problem(name, 0, "", reason, "", "check the path")])
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            why = "is no text file (UTF-8)" if isinstance(error, ValueError) else "cannot be read"
            raise SpecError([Problem(name, 0, "", why, "", "check the path")]) from None
        self.digest.update(text.encode())
        return self.text(text, path, name)

    def text(self, text: str, path: Path, name: str) -> Node:
        """Raises: SpecError if the text is not YAML, or empty."""
        self._open.append((path, name))
        try:
            node = Composer(name, self._tell, self._settle).compose(text)
        except NotYaml as error:
            raise SpecError([Problem(name, error.line, "", error.found, "", error.fix)]) from None
        finally:
            self._open.pop()
        if node is None or node.value is None:
            raise SpecError([Problem(name, 1, "", "the file is empty", "a file of 'key: value' lines")])
        if isinstance(node.value, dict) and "source" in node.value:
            mark, source = node.value["source"]
            if mark.file == name:  # its own, not that of a file it includes
                self.located.sources[name] = str(source.value)
        return node

    def _tell(self, mark: Mark, found: str, allowed: str, fix: str) -> None:
        self.located.problem_at(mark, (), found, allowed, fix)

    # --- mappings ------------------------------------------------------------------------------

    def _settle(self, pairs: Pairs) -> Node:
        """A mapping's own keys over what it includes, over what it merges."""
        own: dict[str, Entry] = {}
        under = Node({}, pairs.mark)
        bases: list[Node] = []
        for key, mark, value in pairs.items:
            if key == "<<":
                bases.extend(self._bases(mark, value))
            elif key in own:
                self.located.problem_at(
                    mark, (key,), f"given twice (first on line {own[key][0].line})", "", "delete one of them"
                )
            else:
                own[key] = (mark, value)
        included = self._included(*own.pop("include")) if "include" in own else []
        for node in [*reversed(bases), *included]:
            under = self._merged(under, node)
        return self._merged(under, Node(own, pairs.mark), pairs.mark)

    def _bases(self, mark: Mark, value: Node) -> list[Node]:
        nodes = [item for _, item in value.value] if isinstance(value.value, list) else [value]
        if all(isinstance(node.value, dict) for node in nodes):
            return nodes
        self.incomplete = True
        self.located.problem_at(
            mark, ("<<",), "merges what is no mapping", "", "write '<<: *name' of an anchored mapping"
        )
        return []

    def _merged(self, under: Node, over: Node, mark: Mark | None = None) -> Node:
        """Deep merge of two mappings into a new one; anything else in `over` replaces what was there."""
        value: dict[str, Entry] = dict(under.value)
        for key, (at, node) in over.value.items():
            before = value[key][1] if key in value else None
            if before is not None and isinstance(before.value, dict) and isinstance(node.value, dict):
                self._count(node.mark)
                node = self._merged(before, node)
            value[key] = (at, node)
        return Node(value, mark or over.mark)

    def _count(self, mark: Mark) -> None:
        self._left -= 1
        if self._left < 0:
            found = f"aliases unfold to more than {MOST_NODES} values"
            raise SpecError([Problem(mark.file, mark.line, "", found, "", "use 'count' for equal parts")])

    # --- include -------------------------------------------------------------------------------

    def _included(self, mark: Mark, given: Node) -> list[Node]:
        entries: list[Entry] = given.value if isinstance(given.value, list) else [(mark, given)]
        found = []
        for at, item in entries:
            try:
                found.append(self._include(item.value))
            except _Refused as reason:
                self.incomplete = True
                self.located.problem_at(at, ("include",), reason.found, "", reason.fix)
            except SpecError as error:
                self.incomplete = True
                self.located.problems.extend(error.problems)
        return found

    def _include(self, file: Any) -> Node:
        """The node of an included file, read once. Raises: _Refused, SpecError."""
        if not isinstance(file, str) or not file:
            raise _Refused(f"{shown(file)} is no file name", "name a file or a list of files")
        path, name = self._open[-1]
        target = path.parent / file
        reason = unreadable(target)
        if reason:
            raise _Refused(f"{shown(file)} {reason}", "the path is relative to the file that includes")
        resolved = target.resolve()
        if any(resolved == open_path.resolve() for open_path, _ in self._open):
            raise _Refused(f"{shown(file)} includes itself in the end", "take one of the includes away")
        if resolved not in self._done:
            self._done[resolved] = self.file(target, _beside(name, file))
        node = self._done[resolved]
        if not isinstance(node.value, dict):
            raise _Refused(f"{shown(file)} holds no mapping", "include a file of 'key: value' lines")
        return node

    # --- to a plain tree -----------------------------------------------------------------------

    def flatten(self, node: Node, mark: Mark, at: Path_ = ()) -> Any:
        """The plain tree of a node; every path's mark is noted. Raises: SpecError if it is far too large."""
        self._count(mark)
        self.located.marks[at] = mark
        if isinstance(node.value, dict):
            return {key: self.flatten(item, m, (*at, key)) for key, (m, item) in node.value.items()}
        if isinstance(node.value, list):
            return [self.flatten(item, m, (*at, i)) for i, (m, item) in enumerate(node.value)]
        return node.value


def unreadable(path: Path) -> str:
    """Why a path cannot be read as a file, or ''."""
    try:
        if path.is_dir():
            return "is a folder, not a file"
        if not path.exists():
            return "does not exist"
        if not path.is_file():
            return "is no ordinary file"
        with path.open("rb"):
            return "is too large for a description" if path.stat().st_size > LARGEST_FILE else ""
    except PermissionError:
        return "may not be read by you"
    except (OSError, ValueError, RuntimeError):
        return "is no path of a file"


def _beside(name: str, relative: str) -> str:
    return str(Path(name).parent / relative) if "/" in name else relative
