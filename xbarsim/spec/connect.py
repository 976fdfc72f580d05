"""Reading `connect:` entries: topologies over members, and edges between index patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from pydantic import Field

from xbarsim.errors import shown
from xbarsim.spec.chip import Connection, Part
from xbarsim.spec.component import ComponentSpec, Spec
from xbarsim.spec.index import index_problem
from xbarsim.spec.located import Path_, Told, likely
from xbarsim.spec.quantity import Count
from xbarsim.spec.roles import Channel, Router
from xbarsim.spec.values import Values

TOPOLOGIES = ("bus", "mesh", "torus", "ring", "star", "h_tree", "crossbar", "point_to_point")
NEEDS_ROUTER = ("mesh", "torus", "ring", "h_tree")
PIECES = {"link": Channel, "bus": Channel, "router": Router}
ARROW = re.compile(r"^\s*(?P<source>\S.*?)\s*(?P<arrow><->|->)\s*(?P<target>\S.*?)\s*$")
END = re.compile(r"^(?P<name>[A-Za-z_][\w.]*?)(?:\[(?P<index>[^\]]*)\])?$")
FORMS = "'a[*] -> b[*]', {edge: ..., link: ...} or {topology: ..., of: ...}"

Reader = Callable[[dict[str, Any], Path_], ComponentSpec | None]


class TopologyEntry(Spec):
    """A topology over all instances of its members."""

    topology: str = Field(description="one of " + ", ".join(TOPOLOGIES))
    of: tuple[str, ...] = Field(description="component or components that hang on it")
    rows: Count | None = Field(None, description="rows of a mesh or torus; near-square if not given")
    columns: Count | None = Field(None, description="columns of a mesh or torus")
    concentration: Count = Field(1, description="members that share one router")
    hub: str | None = Field(None, description="centre of a star")
    arity: Count = Field(2, description="branches of each node of an h_tree")


@dataclass(frozen=True)
class Scope:
    """What a `connect:` list can name: parts beside it; those with problems of their own pass for known."""

    path: str
    children: tuple[Part, ...]
    failed: set[str]

    def knows(self, name: str) -> bool:
        pieces = name.split(".")
        full = [".".join([self.path, *pieces[: i + 1]]).lstrip(".") for i in range(len(pieces))]
        return self.part(name) is not None or any(path in self.failed for path in full)

    def part(self, name: str) -> Part | None:
        found, children = None, self.children
        for piece in name.split("."):
            found = next((child for child in children if child.name == piece), None)
            children = found.children if found else ()
        return found

    def names(self) -> list[str]:
        """Everything that can be named here; parts of parts only where a dot is needed."""
        start = len(self.path) + 1 if self.path else 0
        return [part.path[start:] for child in self.children for part in child.walk()]

    def count(self, name: str) -> int | None:
        """Instances of a part in one instance of the scope; None if it has problems of its own."""
        pieces = name.split(".")
        parts = [self.part(".".join(pieces[: i + 1])) for i in range(len(pieces))]
        return None if None in parts else prod(part.count for part in parts if part)


def read_connections(
    raw: Any, at: Path_, scope: Scope, values: Values, read: Reader
) -> tuple[Connection, ...]:
    """All entries of one `connect:` list; problems are told."""
    if not isinstance(raw, list):
        values.tell(
            at, shown(raw), "a list of topologies and edges like 'a[*] -> b[*]'", "begin each entry with '- '"
        )
        return ()
    reader, found = _Entries(scope, values, read), []
    for i, entry in enumerate(raw):
        try:
            found.append(reader.entry(entry, (*at, i), f"{scope.path}.connect{i}".lstrip(".")))
        except Told:
            continue
    return tuple(found)


_WRONG = object()


class _Entries:
    def __init__(self, scope: Scope, values: Values, read: Reader):
        self.scope, self.values, self.read = scope, values, read

    def entry(self, entry: Any, at: Path_, label: str) -> Connection:
        """One entry. Raises: Told."""
        if isinstance(entry, str):
            entry = {"edge": entry, "link": "ideal"}
        if not isinstance(entry, dict):
            raise self.values.tell(at, shown(entry), FORMS)
        if ("edge" in entry) == ("topology" in entry):
            found = "both an edge and a topology" if "edge" in entry else "neither an edge nor a topology"
            raise self.values.tell(at, found, FORMS)
        return self.edge(entry, at, label) if "edge" in entry else self.topology(entry, at, label)

    # --- topologies ----------------------------------------------------------------------------

    def topology(self, raw: dict[str, Any], at: Path_, label: str) -> Connection:
        kind = raw["topology"]
        if kind not in TOPOLOGIES:
            close = likely(kind if isinstance(kind, str) else "", TOPOLOGIES)
            raise self.values.tell((*at, "topology"), f"{shown(kind)} is no known topology", "", close)
        takes = ("bus",) if kind == "bus" else ("link", "router")
        wrong = [key for key in PIECES if key in raw and key not in takes]
        for key in wrong:
            said = " and ".join(f"'{piece}'" for piece in takes)
            self.values.tell((*at, key), "unknown key", "", f"a {kind} takes {said}")
        needed = [key for key in takes if key != "router" or key in raw or kind in NEEDS_ROUTER]
        pieces = {key: self._try(raw, key, at) for key in needed}
        spec = self.values.read(TopologyEntry, _own(raw), at)
        if spec is None or wrong or _WRONG in pieces.values():
            raise Told
        if spec.hub is not None and "router" in raw:
            found = "a 'router' beside a 'hub': a star has one centre"
            raise self.values.tell((*at, "router"), found, "either of them", "delete one")
        self._members(spec, at, hub_needed=kind == "star" and "router" not in raw)
        return Connection(
            kind,
            self.scope.path,
            spec.of,
            pieces[takes[0]],
            pieces.get("router"),
            "",
            spec.rows,
            spec.columns,
            spec.concentration,
            spec.hub,
            spec.arity,
            label,
        )

    def _try(self, raw: dict[str, Any], key: str, at: Path_) -> Any:
        """A piece, or _WRONG after its problems are told, so that those of the others are told too."""
        try:
            return self.piece(raw, key, at)
        except Told:
            return _WRONG

    def _members(self, spec: TopologyEntry, at: Path_, hub_needed: bool) -> None:
        """Members and hub exist, and fit the rows and columns. Raises: Told."""
        if not spec.of:
            raise self.values.tell((*at, "of"), "is empty", "the name of a part, or a list of names")
        unknown = [("of", name) for name in spec.of if not self.scope.knows(name)]
        if spec.hub and not self.scope.knows(spec.hub):
            unknown.append(("hub", spec.hub))
        for key, name in unknown:
            self._unknown(name, (*at, key))
        if unknown:
            raise Told
        if hub_needed and spec.hub is None:
            raise self.values.tell(
                (*at, "hub"), "missing", "the part at the centre of the star, or a 'router'"
            )
        counts = [self.scope.count(name) for name in spec.of]
        members = sum(count for count in counts if count is not None)
        if (
            spec.rows
            and spec.columns
            and None not in counts
            and spec.rows * spec.columns * spec.concentration < members
        ):
            raise self.values.tell(
                (*at, "rows"),
                f"{spec.rows} x {spec.columns} routers for {members} members",
                f"rows x columns x concentration of at least {members}",
            )

    # --- edges ---------------------------------------------------------------------------------

    def edge(self, raw: dict[str, Any], at: Path_, label: str) -> Connection:
        for key in sorted(set(raw) - {"edge", "link"}):
            self.values.tell((*at, key), "unknown key", "", "an edge takes 'edge' and 'link'")
        channel = self._try(raw, "link", at)
        found = ARROW.match(raw["edge"]) if isinstance(raw["edge"], str) else None
        if found is None:
            forms = "'source[*] -> target[*]', or '<->' for both ways"
            raise self.values.tell(at, f"{shown(raw['edge'])} is no edge", forms)
        self._indices([self._end(text, at) for text in found.group("source", "target")], at)
        if channel is _WRONG:
            raise Told
        ends = (found["source"], found["target"])
        return Connection("edge", self.scope.path, ends, channel, None, found["arrow"], label=label)

    def _end(self, text: str, at: Path_) -> re.Match[str]:
        """One end of an edge, by name and index. Raises: Told."""
        end = END.match(text)
        if end is None:
            forms = "like 'tile', 'tile[*]', 'tile[0:8]' or 'tile[i]'"
            raise self.values.tell(at, f"{shown(text)} is no name with an index", forms)
        if not self.scope.knows(end["name"]):
            self._unknown(end["name"], at)
            raise Told
        return end

    def _indices(self, ends: list[re.Match[str]], at: Path_) -> None:
        letter = None
        for end in ends:
            wrong, letter = index_problem(end["index"], self.scope.count(end["name"]), letter, end is ends[0])
            if wrong:
                raise self.values.tell(at, f"'{end[0]}': {wrong[0]}", *wrong[1:])

    # --- what both have ------------------------------------------------------------------------

    def piece(self, entry: dict[str, Any], key: str, at: Path_) -> Any:
        """The channel or router of an entry; None for 'ideal'. Raises: Told."""
        raw = entry.get(key)
        if raw == "ideal":
            return None
        if not isinstance(raw, dict):
            raise self.values.tell(
                (*at, key),
                "missing" if key not in entry else shown(raw),
                "a mapping with width, clock and energy, or 'ideal'"
                if key != "router"
                else "a mapping with clock, latency_cycles and energy, or 'ideal'",
            )
        spec = self.read({"kind": key, **raw}, (*at, key))
        if spec is None:
            raise Told
        if not isinstance(spec, PIECES[key]):
            raise self.values.tell(
                (*at, key, "kind"), f"'{spec.kind}' cannot stand here", "", "leave 'kind' away"
            )
        return spec

    def _unknown(self, name: str, at: Path_) -> None:
        self.values.tell(
            at,
            f"{shown(name)} is no part here",
            "",
            likely(name, self.scope.names()),
        )


def _own(raw: dict[str, Any]) -> dict[str, Any]:
    """The keys of a topology entry itself; one member may be named without a list."""
    own = {key: value for key, value in raw.items() if key not in PIECES}
    return own | {"of": [own["of"]]} if isinstance(own.get("of"), str) else own
