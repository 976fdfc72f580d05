"""How often everything happens in one request, from layer shapes alone: an independent few-line model.

It asks the simulator nothing. A machine is written down by its geometry, a network by its table of layers; one copy
of each matrix is laid along the tiles as docs/model.md says, and every event is counted per layer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from tests.layer_tables import Layer, Table
from tests.machines import Machine

Event = tuple[str, str]  # component, action
Elements = set[int]  # of a vector
Where = dict[str, Elements]  # node -> the elements of every vector that lie (or are needed) there
Blocks = list[tuple[int, int, int]]  # (slot, column block, row block)
Edge = tuple[str, str]


def array_events(m: Machine, table: Table) -> Counter[Event]:
    """What arrays and their periphery do, wherever the matrices lie and however many copies there are."""
    found: Counter[Event] = Counter()
    for layer in (layer for layer in table.layers if layer.rows):
        events = of_product(m, layer)
        if not m.chain:
            row_blocks = -(-layer.rows // m.rows)
            events["accumulator", "addition"] = layer.positions * layer.columns * (row_blocks - 1)
        for (part, action), number in events.items():
            if part in m.parts and number:
                found[m.parts[part], action] += number
    return found


def of_product(m: Machine, layer: Layer) -> dict[Event, int]:
    """All positions of a matrix: every block is read slice by slice, every bit line in use is converted."""
    rows, columns = blocks_of(m, layer)
    reads = layer.positions * m.reads
    lines = reads * layer.columns * m.cells * len(rows)
    return {
        ("array", "read"): reads * len(rows) * len(columns),
        ("dac", "conversion"): reads * layer.rows * len(columns),
        ("sample_hold", "sample"): lines,
        ("adc", "conversion"): lines,
        ("shift_add", "addition"): lines,
        ("output_register", "bit written"): layer.positions * layer.columns * len(rows) * m.bits,
    }


@dataclass
class Counts:
    """Events by layer, one copy of each matrix."""

    machine: Machine
    table: Table
    by_layer: dict[str, Counter[Event]] = field(default_factory=lambda: defaultdict(Counter))

    def __post_init__(self) -> None:
        self.placed = placed(self.machine, self.table)
        self.owner: dict[str, str] = {}  # layer -> the layer that delivers its result (one fused behind it)
        self.homes: dict[str, Where] = {}
        for layer in self.table.layers:
            self._compute(layer)
        for layer in self.table.layers:
            if not self._fused(layer):
                self._read(layer)
        self._output()

    def total(self) -> Counter[Event]:
        return sum(self.by_layer.values(), Counter())

    def _count(self, layer: str, part: str, action: str, number: int) -> None:
        if part in self.machine.parts and number:
            self.by_layer[layer][self.machine.parts[part], action] += number

    # --- what is done --------------------------------------------------------------------------

    def _compute(self, layer: Layer) -> None:
        if layer.rows:
            self._product(layer)
        elif not layer.inputs:
            self.homes[layer.name] = {"outside": set(range(layer.width))}
            self._count(layer.name, "io", "bit", layer.positions * layer.width * self.machine.bits)
        else:
            self._digital(layer)

    def _product(self, layer: Layer) -> None:
        m, name = self.machine, layer.name
        rows, columns = blocks_of(m, layer)
        for (part, action), number in of_product(m, layer).items():
            self._count(name, part, action, number)
        for blocks in self.placed[name].values():
            self._fetch(layer, blocks, rows)
        heads: Where = defaultdict(set)
        for column, width in enumerate(columns):
            tiles = [t for t, blocks in self.placed[name].items() for _, c, _ in blocks if c == column]
            head = tiles[-1] if m.chain else max(dict.fromkeys(tiles), key=tiles.count)
            heads[f"tile[{head}]"] |= set(width)
            self._add_up(layer, tiles, len(width), head)
        self.homes[name] = heads

    def _fetch(self, layer: Layer, blocks: Blocks, rows: list[range]) -> None:
        """From the buffer over the bus into the registers, each input once; every register that needs it takes it."""
        m = self.machine
        bits = layer.positions * m.bits
        inputs = sum(len(rows[r]) for r in {r for _, _, r in blocks})
        self._count(layer.name, "buffer", "bit read", bits * inputs)
        self._count(layer.name, "bus", "bit", bits * inputs)
        if m.together:
            kept = {(slot // m.together, r) for slot, _, r in blocks}
            self._count(
                layer.name, "input_register", "bit written", bits * sum(len(rows[r]) for _, r in kept)
            )

    def _add_up(self, layer: Layer, tiles: list[int], width: int, head: int) -> None:
        """Partial sums of one column block: brought together, or added along a chain of tiles."""
        m, n = self.machine, layer.positions
        names = list(dict.fromkeys(tiles))
        chained = m.chain and len(names) > 1
        self._count(layer.name, "accumulator", "addition", n * width * (len(tiles) - (0 if chained else 1)))
        ways = pairwise(names) if chained else ((tile, head) for tile in names if tile != head)
        for a, b in ways:
            for edge in pairwise(m.way(f"tile[{a}]", f"tile[{b}]")):
                self._carry(layer.name, edge, n * width * m.partial)

    def _digital(self, layer: Layer) -> None:
        """Done where the first input lies that is in tiles, or outside; a skip connection, which another input was
        made out of, comes last."""
        inputs = sorted(
            layer.inputs, key=lambda name: any(self._made_of(other, name) for other in layer.inputs)
        )
        m, before = self.machine, [self.homes[name] for name in inputs]
        self.by_layer[layer.name][m.units[layer.unit], "operation"] += layer.positions * layer.operations
        if layer.unit in m.host:
            self.homes[layer.name] = {"host": set(range(layer.width))}
            return
        home = next(home for home in before if all(node.startswith("tile") for node in home))
        self.homes[layer.name] = home
        if self._fused(layer):
            self.owner[layer.inputs[0]] = layer.name
        else:
            elements = sum(self.table.at(name).positions * self.table.at(name).width for name in layer.inputs)
            if "pool" in layer.unit:
                elements = max(elements, layer.positions * layer.operations)
            self._count(layer.name, "buffer", "bit read", elements * m.bits)

    def _made_of(self, name: str, origin: str) -> bool:
        """Whether a layer's results are made of another's, directly or through others."""
        return any(before == origin or self._made_of(before, origin) for before in self.table.at(name).inputs)

    def _fused(self, layer: Layer) -> bool:
        """A function of one input that no one else reads follows right behind it."""
        readers = [other for other in self.table.layers if layer.inputs and layer.inputs[0] in other.inputs]
        alone = len(layer.inputs) == 1 and len(readers) == 1 and self.table.at(layer.inputs[0]).inputs
        return bool(layer.unit and layer.kernel == 1 and alone)

    # --- what is moved -------------------------------------------------------------------------

    def _read(self, layer: Layer) -> None:
        """Of every input the positions that its windows touch, to where it needs them."""
        for name in layer.inputs:
            source = self.table.at(name)
            axis = touched(source.side, layer)
            wanted = self._wanted(layer)
            if source.inputs:
                for node, have in self.homes[name].items():
                    self._deliver(source, node, have, wanted, len(axis) ** 2)
            else:  # lines of the input come through the ports in turn
                for port in range(len(self.machine.ports)):
                    lines = [line for line in axis if line % len(self.machine.ports) == port]
                    whole = set(range(source.width))
                    self._deliver(source, f"io[{port}]", whole, wanted, len(lines) * len(axis))

    def _wanted(self, layer: Layer) -> Where:
        """Elements of the vectors it reads: those that its row blocks in a tile have any line of, or its own part."""
        if not layer.rows:
            return self.homes[layer.name]
        (rows, _), each = blocks_of(self.machine, layer), layer.kernel**2
        return {
            f"tile[{tile}]": {line // each for _, _, row in blocks for line in rows[row]}
            for tile, blocks in self.placed[layer.name].items()
        }

    def _deliver(self, source: Layer, node: str, have: Elements, wanted: Where, positions: int) -> None:
        """Along one tree to all readers where routers copy messages, else one way to each; stored on arrival."""
        owner = self.owner.get(source.name, source.name)
        bits = positions * self.machine.bits
        edges: dict[Edge, list[Elements]] = defaultdict(list)
        for reader, want in wanted.items():
            for edge in pairwise(self.machine.way(node, reader) if have & want else ()):
                edges[edge].append(have & want)
            if reader.startswith("tile"):
                self._count(owner, "buffer", "bit written", bits * len(have & want))
        for edge, passing in edges.items():
            number = len(set().union(*passing)) if self.machine.multicast else sum(map(len, passing))
            self._carry(owner, edge, bits * number)

    def _carry(self, layer: str, edge: Edge, bits: int) -> None:
        port = next((node for node in edge if node.startswith("io")), None)
        if "host" in edge:
            return
        if port is not None:
            self.by_layer[layer][f"connect{self.machine.first_port + int(port[3:-1])}.link", "bit"] += bits
            return
        self._count(layer, "link", "bit", bits)
        if edge[1].startswith("router"):
            self._count(layer, "router", "bit", bits)

    def _output(self) -> None:
        last = self.table.last
        for node, have in self.homes[last.name].items():
            self._deliver(last, node, have, {"io[0]": set(range(last.width))}, last.positions)
        self._count("output", "io", "bit", last.positions * last.width * self.machine.bits)


def blocks_of(m: Machine, layer: Layer) -> tuple[list[range], list[range]]:
    """Rows and columns of the blocks of a layer's matrix."""
    return _parts(layer.rows, m.rows, m.even), _parts(layer.columns, m.columns // m.cells, m.even)


def _parts(length: int, size: int, even: bool) -> list[range]:
    size = -(-length // -(-length // size)) if even else size
    return [range(at, min(at + size, length)) for at in range(0, length, size)]


def touched(side: int, reader: Layer) -> list[int]:
    """Lines of a map that the windows of its reader touch."""
    starts = (line * reader.stride - reader.padding for line in range(reader.side))
    return sorted(
        {line for start in starts for line in range(start, start + reader.kernel) if 0 <= line < side}
    )


def placed(m: Machine, table: Table) -> dict[str, dict[int, Blocks]]:
    """One copy of each matrix along the tiles. Row blocks of a column stay in one tile, if a tile can hold them."""
    found: dict[str, dict[int, Blocks]] = {}
    free = dict.fromkeys(m.snake(), m.slots)
    for layer in (layer for layer in table.layers if layer.rows):
        high, wide = -(-layer.rows // m.rows), -(-layer.columns // (m.columns // m.cells))
        todo = [(column, row) for column in range(wide) for row in range(high)]
        found[layer.name] = {}
        for tile in list(free):
            take = min(len(todo), free[tile] // high * high if high <= m.slots else free[tile])
            first = m.slots - free[tile]
            if take:
                found[layer.name][tile] = [(first + i, *block) for i, block in enumerate(todo[:take])]
            free[tile] -= take
            todo = todo[take:]
            if not todo:
                break
            del free[tile]  # the next layer begins where this one ends
    return found
