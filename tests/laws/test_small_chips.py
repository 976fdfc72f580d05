"""Laws of every run, and counts taken by hand, on small chips of every kind and small networks of every kind."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import pytest

from tests.small_chips import (
    Tree,
    accumulator,
    array,
    bit_serial,
    buffer,
    chip_tree,
    link,
    load,
    matrix_unit,
    router,
    sample_hold,
    sar,
    shift_add,
    tile,
    vector_unit,
)
from xbarsim.mapping.plan import map_network
from xbarsim.scenario.infer import Infer, infer
from xbarsim.scenario.result import Result
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import Causal, Matrix, Need, Op, OpGraph, OpKind, Same, Whole, Window

ROWS, WEIGHTS, CELLS_PER_WEIGHT = 16, 8, 2  # of an array: inputs, weights side by side, cells of a weight


# --- networks --------------------------------------------------------------------------------------


class Net:
    """An operation graph, written down layer by layer."""

    def __init__(self, name: str, positions: int, width: int):
        self.name = name
        self.ops = [Op("x", OpKind.INPUT, "input", positions=positions, width=width)]
        self.matrices: dict[str, Matrix] = {}

    def _shape(self, name: str) -> tuple[int, int]:
        op = next(op for op in self.ops if op.name == name)
        return op.positions, op.width

    def product(
        self, name: str, source: str, outputs: int, need: Need | None = None, positions: int = 0, area: int = 1,
        groups: int = 1,
    ) -> Net:  # fmt: skip
        """A linear layer; with a window of `area` positions a convolution; in groups a depthwise one."""
        before, width = self._shape(source)
        positions = positions or before
        matrix = Matrix(name, width // groups * area, outputs // groups, groups)
        macs = positions * matrix.weights
        needs = (need or Same(),)
        self.ops.append(
            Op(name, OpKind.MVM, "linear", (source,), needs, positions, outputs, macs, matrix=name)
        )
        self.matrices[name] = matrix
        return self

    def convolution(self, name: str, source: str, outputs: int, groups: int = 1) -> Net:
        """3 x 3, padded, over a square map."""
        side = round(self._shape(source)[0] ** 0.5)
        window = Window((side, side), (side, side), (3, 3), padding=(1, 1))
        return self.product(name, source, outputs, window, area=9, groups=groups)

    def each(self, name: str, function: str, *sources: str, kind: OpKind = OpKind.ELEMENTWISE) -> Net:
        positions, width = self._shape(sources[0])
        needs = tuple(Same() for _ in sources)
        elements = positions * width
        self.ops.append(Op(name, kind, function, sources, needs, positions, width, element_ops=elements))
        return self

    def pool(self, name: str, source: str) -> Net:
        positions, width = self._shape(source)
        side = round(positions**0.5)
        window = Window((side, side), (side // 2, side // 2), (2, 2), (2, 2))
        self.ops.append(
            Op(name, OpKind.POOLING, "max_pool", (source,), (window,), positions // 4, width,
               element_ops=positions * width)
        )  # fmt: skip
        return self

    def times(self, name: str, a: str, b: str, width: int, inner: int, causal: bool = False) -> Net:
        """A product of activations: every position of a with all of b (or what lies before it)."""
        positions = self._shape(a)[0]
        needs: tuple[Need, Need] = (Same(), Causal() if causal else Whole(self._shape(b)[0]))
        macs = positions * width * inner
        self.ops.append(
            Op(name, OpKind.PRODUCT, "matmul", (a, b), needs, positions, width, macs, inner=inner)
        )
        return self

    def end(self, source: str) -> OpGraph:
        positions, width = self._shape(source)
        self.ops.append(Op("y", OpKind.OUTPUT, "output", (source,), (Same(),), positions, width))
        return OpGraph(self.name, tuple(self.ops), self.matrices)


def convolutions() -> OpGraph:
    net = Net("convolutions", 36, 3).convolution("c1", "x", 10).each("r1", "relu", "c1")
    return net.convolution("c2", "r1", 5).pool("p", "c2").product("fc", "p", 4, Whole(9), 1, 9).end("fc")


def depthwise() -> OpGraph:
    net = Net("depthwise", 25, 6).convolution("dw", "x", 6, groups=6).each("r", "relu6", "dw")
    return net.product("pw", "r", 12).end("pw")


def residual() -> OpGraph:
    net = Net("residual", 16, 4).convolution("c0", "x", 4).each("r0", "relu", "c0")
    net.convolution("c1", "r0", 4).each("r1", "relu", "c1").convolution("c2", "r1", 4)
    return net.each("add", "add", "c2", "r0").end("add")


def attention() -> OpGraph:
    net = Net("attention", 5, 8).each("norm", "layer_norm", "x", kind=OpKind.NORMALISATION)
    net.product("q", "norm", 8).product("k", "norm", 8).product("v", "norm", 8)
    net.times("scores", "q", "k", width=5, inner=8).each("soft", "softmax", "scores", kind=OpKind.SOFTMAX)
    return (
        net.times("mix", "soft", "v", width=8, inner=5)
        .product("o", "mix", 8)
        .each("add", "add", "o", "x")
        .end("add")
    )


def causal_attention() -> OpGraph:
    net = Net("causal attention", 6, 8).product("q", "x", 8).product("k", "x", 8)
    return net.times("scores", "q", "k", width=6, inner=8, causal=True).product("o", "scores", 8).end("o")


def high_and_wide() -> OpGraph:
    """Matrices of 5 x 3 and 2 x 2 blocks: partial sums within a tile and across tiles."""
    net = Net("high and wide", 3, 70).product("fc1", "x", 20).each("r", "relu", "fc1")
    return net.product("fc2", "r", 9).end("fc2")


NETWORKS = {
    graph.name: graph
    for graph in (convolutions(), depthwise(), residual(), attention(), causal_attention(), high_and_wide())
}


# --- chips -----------------------------------------------------------------------------------------


def whole_tile(arrays: int = 2, **parts: object) -> Tree:
    """A tile with everything that the networks above ask for."""
    own: Tree = {
        "array": array(count=arrays),
        "dac": bit_serial(count=16 * arrays),
        "sample_hold": sample_hold(count=16 * arrays),
        "adc": sar(count=arrays),
        "shift_add": shift_add(count=arrays),
        "buffer": buffer(),
        "accumulator": accumulator(),
        "vector_unit": vector_unit(),
        "matrix_unit": matrix_unit(),
    }
    return tile(**{**own, **parts})


IO = {"kind": "io", "bandwidth": "1 GB/s", "latency": "5 ns", "energy": "3 pJ/bit"}
TOPOLOGIES: dict[str, Tree] = {
    "mesh": {"topology": "mesh", "of": "tile", "link": link(), "router": router()},
    "concentrated mesh": {"topology": "mesh", "of": "tile", "concentration": 4, "link": link(), "router": router()},
    "no multicast": {"topology": "mesh", "of": "tile", "link": link(), "router": router(multicast=False)},
    "torus": {"topology": "torus", "of": "tile", "link": link(), "router": router()},
    "ring": {"topology": "ring", "of": "tile", "link": link(), "router": router()},
    "star": {"topology": "star", "of": "tile", "link": link(), "router": router()},
    "h_tree": {"topology": "h_tree", "of": "tile", "link": link(), "router": router()},
    "bus": {"topology": "bus", "of": "tile", "bus": link()},
    "crossbar": {"topology": "crossbar", "of": "tile", "link": link(), "router": router()},
    "point_to_point": {"topology": "point_to_point", "of": "tile", "link": link()},
}  # fmt: skip


def many_tiles(topology: str, **header: object) -> Tree:
    to_io = {"edge": "io <-> tile[0]", "link": link()}
    return chip_tree(
        whole_tile(count=16), [TOPOLOGIES[topology], to_io], outside={"io": IO}, **header
    )  # fmt: skip


def one_tile(**parts: object) -> Tree:
    """All arrays in one tile, and nothing outside."""
    return chip_tree(whole_tile(32, **parts))


PERIPHERIES: dict[str, Tree] = {
    "usual": {},
    "no buffer": {"buffer": None},
    "no sample-and-hold": {"sample_hold": None},
    "shared converters": {"adc": sar(count=8)},
    "one converter": {"adc": sar(count=1)},
    "two ports": {"buffer": buffer(ports=2), "vector_unit": vector_unit(count=2)},
    "small buffer": {"buffer": buffer(capacity="2 KiB")},
    "registers and a bus": {
        "bus": {"kind": "bus", **link()},
        "input_register": {"kind": "register.input", "capacity": "1 KiB", "width": "64 bit", "access": "1 ns",
                           "read_energy": "ideal", "write_energy": "0.01 pJ/bit"},
        "output_register": {"kind": "register.output", "capacity": "1 KiB", "width": "64 bit", "access": "1 ns",
                            "read_energy": "ideal", "write_energy": "0.01 pJ/bit"},
    },
    "synchronous": {"cycle": "100 ns"},
    "gated": {
        "vector_unit": vector_unit(
            active_power="3 mW", idle_power="1 mW", gated_power="0.1 mW", gate_after="200 ns"
        ),
        "adc": sar(count=32, active_power="2 mW", idle_power="0.5 mW", gated_power="10 uW", gate_after="50 ns"),
    },
    "two phases": {"array": array(count=32, read_phases=2, energy_per_cell="0.01 pJ")},
    "differential": {
        "array": array(count=32, weight={"bits": 2, "bits_per_cell": 2, "encoding": "differential"})
    },
    "pulse widths and counters": {
        "dac": {"kind": "dac.pwm", "bits": 4, "lsb": "1 ns", "signed": False, "energy": "1 pJ", "count": 512},
        "adc": {"kind": "adc.counter", "bits": 8, "latch": "9 ns", "energy": "1 pJ", "count": 512},
        "sample_hold": None,
    },
}  # fmt: skip


# --- laws ------------------------------------------------------------------------------------------


def run(chip: Chip, graph: OpGraph, requests: int = 2) -> Result:
    """A run breaks off by itself when it breaks a law; here they are looked at once more."""
    result = infer(chip, graph, Infer(requests))
    assert [law.name for law in result.laws if not law.holds] == []
    assert len(result.laws) >= 8
    return result


def counts(result: Result, component: str, action: str) -> int:
    rows = [row for row in result.energy if row.component == component and row.action == action]
    return sum(row.count for row in rows)


def blocks_and_columns(matrix: Matrix) -> tuple[int, int]:
    """Array blocks of a matrix, and columns of cells in use summed over them."""
    packed = min(ROWS // matrix.rows, WEIGHTS // matrix.columns, matrix.groups) if matrix.groups > 1 else 1
    if packed > 1:
        return ceil(matrix.groups / packed), matrix.groups * matrix.columns * CELLS_PER_WEIGHT
    high, wide = ceil(matrix.rows / ROWS), ceil(matrix.columns / WEIGHTS)
    return high * wide * matrix.groups, high * matrix.columns * matrix.groups * CELLS_PER_WEIGHT


def check_counts(result: Result, graph: OpGraph, slices: int, first_of_chains: int = 0) -> None:
    """Reads, conversions, additions and multiplications, from the layers' shapes alone."""
    reads = conversions = row_additions = 0
    for op in graph.ops:
        if op.matrix is not None:
            blocks, columns = blocks_and_columns(graph.matrices[op.matrix])
            reads += op.positions * slices * blocks
            conversions += op.positions * slices * columns
            row_additions += op.positions * (columns // CELLS_PER_WEIGHT - op.width)
    n = result.requests
    assert counts(result, "tile.array", "read") == n * reads
    assert counts(result, "tile.adc", "conversion") == n * conversions
    assert counts(result, "tile.accumulator", "addition") == n * (row_additions + first_of_chains)
    macs = sum(op.macs for op in graph.ops if op.kind is OpKind.PRODUCT)
    assert counts(result, "tile.matrix_unit", "mac") == n * macs
    units = sum(op.element_ops for op in graph.ops)
    assert counts(result, "tile.vector_unit", "operation") == n * units


def check_energy(result: Result) -> None:
    for row in result.energy:
        assert row.energy_pj >= 0
        if row.per_action_pj is not None:
            assert row.energy_pj == pytest.approx(row.count * row.per_action_pj, rel=1e-12)
    assert result.energy_pj == pytest.approx(sum(row.energy_pj for row in result.energy), rel=1e-12)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_laws_and_counts_hold_on_every_topology(tmp_path: Path, topology: str, network: str) -> None:
    result = run(load(tmp_path, many_tiles(topology)), NETWORKS[network])
    check_counts(result, NETWORKS[network], slices=4)
    check_energy(result)


@pytest.mark.parametrize("partial_sums", ["gather", "chain"])
@pytest.mark.parametrize("network", NETWORKS)
def test_partial_sums_are_added_once_whether_gathered_or_along_a_chain(
    tmp_path: Path, partial_sums: str, network: str
) -> None:
    """In a chain the first tile's results pass its adder too, as in a systolic array."""
    mapping = {"replicate": "none", "partial_sums": partial_sums}
    chip, graph = load(tmp_path, many_tiles("mesh", mapping=mapping)), NETWORKS[network]
    extra = spread_values(chip, graph) if partial_sums == "chain" else 0
    check_counts(run(chip, graph), graph, slices=4, first_of_chains=extra)


def spread_values(chip: Chip, graph: OpGraph) -> int:
    """Values of all positions whose columns' row blocks lie in several tiles."""
    program = map_network(chip, graph)
    total = 0
    for op in graph.ops:
        if op.matrix is not None:
            cut, (copy,) = program.cuts[op.matrix], program.copies[op.matrix]
            tiles: dict[int, set[str]] = {}
            for segment in copy.segments:
                for block in range(segment.first_block, segment.first_block + segment.blocks):
                    tiles.setdefault(cut.place(block)[0], set()).add(segment.tile)
            spread = [column for column, held in tiles.items() if len(held) > 1]
            total += op.positions * sum(cut.columns(column * cut.row_blocks) for column in spread)
    return total


@pytest.mark.parametrize("network", NETWORKS)
def test_copies_share_the_positions_and_change_no_count(tmp_path: Path, network: str) -> None:
    tree = chip_tree(whole_tile(8, count=9), [TOPOLOGIES["mesh"]], mapping={"replicate": "balance"})
    result = run(load(tmp_path, tree), NETWORKS[network])
    assert max(row.replicas for row in result.layers) > 1
    check_counts(result, NETWORKS[network], slices=4)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("periphery", PERIPHERIES)
def test_laws_hold_with_every_periphery(tmp_path: Path, periphery: str, network: str) -> None:
    result = run(load(tmp_path, one_tile(**PERIPHERIES[periphery])), NETWORKS[network])
    if periphery == "pulse widths and counters":
        check_counts(result, NETWORKS[network], slices=1)
    else:
        check_counts(result, NETWORKS[network], slices=8 if periphery == "two phases" else 4)
    check_energy(result)


# --- bits through a buffer -------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["convolutions", "depthwise", "residual", "high and wide"])
def test_all_that_a_tile_reads_was_written_into_its_buffer_once(tmp_path: Path, network: str) -> None:
    """One tile: every result with a reader in it is written once for each; a product reads all its inputs
    again for each position, a digital layer with an operand of its own every element of it once."""
    graph, bits = NETWORKS[network], 4
    result = run(load(tmp_path, one_tile()), graph, requests=3)
    # Element-wise functions of one operand are done on the way, where its results are.
    on_the_way = {
        op.name: op.inputs[0] for op in graph.ops if op.kind is OpKind.ELEMENTWISE and len(op.inputs) == 1
    }
    written = read = 0
    for op in graph.ops:
        if op.kind in (OpKind.INPUT, OpKind.OUTPUT) or op.name in on_the_way:
            continue
        sources = [graph.by_name[name] for name in op.inputs]
        written += sum(source.elements for source in sources) * bits
        if op.matrix is not None:
            matrix = graph.matrices[op.matrix]
            read += op.positions * matrix.rows * matrix.groups * bits
        else:
            read += sum(source.elements for source in sources) * bits
    assert counts(result, "tile.buffer", "bit written") == 3 * written
    assert counts(result, "tile.buffer", "bit read") == 3 * read


# --- energy over requests and over time ------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS)
def test_actions_and_their_energy_grow_with_the_number_of_requests(tmp_path: Path, network: str) -> None:
    chip = load(tmp_path, many_tiles("mesh"))
    rows = [
        {
            (row.component, row.action, row.per_action_pj): row.count
            for row in run(chip, NETWORKS[network], requests).energy
            if row.per_action_pj is not None
        }
        for requests in (1, 2, 5)
    ]
    assert rows[1] == {key: 2 * count for key, count in rows[0].items()}
    assert rows[2] == {key: 5 * count for key, count in rows[0].items()}


WITH_VECTOR_UNIT = [name for name, graph in NETWORKS.items() if any(op.element_ops for op in graph.ops)]


@pytest.mark.parametrize("units", [1, 2])
@pytest.mark.parametrize("network", WITH_VECTOR_UNIT)
def test_power_states_of_a_component_share_its_time(tmp_path: Path, network: str, units: int) -> None:
    """Active, idle and gated picoseconds of all instances add up to the run."""
    gated = {
        name: {**part, "count": units * part.get("count", 1)} for name, part in PERIPHERIES["gated"].items()
    }
    result = run(load(tmp_path, one_tile(**gated)), NETWORKS[network])
    for component, instances in (("tile.vector_unit", units), ("tile.adc", 32 * units)):
        states = {
            row.action: row for row in result.energy if row.component == component and not row.per_action_pj
        }
        assert sum(row.count for row in states.values()) == pytest.approx(
            instances * result.elapsed_ps, abs=3
        )
        assert all(row.count >= 0 for row in states.values())
        assert states["gated"].count > 0
    (busy_ps,) = [row.busy_ps for row in result.stations if row.component == "tile.vector_unit"]
    active = next(
        row for row in result.energy if (row.component, row.action) == ("tile.vector_unit", "active")
    )
    assert active.count == units * busy_ps
    assert active.energy_pj == pytest.approx(3000 * units * busy_ps * 1e-6)


def test_units_that_work_together_are_gated_together(tmp_path: Path) -> None:
    """Two slow units that are busy nearly all the time are gated nearly never, neither of them."""
    slow = vector_unit(
        count=2,
        lanes=1,
        clock="1 MHz",
        active_power="1 mW",
        idle_power="1 mW",
        gated_power="1 uW",
        gate_after="1 ns",
    )
    result = run(load(tmp_path, one_tile(vector_unit=slow)), NETWORKS["attention"])
    picoseconds = {row.action: row.count for row in result.energy
                   if row.component == "tile.vector_unit" and row.per_action_pj is None}  # fmt: skip
    assert sum(picoseconds.values()) == pytest.approx(2 * result.elapsed_ps, abs=3)
    assert min(picoseconds.values()) >= 0
    assert picoseconds["active"] > 0.9 * 2 * result.elapsed_ps


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_the_same_chip_and_network_give_the_same_result(tmp_path: Path, topology: str) -> None:
    first, second = (run(load(tmp_path, many_tiles(topology)), NETWORKS["attention"]) for _ in range(2))
    assert first == second
