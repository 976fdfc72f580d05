"""Chips as the independent event counts see them: geometry, read off the papers and docs/tutorial.md by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Machine:
    """A chip as the counts see it.

    slots: arrays of a tile; together: arrays that share an input register (0: there is none).
    rows, columns, cells: of an array, and bit lines of one weight.
    bits: of an activation; reads: of the arrays for one product (input slices x phases); partial: of a partial sum.
    mesh: (rows, columns, tiles at a router; 0: tiles are joined without routers); tiles: how many.
    ports: tiles at which inputs and outputs enter; first_port: number of the first one's link under `connect`.
    parts: what the ledger calls each component; one that is ideal is left away. units: of the digital functions.
    host: functions that are done outside, behind the ports.
    chain: partial sums are added from tile to tile; even: matrices are cut into equal blocks.
    """

    slots: int
    together: int
    rows: int
    columns: int
    cells: int
    bits: int
    reads: int
    partial: int
    mesh: tuple[int, int, int]
    tiles: int
    ports: tuple[int, ...]
    parts: dict[str, str]
    units: dict[str, str]
    first_port: int = 1
    host: tuple[str, ...] = ()
    multicast: bool = True
    chain: bool = False
    even: bool = False

    def stop(self, tile: int) -> tuple[int, int]:
        """Row and column of a tile's router, or of the tile."""
        return divmod(tile // max(1, self.mesh[2]), self.mesh[1])

    def way(self, a: str, b: str) -> list[str]:
        """Nodes from a to b: along the row, then the column; the host is behind the port of each row."""
        if a == b:
            return [a]
        if "host" in (a, b):
            tile = b if a == "host" else a
            port = f"io[{self.stop(_number(tile))[0]}]"
            return [a, *self.way(port, b)] if a == "host" else [*self.way(a, port), b]
        if a.startswith("io"):
            return [a, *self.way(f"tile[{self.ports[_number(a)]}]", b)]
        if b.startswith("io"):
            return [*self.way(a, f"tile[{self.ports[_number(b)]}]"), b]
        nodes = [
            self._node(row, column) for row, column in _stops(self.stop(_number(a)), self.stop(_number(b)))
        ]
        return [a, *nodes, b] if self.mesh[2] else nodes

    def _node(self, row: int, column: int) -> str:
        return f"{'router' if self.mesh[2] else 'tile'}[{row * self.mesh[1] + column}]"

    def snake(self) -> list[int]:
        """Tiles along the rows, every second row backwards."""
        columns, each = self.mesh[1], self.mesh[2]
        side = 2 if each == 4 else 1

        def place(tile: int) -> tuple[int, int]:
            router, inner = divmod(tile, max(1, each))
            row, column = divmod(router, columns)
            y, x = row * side + inner // side, column * side + inner % side
            return y, x if y % 2 == 0 else -x

        return sorted(range(self.tiles), key=place)


def _number(node: str) -> int:
    return int(node.partition("[")[2][:-1])


def _stops(a: tuple[int, int], b: tuple[int, int]) -> list[tuple[int, int]]:
    """Places from a to b, along the row first."""
    along = [(a[0], column) for column in _between(a[1], b[1])]
    return along + [(row, b[1]) for row in _between(a[0], b[0])][1:]


def _between(a: int, b: int) -> range:
    return range(a, b + 1) if b >= a else range(a, b - 1, -1)


def _named(prefix: str, *names: str) -> dict[str, str]:
    return {name: f"{prefix}.{name}" for name in names}


_NETWORK = {"link": "connect0.link", "router": "connect0.router", "io": "io"}
_ARRAY = ("array", "dac", "sample_hold", "adc", "shift_add", "input_register", "output_register")
_FUNCTIONS = ("relu", "max_pool", "avg_pool", "add")

# Bit-serial inputs, bit-sliced weights, converters shared by 128 columns; IMAs of 8 arrays, 12 a tile.
ISAAC = Machine(
    slots=12 * 8,
    together=8,
    rows=128,
    columns=128,
    cells=16 // 2,
    bits=16,
    reads=16,
    partial=16,
    mesh=(6, 7, 4),
    tiles=168,
    ports=(0, 24, 140, 164),
    parts=_named("tile.ima", *_ARRAY) | _named("tile", "buffer", "bus", "accumulator") | _NETWORK,
    units={"relu": "tile.sigmoid", "max_pool": "tile.maxpool", "avg_pool": "tile.adder", "add": "tile.adder"},
)
# The slices of a weight in eight crossbars side by side; two such units a core, 8 cores a tile; no multicast.
PUMA = Machine(
    slots=8 * 2,
    together=1,
    rows=128,
    columns=8 * 128,
    cells=16 // 2,
    bits=16,
    reads=16,
    partial=16,
    mesh=(5, 7, 4),
    tiles=138,
    ports=(0, 24, 112, 136),
    parts=_named("tile.core.mvmu", *_ARRAY)
    | _named("tile", "buffer", "bus")
    | _named("tile.core", "accumulator")
    | _NETWORK,
    units=dict.fromkeys(_FUNCTIONS, "tile.core.vfu"),
    multicast=False,
)
# Pulse widths instead of slices, counters instead of converters; one array a core, sums from core to core.
HERMES = Machine(
    slots=1,
    together=0,
    rows=256,
    columns=256,
    cells=1,
    bits=8,
    reads=1,
    partial=8,
    mesh=(8, 8, 0),
    tiles=64,
    ports=tuple(range(0, 64, 8)),
    first_port=17,
    parts=_named("core", "array", "dac", "adc", "accumulator") | {"link": "connect0.link", "io": "io"},
    units={"relu": "core.ldpu", "add": "core.ldpu", "max_pool": "host"},
    host=("max_pool",),
    chain=True,
    even=True,
)
HERMES_FOUR_PHASE = replace(HERMES, reads=4)


def tutorial(rows: int, columns: int, slots: int = 8) -> Machine:
    """The tutorial's chip with so many rows and columns of tiles."""
    array = ("array", "dac", "sample_hold", "adc", "shift_add", "buffer", "accumulator")
    return Machine(
        slots=slots,
        together=0,
        rows=128,
        columns=128,
        cells=8 // 2,
        bits=8,
        reads=8,
        partial=24,
        mesh=(rows, columns, 1),
        tiles=rows * columns,
        ports=(0,),
        parts=_named("tile", *array) | _NETWORK,
        units=dict.fromkeys(_FUNCTIONS, "tile.vector_unit"),
    )
