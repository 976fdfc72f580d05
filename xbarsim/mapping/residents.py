"""Several networks on one chip: each gets array slots of its own, and its part of the buffers that it shares.

They are placed one after the other on what is free. A network may fill its share of the slots with copies; one
copy of each matrix of those that follow always keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from xbarsim.errors import MappingError
from xbarsim.mapping.buffers import NOTHING_KEPT, stored_shares
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.plan import map_network
from xbarsim.mapping.plot import Plot
from xbarsim.mapping.program import Program
from xbarsim.spec.chip import Chip
from xbarsim.spec.roles import Storage
from xbarsim.workload.graph import Op, OpGraph

SEPARATOR = "/"  # between a network and its operation


@dataclass(frozen=True)
class Lodger:
    """A network that is to live on a chip with others.

    activation_bits: of an element of an activation; the chip's own if None.
    share: of the chip's array slots, that it may fill with copies of its matrices.
    """

    graph: OpGraph
    activation_bits: int | None
    share: float


def map_residents(chip: Chip, lodgers: Sequence[Lodger]) -> tuple[Program, ...]:
    """Lay several networks onto a chip; with one, as `map_network` does.

    Raises: MappingError if they do not fit together.
    """
    if len(lodgers) == 1 and lodgers[0].share == 1:
        return (map_network(chip, lodgers[0].graph, lodgers[0].activation_bits),)
    floor = Floor(chip)
    slots = [_slots_needed(lodger.graph, floor) for lodger in lodgers]
    if sum(slots) > floor.slots:
        raise MappingError(_too_many(floor, lodgers, slots))
    plots = _plots(chip, floor, lodgers, slots)
    programs = _mapped(chip, lodgers, plots)
    rooms = _rooms(floor, programs)
    if rooms is None:
        return programs
    return _mapped(chip, lodgers, [replace(p, kept_bits=r) for p, r in zip(plots, rooms, strict=True)])


def named_apart(graphs: Sequence[OpGraph]) -> list[OpGraph]:
    """The same networks under names of their own, before each of their operations if there are several."""
    names: list[str] = []
    for graph in graphs:
        same = sum(name == graph.name or name.startswith(f"{graph.name} #") for name in names)
        names.append(f"{graph.name} #{same + 1}" if same else graph.name)
    if len(graphs) == 1:
        return list(graphs)
    return [_renamed(graph, name) for graph, name in zip(graphs, names, strict=True)]


def _renamed(graph: OpGraph, name: str) -> OpGraph:
    def own(inner: str) -> str:
        return f"{name}{SEPARATOR}{inner}"

    def op(one: Op) -> Op:
        matrix = None if one.matrix is None else own(one.matrix)
        return replace(one, name=own(one.name), inputs=tuple(map(own, one.inputs)), matrix=matrix)

    matrices = {own(key): replace(matrix, name=own(matrix.name)) for key, matrix in graph.matrices.items()}
    return replace(graph, name=name, ops=tuple(map(op, graph.ops)), matrices=matrices)


def _slots_needed(graph: OpGraph, floor: Floor) -> int:
    """Array slots of one copy of each matrix; whole tiles where a tile may hold one layer only."""
    size = floor.slots_per_tile if floor.chip.header.mapping.exclusive_tiles else 1
    return sum(-(-floor.cut(matrix).blocks // size) * size for matrix in graph.matrices.values())


def _plots(chip: Chip, floor: Floor, lodgers: Sequence[Lodger], needed: Sequence[int]) -> list[Plot]:
    """What each may use of the floor: places that the others before it took are known by placing them."""
    plots: list[Plot] = []
    programs: list[Program] = []
    for number, lodger in enumerate(lodgers):
        taken = _taken(floor, programs)
        later = sum(needed[number + 1 :])
        free = floor.slots - sum(taken.values()) - later
        if floor.chip.header.mapping.exclusive_tiles:
            taken |= dict.fromkeys(_last_tiles(floor, later), floor.slots_per_tile)
        plots.append(Plot(taken, min(free, int(lodger.share * floor.slots)), NOTHING_KEPT))
        if number + 1 < len(lodgers):
            programs.append(map_network(chip, lodger.graph, lodger.activation_bits, plots[-1]))
    return plots


def _last_tiles(floor: Floor, slots: int) -> tuple[str, ...]:
    tiles = -(-slots // floor.slots_per_tile)
    return floor.tiles[len(floor.tiles) - tiles :]


def _taken(floor: Floor, programs: Iterable[Program]) -> dict[str, int]:
    """Array slots that hold a block, by tile; they are taken from the first on."""
    taken: dict[str, int] = {}
    for program in programs:
        for copies in program.copies.values():
            for segment in (segment for copy in copies for segment in copy.segments):
                taken[segment.tile] = max(taken.get(segment.tile, 0), segment.first_slot + segment.blocks)
    return taken


def _mapped(chip: Chip, lodgers: Sequence[Lodger], plots: Sequence[Plot]) -> tuple[Program, ...]:
    return tuple(
        map_network(chip, lodger.graph, lodger.activation_bits, plot)
        for lodger, plot in zip(lodgers, plots, strict=True)
    )


def _rooms(floor: Floor, programs: Sequence[Program]) -> list[dict[str, int]] | None:
    """Bits of each tile's buffer that the others of each network have: everyone's part is in proportion to what it
    needs at least. None if there is nothing to share out.

    Raises: MappingError if the buffer of a tile is too small for all who need it.
    """
    size = buffer_bits(floor)
    if size is None:
        return None
    total: dict[str, int] = {}
    for program in programs:
        for tile, bits in program.buffer_demand_bits.items():
            total[tile] = total.get(tile, 0) + bits
    worst = max(total, key=lambda tile: total[tile], default="")
    if total and total[worst] > size:
        who = ", ".join(
            f"{p.graph.name} {p.buffer_demand_bits[worst] / 8192:.4g} KiB"
            for p in programs
            if worst in p.buffer_demand_bits
        )
        part = floor.beside("buffer")
        key = f"{part.path}.capacity" if part is not None else "the buffer's capacity"
        raise MappingError(
            f"{floor.chip.name}: the networks together need more buffer than there is; the fullest tile, {worst}, "
            f"needs {total[worst] / 8192:.4g} KiB of {size / 8192:.4g} KiB ({who}). Raise {key}, or "
            f"give the networks tiles of their own (mapping.exclusive_tiles)"
        )
    return [
        {
            tile: size - size * bits // total[tile]
            for tile, bits in program.buffer_demand_bits.items()
            if total[tile]
        }
        for program in programs
    ]


def _too_many(floor: Floor, lodgers: Sequence[Lodger], slots: Sequence[int]) -> str:
    each = ", ".join(f"{lodger.graph.name} {count:,}" for lodger, count in zip(lodgers, slots, strict=True))
    tiles = -(-sum(slots) // floor.slots_per_tile)
    return (
        f"{len(lodgers)} networks on {floor.chip.name}: {sum(slots):,} array blocks ({each}), {floor.slots:,} arrays: "
        f"{sum(slots) - floor.slots:,} missing. Raise {floor.tile_part.path}.count to at least {tiles:,}, or take "
        f"fewer networks"
    )


def buffer_use_bits(floor: Floor, program: Program) -> dict[str, int]:
    """Bits that the links of a network may fill of each tile's buffer; those without a limit are not counted."""
    by_name = {step.name: step for step in program.steps}
    use: dict[str, int] = {}
    for step in program.steps:
        for link in step.inputs:
            width = by_name[link.producer].last.width
            bits = (link.capacity or 0) * width * program.activation_bits
            for tile, share in stored_shares(step, width, floor, program.cuts, program.copies).items():
                use[tile] = use.get(tile, 0) + int(bits * share)
    return use


def buffer_bits(floor: Floor) -> int | None:
    """Bits of one tile's buffer; None if the chip describes none, or its size is unknown or ideal."""
    part = floor.beside("buffer")
    if part is None or not isinstance(part.spec, Storage) or not part.spec.capacity_bits:
        return None
    return part.spec.capacity_bits * floor.per_tile(part)
