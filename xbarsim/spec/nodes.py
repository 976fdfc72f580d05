"""YAML text to nodes with marks: safe types only, bounded depth, words of our own for what is no YAML."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from xbarsim.spec.located import Mark

DEEPEST = 60
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Tell = Callable[[Mark, str, str, str], None]  # mark, found, allowed, fix

_TAG = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_DECIMAL = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?")
_SPECIAL = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}


class Node:
    """A scalar, a list or a mapping; children with the mark of where they are named."""

    __slots__ = ("mark", "value")

    def __init__(self, value: Any, mark: Mark):
        self.value = value  # scalar | list[Entry] | dict[str, Entry]
        self.mark = mark


Entry = tuple[Mark, Node]


class NotYaml(Exception):
    """The text cannot be read; carries mark, found and fix."""

    def __init__(self, line: int, found: str, fix: str):
        self.line, self.found, self.fix = line, found, fix
        super().__init__(found)


@dataclass
class Pairs:
    """A mapping before duplicates, merges and includes are dealt with."""

    mark: Mark
    items: list[tuple[str, Mark, Node]] = field(default_factory=list)


class Composer:
    """Builds nodes from the parser's events, so that depth and self-reference are checked on the way."""

    def __init__(self, file: str, tell: Tell, settle: Callable[[Pairs], Node]):
        self.file = file
        self.tell = tell
        self.settle = settle
        self.anchors: dict[str, Node | None] = {}

    def compose(self, text: str) -> Node | None:
        """The one document of a text; None if it is empty. Raises: NotYaml."""
        self.loader = Loader(text)
        try:
            return self._document()
        except yaml.YAMLError as error:
            raise _not_yaml(error, text) from None
        except RecursionError:
            raise NotYaml(0, "nested too deep", "") from None
        finally:
            self.loader.dispose()

    def _document(self) -> Node | None:
        self.loader.get_event()  # start of stream
        if self.loader.check_event(yaml.StreamEndEvent):
            return None
        self.loader.get_event()  # start of document
        node = self._node(self.loader.get_event(), 0)
        self.loader.get_event()  # end of document
        if not self.loader.check_event(yaml.StreamEndEvent):
            line = self.loader.get_event().start_mark.line + 1
            raise NotYaml(line, "a second document begins", "one file holds one description; take away '---'")
        return node

    def _node(self, event: Any, depth: int) -> Node:
        mark = self._mark(event)
        if depth > DEEPEST:
            raise NotYaml(mark.line, f"nested more than {DEEPEST} deep", "is a bracket not closed?")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, mark)
        if event.anchor:
            self.anchors[event.anchor] = None
        node = self._content(event, mark, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _content(self, event: Any, mark: Mark, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._scalar(event, mark), mark)
        self._refuse_tag(event.tag, mark)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(mark, depth)
        return self._mapping(mark, depth)

    def _alias(self, event: Any, mark: Mark) -> Node:
        if event.anchor not in self.anchors:
            raise NotYaml(
                mark.line,
                f"'*{event.anchor}' has no anchor '&{event.anchor}' above it",
                "write the anchor first, or the value in quotes",
            )
        node = self.anchors[event.anchor]
        if node is None:
            raise NotYaml(mark.line, f"'*{event.anchor}' stands inside its own anchor", "take it away")
        return node

    def _list(self, mark: Mark, depth: int) -> Node:
        items: list[Entry] = []
        while not isinstance(event := self.loader.get_event(), yaml.SequenceEndEvent):
            items.append((self._mark(event), self._node(event, depth + 1)))
        return Node(items, mark)

    def _mapping(self, mark: Mark, depth: int) -> Node:
        pairs = Pairs(mark)
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            key_mark = self._mark(event)
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if key is None:
                self._node(event, depth + 1)
                self.tell(key_mark, "a key that is no plain word", "", "write 'key: value'")
            value = self._node(self.loader.get_event(), depth + 1)
            if key is not None:
                pairs.items.append((key, key_mark, value))
        return self.settle(pairs)

    def _scalar(self, event: Any, mark: Mark) -> Any:
        if event.style not in (None, ""):  # quoted or block text
            return event.value
        tag = event.tag or self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        self._refuse_tag(event.tag, mark)
        return _typed(event.value, tag.removeprefix(_TAG))

    def _refuse_tag(self, tag: str | None, mark: Mark) -> None:
        if tag is not None and not tag.startswith(_TAG) and tag != "!":
            fix = "write 'include: file.yaml'" if "include" in tag else "take it away"
            self.tell(mark, f"the tag '{tag}' has no meaning here", "", fix)

    def _mark(self, event: Any) -> Mark:
        return Mark(self.file, event.start_mark.line + 1, event.start_mark.column)


def _typed(text: str, kind: str) -> Any:
    """Numbers as people read them (no octal, no 1:30 for 90), booleans, nothing; all else stays text."""
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("yes", "true", "on")
    if kind == "int" and _WHOLE.fullmatch(text) and len(text) < 100:
        return int(text.replace("_", ""))
    if kind == "float":
        if _DECIMAL.fullmatch(text):
            return float(text.replace("_", ""))
        return _SPECIAL.get(text.lower(), text)
    return text


# What the parser says -> what we say, and what to do.
_WORDS = (
    (
        "mapping values are not allowed",
        "a ':' where none can stand",
        "check the indentation of this line and the one above, or put the text in quotes",
    ),
    ("could not find expected ':'", "the line above has no ': ' (colon and space)", "write 'key: value'"),
    (
        "expected key",
        "the indentation fits no line above, or a bracket or quote is left over",
        "line it up with the other keys",
    ),
    (
        "expected '-' indicator",
        "a key among the items of a list",
        "begin each item with '- ', or indent the list",
    ),
    ("expected ',' or ']'", "a list in [ ] is not closed, or a comma is missing", "close it with ']'"),
    ("expected ',' or '}'", "a mapping in { } is not closed, or a comma is missing", "close it with '}'"),
    ("unexpected end of stream", "a quote is opened but never closed", "close it"),
    ("control characters", "a character that no text file should hold", "save the file as UTF-8 text"),
    ("unknown escape", "an unknown escape in double quotes", "use single quotes"),
    (
        "expected node content",
        "a bracket, comma or second document where a value should stand",
        "check the line, or put the text in quotes",
    ),
    ("block sequence entries", "a '-' where no list item can stand", "put the list on lines of its own"),
    (
        "<document start>",
        "text where only 'key: value' lines can stand",
        "check the indentation of this line",
    ),
    ("alphabetic or numeric", "a '&' or '*' without a name", "put texts with such characters in quotes"),
    ("comment or line break", "text after the end of a value", "put the whole value in quotes"),
    ("unexpected ':'", "a ':' in a text without quotes", "put the text in quotes"),
    ("second occurrence", "an anchor with a name that is taken", "give each '&name' once"),
)


def _not_yaml(error: yaml.YAMLError, text: str) -> NotYaml:
    """The parser's complaint in our words, at the line where it noticed."""
    said = str(getattr(error, "problem", None) or error).splitlines()[0]
    mark = getattr(error, "problem_mark", None)
    position = getattr(error, "position", None)
    line = (
        mark.line + 1
        if mark is not None
        else text.count("\n", 0, position) + 1
        if position is not None
        else 1
    )
    if "cannot start any token" in said and mark is not None:
        return _bad_start(text, mark)
    for part, found, fix in _WORDS:
        if part in said:
            return NotYaml(line, f"not YAML: {found}", fix)
    return NotYaml(line, f"not YAML: {said}", "check indentation, brackets and quotes near this line")


def _bad_start(text: str, mark: Any) -> NotYaml:
    """A tab, or a character that YAML keeps for itself, where a value should begin."""
    lines = text.splitlines()
    rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
    if not rest or rest[0] == "\t":
        return NotYaml(mark.line + 1, "not YAML: a tab in the indentation", "indent with spaces")
    return NotYaml(mark.line + 1, f"not YAML: no value can begin with '{rest[0]}'", "put the text in quotes")
