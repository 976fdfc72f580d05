"""Ways through the network: computed inside a mesh, searched elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise, takewhile
from typing import Any

from xbarsim.errors import MappingError

MOST_WAYS = 1 << 16  # kept at a time: a chip of ten thousand tiles has a hundred million pairs


@dataclass(frozen=True, eq=False, slots=True)
class Hop:
    """One link, as a step of a way through the network; there is one of it, whatever ways pass."""

    source: str
    target: str
    channel: Any  # its description, None if ideal
    station: str  # what jobs queue for; a bus is one station for all its hops
    router: Any  # the router it leads into
    latency_ps: int
    label: str  # of the `connect` entry, without indices: 'connect0', 'die.connect0'


Hops = tuple[Hop, ...]
_From = dict[str, str | None]  # node -> the one it was come from


class Ways:
    """Directed links between nodes, and ways along them."""

    def __init__(self, name: str) -> None:
        self.name = name  # of the chip
        self.onward: dict[str, dict[str, Hop]] = {}
        self.backward: dict[str, dict[str, Hop]] = {}
        self._grid: dict[str, tuple[str, int, int]] = {}  # node of a mesh -> (label, row, column)
        self._cells: dict[tuple[str, int, int], str] = {}
        self._doors: dict[str, str] = {}
        self._ways: dict[tuple[str, str], Hops] = {}

    def link(self, hop: Hop) -> None:
        """Put a link in; a later one between the same nodes takes its place."""
        self.onward.setdefault(hop.source, {})[hop.target] = hop
        self.onward.setdefault(hop.target, {})
        self.backward.setdefault(hop.target, {})[hop.source] = hop
        self.backward.setdefault(hop.source, {})

    def on_mesh(self, node: str, label: str, row: int, column: int) -> None:
        """Say where in a mesh a node stands."""
        self._grid[node] = label, row, column
        self._cells[label, row, column] = node

    def way(self, source: str, target: str) -> Hops:
        """Hops from source to target: rows first then columns inside a mesh, else a shortest way.

        Raises: MappingError if nothing connects them.
        """
        key = (source, target)
        found = self._ways.get(key)
        if found is None:
            if len(self._ways) >= MOST_WAYS:
                self._ways.clear()
            found = self._ways[key] = self._find(source, target)
        return found

    def nearest(self, source: str, candidates: list[str]) -> str:
        """The candidate with the fewest hops from source; of equals the first that stands nearest to it in the
        description, so that a die uses its own."""
        if source in candidates or len(candidates) == 1:
            return source if source in candidates else candidates[0]
        return min(candidates, key=lambda node: (len(self.way(source, node)), -len(_around(source, node))))

    def joined(self, nodes: set[str]) -> bool:
        """Whether each of some nodes can be reached from every other."""
        start = next(iter(nodes), None)
        return start is None or all(nodes <= _reached(start, links) for links in (self.onward, self.backward))

    def _find(self, source: str, target: str) -> Hops:
        """Nodes that hang on one router share its ways, so they are searched once for all of them."""
        if source == target:
            return ()
        start, end = self._door(source), self._door(target)
        before, after = self._step(source, start), self._step(end, target)
        if before is None or after is None:
            return self._search(source, target)
        middle = self._across(start, end)
        if middle is not None:
            return before + middle + after
        if (start, end) == (source, target):
            return self._search(source, target)
        return _straight(source, before + self.way(start, end) + after)

    def _door(self, node: str) -> str:
        """Where a node enters its mesh: itself, or the router it hangs on; itself where there is no mesh."""
        found = self._doors.get(node)
        if found is None:
            near = (n for n in (node, *self.onward.get(node, ())) if n in self._grid)
            found = self._doors[node] = next(near, node)
        return found

    def _step(self, source: str, target: str) -> Hops | None:
        """The hop between neighbours; none from a node to itself."""
        if source == target:
            return ()
        hop = self.onward[source].get(target)
        return None if hop is None else (hop,)

    def _across(self, start: str, end: str) -> Hops | None:
        """Dimension-ordered way between two nodes of the same mesh; None where it has a gap, or no mesh."""
        if start not in self._grid or end not in self._grid:
            return None
        (label, row, column), (end_label, end_row, end_column) = self._grid[start], self._grid[end]
        if label != end_label:
            return None
        hops: list[Hop] = []
        at = start
        while at != end:
            if column != end_column:
                column += 1 if end_column > column else -1
            else:
                row += 1 if end_row > row else -1
            hop = self.onward[at].get(self._cells.get((label, row, column), ""))
            if hop is None:
                return None
            hops.append(hop)
            at = hop.target
        return tuple(hops)

    def _search(self, source: str, target: str) -> Hops:
        nodes = self._web.between(source, target)
        if nodes is None:
            raise MappingError(
                f"{self.name}: data must go from {source} to {target}, but no `connect` entry "
                "leads there. Add a topology or an edge that joins them."
            )
        return tuple(self.onward[a][b] for a, b in pairwise(nodes))

    @cached_property
    def _web(self) -> _Web:
        return _web(
            *(tuple((n, tuple(near)) for n, near in to.items()) for to in (self.onward, self.backward))
        )


_Near = tuple[tuple[str, tuple[str, ...]], ...]  # node -> its neighbours


class _Web:
    """Which nodes are joined, whatever the links between them are: shortest ways, each searched once."""

    def __init__(self, onward: _Near, backward: _Near):
        self.onward, self.backward = dict(onward), dict(backward)
        self._found: dict[tuple[str, str], list[str] | None] = {}

    def between(self, source: str, target: str) -> list[str] | None:
        """Nodes of a shortest way; None if there is none."""
        key = (source, target)
        if key not in self._found:
            if len(self._found) >= MOST_WAYS:
                self._found.clear()
            meeting = self._meet(source, target)
            if meeting is not None:
                before, after, middle = meeting
                self._found[key] = [*reversed(_chain(before, middle)), *_chain(after, middle)[1:]]
            else:
                self._found[key] = None
        return self._found[key]

    def _meet(self, source: str, target: str) -> tuple[_From, _From, str] | None:
        """Breadth first from both ends, the narrower front first, until they meet: where each node was come
        from on either side, and the node in the middle.

        Dead ends count for the width of a front, but nothing is looked for in them.
        """
        pruned = source not in self._dead_ends and target not in self._dead_ends
        tables: tuple[Mapping[str, Iterable[str]], ...] = (
            self._leading if pruned else (self.onward, self.backward)
        )
        sides: tuple[_From, _From] = {source: None}, {target: None}
        fronts, widths = [[source], [target]], [1, 1]
        while fronts[0] and fronts[1]:
            side = 0 if widths[0] <= widths[1] else 1
            mine, other, table = sides[side], sides[1 - side], tables[side]
            front: list[str] = []
            for at in fronts[side]:
                for node in table.get(at, ()):
                    if node not in mine:
                        front.append(node)
                        mine[node] = at
                    if node in other:
                        return *sides, node
            dead = sum(self._hanging.get(at, 0) for at in fronts[side]) if pruned else 0
            fronts[side], widths[side] = front, len(front) + dead
        return None

    @cached_property
    def _dead_ends(self) -> set[str]:
        """Nodes with one neighbour, both ways."""
        links = self.onward.items()
        return {node for node, near in links if len(near) == 1 and near == self.backward[node]}

    @cached_property
    def _hanging(self) -> Counter[str]:
        """How many dead ends hang on a node."""
        return Counter(next(iter(self.onward[node])) for node in self._dead_ends)

    @cached_property
    def _leading(self) -> tuple[dict[str, tuple[str, ...]], ...]:
        """Onward and backward: neighbours that are no dead ends."""
        return tuple(
            {node: tuple(n for n in near if n not in self._dead_ends) for node, near in links.items()}
            for links in (self.onward, self.backward)
        )


@lru_cache(maxsize=4)
def _web(onward: _Near, backward: _Near) -> _Web:
    """One for all chips whose networks join alike: the points of a sweep seldom differ in that."""
    return _Web(onward, backward)


def _around(a: str, b: str) -> tuple[str, ...]:
    """Composites that both nodes stand in."""
    pairs = zip(a.split("."), b.split("."), strict=False)
    return tuple(one for one, other in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _straight(source: str, hops: Hops) -> Hops:
    """A way without loops: what hangs on a member of a mesh is reached from it without the member's door."""
    nodes: list[str] = [source]
    kept: list[Hop] = []
    for hop in hops:
        if hop.target in nodes:
            at = nodes.index(hop.target)
            del nodes[at + 1 :], kept[at:]
        else:
            nodes.append(hop.target)
            kept.append(hop)
    return tuple(kept)


def _reached(start: str, links: Mapping[str, Iterable[str]]) -> set[str]:
    found = {start}
    todo = [start]
    for at in todo:  # grows while it is read
        new = [node for node in links.get(at, ()) if node not in found]
        found.update(new)
        todo += new
    return found


def _chain(come_from: _From, node: str) -> list[str]:
    """From a node back to where the search began."""
    nodes = [node]
    while (before := come_from[nodes[-1]]) is not None:
        nodes.append(before)
    return nodes
