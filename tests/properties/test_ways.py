"""Ways through any network are those that networkx finds, dead ends pruned or not; inside a mesh they go rows
first, and no pair's way is kept longer than there is room for it."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xbarsim as xs
from tests import small_chips
from xbarsim.spec import ways
from xbarsim.spec.ways import Hop, Ways

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


def network(pairs: list[tuple[int, int]], hanging: int) -> tuple[Ways, nx.DiGraph]:
    """Links as drawn, one way each, and a few nodes that hang on node 0 both ways."""
    links = [(str(a), str(b)) for a, b in pairs if a != b]
    links += [way for i in range(hanging) for way in ((f"leaf{i}", "0"), ("0", f"leaf{i}"))]
    net, graph = Ways("chip"), nx.DiGraph()
    for a, b in links:
        net.link(Hop(a, b, None, f"{a}->{b}", None, 0, "connect0"))
        graph.add_edge(a, b)
    return net, graph


@given(PAIRS, st.integers(0, 4))
def test_searched_ways_are_the_shortest_and_always_the_same(
    pairs: list[tuple[int, int]], hanging: int
) -> None:
    net, graph = network(pairs, hanging)
    for a in graph:
        for b in graph:
            try:
                expected = nx.shortest_path(graph, a, b)
            except nx.NetworkXNoPath:
                with pytest.raises(xs.MappingError, match="no `connect` entry"):
                    net.way(a, b)
                assert not net.joined({a, b})
                continue
            assert [a, *(hop.target for hop in net.way(a, b))] == expected


def test_ways_in_a_mesh_go_rows_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "MOST_WAYS", 3)
    net = Ways("chip")
    for row in range(3):
        for column in range(4):
            net.on_mesh(f"{row}{column}", "connect0", row, column)
            for r, c in ((row, column + 1), (row + 1, column)):
                if r < 3 and c < 4:
                    for a, b in ((f"{row}{column}", f"{r}{c}"), (f"{r}{c}", f"{row}{column}")):
                        net.link(Hop(a, b, None, f"{a}->{b}", None, 0, "connect0"))
    assert [hop.target for hop in net.way("00", "23")] == ["01", "02", "03", "13", "23"]
    assert [hop.target for hop in net.way("23", "00")] == ["22", "21", "20", "10", "00"]
    for column in range(1, 4):
        assert len(net.way("00", f"0{column}")) == column
    assert len(net._ways) <= 3


def test_what_hangs_on_a_member_is_reached_without_the_members_router(tmp_path: Path) -> None:
    """A port is wired to a tile, a tile to its router: between tile and port the router is no stop."""
    port = {"edge": "io <-> tile[2]", "link": small_chips.link()}
    mesh = {"topology": "mesh", "of": "tile", "link": small_chips.link(), "router": small_chips.router()}
    io = {"kind": "io", "bandwidth": "1 GB/s", "latency": "1 ns", "energy": "1 pJ/bit"}
    tree = small_chips.chip_tree(small_chips.tile(count=4), [mesh, port], outside={"io": io})
    graph = small_chips.load(tmp_path, tree).graph

    def way(a: str, b: str) -> list[str]:
        return [hop.target for hop in graph.way(a, b)]

    assert way("io", "tile[2]") == ["tile[2]"]
    assert way("tile[2]", "io") == ["io"]
    assert way("io", "tile[3]") == ["tile[2]", "connect0.router[2]", "connect0.router[3]", "tile[3]"]
    assert way("tile[3]", "io") == ["connect0.router[3]", "connect0.router[2]", "tile[2]", "io"]
