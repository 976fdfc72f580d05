"""The chip as a graph: stops of the network as nodes, links as directed edges.

Nodes are texts: instances of connected components ("tile[3]", "die[1].tile[7]", "io"), routers and buses
("connect0.router[5]", "connect0.bus"). Its edges are hops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isqrt
from typing import Any

from xbarsim.spec.chip import Chip, Connection, Part
from xbarsim.spec.patterns import end, evaluate, indices
from xbarsim.spec.ways import Hop, Ways


class ChipGraph(Ways):
    """Network of a chip: nodes, ways between them, places of nodes for pictures."""

    def __init__(self, chip: Chip):
        super().__init__(chip.name)
        self.chip = chip
        self.place: dict[str, tuple[float, float]] = {}
        self.links: dict[str, int] = {}  # connection label -> links it has
        self.routers: dict[str, int] = {}
        for part in chip.root.walk():
            for prefix in instances(chip, part) if part.connect else ():
                for connection in part.connect:
                    self._add(connection, f"{prefix}." if prefix else "")

    def _add(self, c: Connection, prefix: str) -> None:
        label = f"{prefix}{c.label.rpartition('.')[2]}"
        if c.topology == "edge":
            self._add_edges(c, prefix, label)
            return
        members = [prefix + name for member in c.members for name in self._members(c.scope, member)]
        getattr(self, f"_{c.topology}")(c, label, members)

    def _members(self, scope: str, name: str) -> list[str]:
        """Instances of a member within one instance of the scope: 'tile' -> tile[0], tile[1], ..."""
        names = [""]
        path = scope
        for piece in name.split("."):
            path = f"{path}.{piece}" if path else piece
            part = self.chip.parts[path]
            steps = [piece] if part.count == 1 else [f"{piece}[{i}]" for i in range(part.count)]
            names = [f"{head}.{step}" if head else step for head in names for step in steps]
        return names

    def _join(
        self,
        a: str,
        b: str,
        c: Connection,
        label: str,
        station: str | None = None,
        router: Any = None,
        count: bool = True,
    ) -> None:
        """One directed link."""
        latency_ps = c.channel.latency_ps if c.channel is not None else 0
        self.link(Hop(a, b, c.channel, station or f"{a}->{b}", router, latency_ps, c.label))
        if count:
            self.links[label] = self.links.get(label, 0) + 1

    def _both(self, a: str, b: str, c: Connection, label: str) -> None:
        for x, y in ((a, b), (b, a)):
            self._join(x, y, c, label, router=c.router if ".router[" in y else None)

    def _bus(self, c: Connection, label: str, members: list[str]) -> None:
        hub = f"{label}.bus"
        self.links[label] = 1
        for member in members:
            self._join(member, hub, c, label, hub, count=False)
            # The transfer is paid on the way in; the way out is the same wires at the same time.
            self.link(Hop(hub, member, None, "", None, 0, c.label))

    def _routers(self, c: Connection, label: str, members: list[str]) -> list[str]:
        """The network nodes of a grid or ring: routers with members hung on, or the members themselves."""
        if c.router is None and c.concentration == 1:
            return members
        routers = [f"{label}.router[{i}]" for i in range(-(-len(members) // c.concentration))]
        self.routers[label] = len(routers)
        for i, member in enumerate(members):
            self._both(member, routers[i // c.concentration], c, label)
        return routers

    def _mesh(self, c: Connection, label: str, members: list[str]) -> None:
        self._lattice(c, label, members, wrap=False)

    def _torus(self, c: Connection, label: str, members: list[str]) -> None:
        self._lattice(c, label, members, wrap=True)

    def _lattice(self, c: Connection, label: str, members: list[str], wrap: bool) -> None:
        nodes = self._routers(c, label, members)
        columns = c.columns or (-(-len(nodes) // c.rows) if c.rows else _near_square(len(nodes)))
        rows = -(-len(nodes) // columns)
        grid = {divmod(i, columns): node for i, node in enumerate(nodes)}
        for (row, column), node in grid.items():
            if not wrap:
                self.on_mesh(node, label, row, column)
            steps = [((row, column + 1), columns), ((row + 1, column), rows)]
            for (r, k), size in steps:
                at = (r % rows, k % columns) if wrap and size > 2 else (r, k)
                if at in grid and at != (row, column):
                    self._both(node, grid[at], c, label)
        self._put(members, c.concentration, columns)

    def _put(self, members: list[str], concentration: int, columns: int) -> None:
        side = isqrt(concentration - 1) + 1
        for i, member in enumerate(members):
            router, inner = divmod(i, concentration)
            row, column = divmod(router, columns)
            self.place[member] = (column * side + inner % side, row * side + inner // side)

    def _ring(self, c: Connection, label: str, members: list[str]) -> None:
        nodes = self._routers(c, label, members)
        for i in range(len(nodes) if len(nodes) > 2 else len(nodes) - 1):
            self._both(nodes[i], nodes[(i + 1) % len(nodes)], c, label)

    def _star(self, c: Connection, label: str, members: list[str]) -> None:
        hubs = self._members(c.scope, c.hub) if c.hub else [f"{label}.router[0]"]
        if not c.hub:
            self.routers[label] = 1
        for member in members:
            self._both(member, hubs[0], c, label)

    def _crossbar(self, c: Connection, label: str, members: list[str]) -> None:
        """A non-blocking switch: contention only at the members' own ports."""
        self.routers[label] = 1
        for member in members:
            self._both(member, f"{label}.router[0]", c, label)

    def _h_tree(self, c: Connection, label: str, members: list[str]) -> None:
        level, number = members, 0
        while len(level) > 1:
            above = []
            for i in range(0, len(level), c.arity):
                node = f"{label}.router[{number}]"
                number += 1
                for child in level[i : i + c.arity]:
                    self._both(child, node, c, label)
                above.append(node)
            level = above
        self.routers[label] = number

    def _point_to_point(self, c: Connection, label: str, members: list[str]) -> None:
        for i, a in enumerate(members):
            for b in members[i + 1 :]:
                self._both(a, b, c, label)

    def _add_edges(self, c: Connection, prefix: str, label: str) -> None:
        source, target = c.members
        for a, b in self._pairs(c.scope, source, target):
            self._join(prefix + a, prefix + b, c, label)
            if c.pattern == "<->":
                self._join(prefix + b, prefix + a, c, label)

    def _pairs(self, scope: str, source: str, target: str) -> Iterator[tuple[str, str]]:
        """Instance pairs of an edge pattern; a letter as index binds source and target ('a[i] -> b[i//8]').

        The index counts all instances of the name inside the scope: 'die.port[17]' is the 18th port.
        """
        (name_a, index_a), (name_b, index_b) = end(source), end(target)
        ends_a, ends_b = self._members(scope, name_a), self._members(scope, name_b)
        letter = index_a if index_a and re.fullmatch(r"[A-Za-z_]\w*", index_a) else None
        for i in range(len(ends_a)) if letter else indices(index_a, len(ends_a), source):
            if letter and index_b and letter in index_b:
                targets = [evaluate(index_b, letter, i, target)]
            else:
                targets = indices(index_b, len(ends_b), target)
            for j in targets:
                if 0 <= j < len(ends_b):
                    yield ends_a[i], ends_b[j]


def instances(chip: Chip, part: Part) -> list[str]:
    """Names of all instances of a part, in order: 'tile[0].ima[0]', ...; [''] for the chip."""
    names = [""]
    path = ""
    for piece in part.path.split(".") if part.path else ():
        path = f"{path}.{piece}" if path else piece
        count = chip.parts[path].count
        steps = [piece] if count == 1 else [f"{piece}[{i}]" for i in range(count)]
        names = [f"{head}.{step}" if head else step for head in names for step in steps]
    return names


def _near_square(n: int) -> int:
    """Columns of the most nearly square full grid of n nodes, at least as wide as high."""
    rows = next(r for r in range(isqrt(n), 0, -1) if n % r == 0)
    return n // rows if n // rows <= 2 * rows else isqrt(n - 1) + 1
