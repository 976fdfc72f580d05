"""Room in buffers: how many positions of each link the readers keep, so that no network can lock itself.

Each link gets at least what it needs for its reader to go on (the lines of a sliding window, a whole
operand of an attention product, a skip connection's wait for its main branch); what is left of a buffer
is shared out in proportion, so that producers may run ahead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from xbarsim.errors import MappingError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Link, Step
from xbarsim.spec.roles import Storage
from xbarsim.workload.graph import OpGraph, OpKind, Positions


def chunk(step: Step, links: list[Link]) -> int:
    """Positions that one job of a step delivers: inputs come line by line, all else position by position."""
    if step.op.kind is not OpKind.INPUT or not links:
        return 1
    total = step.op.positions
    lines = {line for link in links if (line := _line(link, total))}
    return max(lines) if lines else 1


def _line(link: Link, positions: int) -> int:
    """Width of the map that a window slides over: where its first line ends."""
    size = link.window.input_size if link.window is not None else (1, positions)
    return size[1] if size[0] > 1 else 0


def least_positions(link: Link, steps: dict[str, Step], chunk: int = 1) -> int:
    """Positions of the producer that must fit, or the reader could never go on."""
    index = np.arange(len(link.last_needed))
    window = int((link.last_needed - link.first_needed).max()) + chunk
    reader = steps[link.consumer]
    if len(reader.inputs) == 1:
        return window
    waiting = window
    for other in reader.inputs:
        if other is not link:
            ahead = runs_ahead(link, other, steps)
            waiting = max(waiting, int((ahead - link.first_needed[index]).max()) + chunk)
    return min(waiting, steps[link.producer].last.positions)


def runs_ahead(link: Link, other: Link, steps: dict[str, Step]) -> Positions:
    """For each position of their common reader: the last position of link's producer that may come before
    what `other` must bring has come.

    If the other branch grows out of link's producer (a skip connection), that many must have been made for it;
    if link's producer grows out of the other one, it can only be ahead by what it makes without it; if both
    grow out of a third, what one makes from all that the other has needed of it; else the whole may come first.
    """
    mine, theirs = _ancestry(link.producer, steps), _ancestry(other.producer, steps)
    common = mine.keys() & theirs.keys()
    if not common:
        return np.full(len(other.last_needed), steps[link.producer].last.positions - 1, dtype=np.int64)
    ahead = np.full(len(other.last_needed), -1, dtype=np.int64)
    for origin in common:
        side: Literal["left", "right"] = "left" if origin == other.producer else "right"
        wanted = np.where(other.last_needed < 0, -1, theirs[origin][other.last_needed])
        ahead = np.maximum(ahead, np.searchsorted(mine[origin], wanted, side=side) - 1)
    return ahead


def _ancestry(name: str, steps: dict[str, Step]) -> dict[str, Positions]:
    """For every step that feeds this one: its last position that each position of this one rests on."""
    found: dict[str, Positions] = {name: np.arange(steps[name].op.positions, dtype=np.int64)}
    order = [name]
    for at in order:
        for link in steps[at].inputs:
            needed = np.where(found[at] < 0, -1, link.last_needed[found[at]])
            through = np.maximum.accumulate(needed)
            known = found.get(link.producer)
            if known is None or (through > known).any():
                found[link.producer] = through if known is None else np.maximum(known, through)
                order.append(link.producer)
    return found


def give_room(
    floor: Floor, graph: OpGraph, steps: tuple[Step, ...], bits: int
) -> tuple[tuple[Step, ...], dict[str, int], tuple[str, ...]]:
    """Set the capacity of every link that ends in a tile's buffer.

    Returns the steps with capacities, the least demand of each tile in bits, and remarks.
    Raises: MappingError if the least demand of a tile exceeds its buffer.
    """
    part = floor.beside("buffer")
    if part is None or not isinstance(part.spec, Storage):
        return (
            _one_map_each(steps),
            {},
            ("no tile buffer is described: a layer keeps up to one whole input of each kind",),
        )
    size = part.spec.capacity_bits * floor.per_tile(part)
    if not size:
        return (
            _one_map_each(steps),
            {},
            ("the tile buffer's capacity is ideal or unknown: it never runs full",),
        )
    by_name = {step.name: step for step in steps}
    least, places = _least(steps, by_name, floor)
    each = {key: by_name[key[0]].last.width * bits / max(1, len(tiles)) for key, tiles in places.items()}
    demand = _demand(least, each, places)
    _check(floor, demand, size, part.path, each, places, least)
    flowing = {key: positions + _in_flight(by_name[key[0]]) for key, positions in least.items()}
    wanted = _demand(flowing, each, places)
    room = {}
    for key, tiles in places.items():
        # All that is wanted where it fits, else what is left over the least, in equal proportion.
        spare = min(((size - demand[t]) / max(1, wanted[t] - demand[t]) for t in tiles), default=1.0)
        room[key] = least[key] + int((flowing[key] - least[key]) * min(spare, 1.0))
        if spare >= 1.0:
            room[key] = max(room[key], int(flowing[key] * min(size / max(1, wanted[t]) for t in tiles)))
    return tuple(_with_room(step, room) for step in steps), demand, ()


def _one_map_each(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Without a described buffer: room for one whole result of the producer, which never locks a network."""
    by_name = {step.name: step for step in steps}
    room = {
        (link.producer, link.consumer): by_name[link.producer].op.positions
        for step in steps
        for link in step.inputs
    }
    return tuple(_with_room(step, room) for step in steps)


Key = tuple[str, str]  # (producer, consumer) of a link


def _least(
    steps: tuple[Step, ...], by_name: dict[str, Step], floor: Floor
) -> tuple[dict[Key, int], dict[Key, list[str]]]:
    """For each link into tiles: the positions that must fit, and the tiles that keep them together."""
    readers: dict[str, list[Link]] = {step.name: [] for step in steps}
    for step in steps:
        for link in step.inputs:
            readers[link.producer].append(link)
    least, places = {}, {}
    for step in steps:
        tiles = _tiles(step, floor)
        for link in step.inputs if tiles else ():
            producer = by_name[link.producer]
            least[(link.producer, link.consumer)] = least_positions(
                link, by_name, chunk(producer, readers[producer.name])
            )
            places[(link.producer, link.consumer)] = tiles
    return least, places


def _in_flight(producer: Step) -> int:
    """Positions under way when all copies of a producer work: two of each, and the row that stripes share."""
    copies = len(producer.homes)
    return 2 * copies + (producer.columns if copies > 1 else 0)


def _demand(
    positions: dict[Key, int], each: dict[Key, float], places: dict[Key, list[str]]
) -> dict[str, int]:
    demand: dict[str, int] = {}
    for key, tiles in places.items():
        for tile in tiles:
            demand[tile] = demand.get(tile, 0) + int(positions[key] * each[key])
    return demand


def _with_room(step: Step, room: dict[Key, int]) -> Step:
    inputs = tuple(replace(link, capacity=room.get((link.producer, link.consumer))) for link in step.inputs)
    return replace(step, inputs=inputs)


def _tiles(step: Step, floor: Floor) -> list[str]:
    """Tiles whose buffers keep what the step reads: all its homes' tiles together hold one copy."""
    inside = set(floor.tiles)
    return [
        node for node in dict.fromkeys(share.node for home in step.homes for share in home) if node in inside
    ]


def _check(
    floor: Floor,
    demand: dict[str, int],
    size: int,
    buffer: str,
    each: dict[Key, float],
    places: dict[Key, list[str]],
    least: dict[Key, int],
) -> None:
    over = {tile: bits for tile, bits in demand.items() if bits > size}
    if not over:
        return
    worst = max(over, key=over.__getitem__)
    on_worst = {key: int(least[key] * each[key]) for key, tiles in places.items() if worst in tiles}
    largest = max(on_worst, key=on_worst.__getitem__)
    raise MappingError(
        f"{floor.chip.name}: {len(over)} tiles need more buffer than they have; the fullest, {worst}, needs "
        f"{over[worst] / 8192:.4g} KiB of {size / 8192:.4g} KiB, most of it ({on_worst[largest] / 8192:.4g} KiB) for "
        f"what {largest[1]} reads from {largest[0]}. Raise {buffer}.capacity, or spread the network over more tiles "
        f"(mapping.exclusive_tiles)"
    )
