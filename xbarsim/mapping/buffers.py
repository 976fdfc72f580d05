"""Room in buffers: how many positions of each link the readers keep, so that no network can lock itself.

Each link gets at least what it needs for its reader to go on (the lines of a sliding window, a whole
operand of an attention product, a skip connection's wait for its main branch); what is left of a buffer
is shared out in proportion, so that producers may run ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Copy, Link, Share, Step, in_place
from xbarsim.mapping.spans import Span, united, whole
from xbarsim.spec.roles import Storage
from xbarsim.workload.graph import OpKind, Positions


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


NOTHING_KEPT: Mapping[str, int] = MappingProxyType({})
Ancestry = dict[str, Positions]  # step -> its last position that each position of a later one rests on


def least_of(reader: Step, steps: dict[str, Step], chunks: Mapping[str, int]) -> list[int]:
    """For each input of a reader: positions of its producer that must fit, or the reader could never go on."""
    windows = [
        int((link.last_needed - link.first_needed).max()) + chunks[link.producer] for link in reader.inputs
    ]
    if len(windows) == 1:
        return windows
    grown = [_ancestry(link.producer, steps) for link in reader.inputs]
    least = []
    for number, (link, window) in enumerate(zip(reader.inputs, windows, strict=True)):
        total = steps[link.producer].last.positions
        waiting = [
            int((_ahead(grown[number], other, grown[i], total) - link.first_needed).max())
            for i, other in enumerate(reader.inputs)
            if i != number
        ]
        least.append(min(max(window, *(w + chunks[link.producer] for w in waiting)), total))
    return least


def _ahead(mine: Ancestry, other: Link, theirs: Ancestry, total: int) -> Positions:
    """For each position of a reader: the last of a producer's `total` positions that may come before what
    `other` must bring has come.

    If the other branch grows out of the producer (a skip connection), that many must have been made for it;
    if the producer grows out of the other one, it can only be ahead by what it makes without it; if both
    grow out of a third, what one makes from all that the other has needed of it; else the whole may come first.
    """
    common = mine.keys() & theirs.keys()
    if not common:
        return np.full(len(other.last_needed), total - 1, dtype=np.int64)
    ahead = np.full(len(other.last_needed), -1, dtype=np.int64)
    for origin in common:
        side: Literal["left", "right"] = "left" if origin == other.producer else "right"
        wanted = np.where(other.last_needed < 0, -1, theirs[origin][other.last_needed])
        ahead = np.maximum(ahead, np.searchsorted(mine[origin], wanted, side=side) - 1)
    return ahead


def _ancestry(name: str, steps: dict[str, Step]) -> Ancestry:
    """What a step grows out of: each step that feeds it, looked at once, after all that read it."""
    found: Ancestry = {name: np.arange(steps[name].op.positions, dtype=np.int64)}
    for at in reversed(_upstream(name, steps)):
        for link in steps[at].inputs:
            through = np.where(found[at] < 0, -1, link.last_needed[found[at]])
            known = found.get(link.producer)
            found[link.producer] = through if known is None else np.maximum(known, through)
    return found


def _upstream(name: str, steps: dict[str, Step]) -> list[str]:
    """A step and all that feed it, in execution order."""
    found = {name}
    todo = [name]
    for at in todo:  # grows while it is read
        new = {link.producer for link in steps[at].inputs} - found
        found |= new
        todo += new
    return [step for step in steps if step in found]


def give_room(
    floor: Floor,
    steps: tuple[Step, ...],
    bits: int,
    cuts: Mapping[str, Cut],
    copies: Mapping[str, tuple[Copy, ...]],
    kept: Mapping[str, int] = NOTHING_KEPT,
) -> tuple[tuple[Step, ...], dict[str, int], tuple[str, ...]]:
    """Set the capacity of every link that ends in a tile's buffer.

    kept: bits of each tile's buffer that other data takes; the least demand must fit beside it.
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
    least, shares = _least(
        steps, by_name, lambda step, width: stored_shares(step, width, floor, cuts, copies)
    )
    places = {key: _scaled(tiles, by_name[key[0]].last.width * bits) for key, tiles in shares.items()}
    demand = _demand(least, places)
    _check(floor, demand, size, part.path, places, least, kept)
    flowing = {key: positions + _in_flight(by_name[key[0]]) for key, positions in least.items()}
    needed, wanted = _bits(least, places), _bits(flowing, places)
    room = {}
    for key, tiles in places.items():
        # All that is wanted where it fits, else what is left over the least, in equal proportion.
        left = {t: size - kept.get(t, 0) for t in tiles}
        spare = min(((left[t] - needed[t]) / max(1, wanted[t] - needed[t]) for t in tiles), default=1.0)
        room[key] = least[key] + int((flowing[key] - least[key]) * min(spare, 1.0))
        if spare >= 1.0:
            room[key] = max(room[key], int(flowing[key] * min(left[t] / max(1, wanted[t]) for t in tiles)))
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
    steps: tuple[Step, ...], by_name: dict[str, Step], stored: Callable[[Step, int], dict[str, float]]
) -> tuple[dict[Key, int], dict[Key, dict[str, float]]]:
    """For each link into tiles: the positions that must fit, and the share of them that each tile keeps."""
    readers: dict[str, list[Link]] = {step.name: [] for step in steps}
    for step in steps:
        for link in step.inputs:
            readers[link.producer].append(link)
    chunks = {step.name: chunk(step, readers[step.name]) for step in steps}
    least, shares = {}, {}
    for step in steps:
        places = [stored(step, by_name[link.producer].last.width) for link in step.inputs]
        if not any(places):
            continue
        for link, tiles, positions in zip(step.inputs, places, least_of(step, by_name, chunks), strict=True):
            if not in_place(by_name[link.producer], step):
                least[link.producer, link.consumer] = positions
                shares[link.producer, link.consumer] = tiles
    return least, shares


def stored_shares(
    step: Step, width: int, floor: Floor, cuts: Mapping[str, Cut], copies: Mapping[str, tuple[Copy, ...]]
) -> dict[str, float]:
    """Share of an input of so many elements that each tile keeps: of the positions that its copies there do, the
    part of the vector that its blocks there read. Copies share the positions evenly."""
    inside = set(floor.tiles)
    kept: dict[str, float] = {}
    for number, home in enumerate(step.homes):
        spans: dict[str, list[Span]] = {}
        for node, low, high in _reads(step, number, home, cuts, copies):
            if node in inside:
                spans.setdefault(node, []).append(whole(low, high, width))
        for node, found in spans.items():
            part = sum(high - low for low, high in united(found))
            kept[node] = kept.get(node, 0.0) + part / len(step.homes)
    return kept


def _reads(
    step: Step,
    number: int,
    home: tuple[Share, ...],
    cuts: Mapping[str, Cut],
    copies: Mapping[str, tuple[Copy, ...]],
) -> Iterator[tuple[str, float, float]]:
    """Tiles of one copy, and the part of the input vector that each reads."""
    if step.op.matrix is None:
        yield from ((share.node, share.low, share.high) for share in home)
        return
    cut = cuts[step.op.matrix]
    for segment in copies[step.op.matrix][number].segments:
        slab = cut.slab(segment.first_block, segment.blocks)
        yield from ((segment.tile, low, high) for low, high in slab.spans)


def _scaled(shares: dict[str, float], bits: int) -> dict[str, float]:
    return {tile: share * bits for tile, share in shares.items()}


def _in_flight(producer: Step) -> int:
    """Positions under way when all copies of a producer work: two of each, and the row that stripes share."""
    copies = len(producer.homes)
    return 2 * copies + (producer.columns if copies > 1 else 0)


def _demand(positions: dict[Key, int], places: dict[Key, dict[str, float]]) -> dict[str, int]:
    """Bits that each tile must keep for so many positions of every link."""
    demand: dict[str, int] = {}
    for key, tiles in places.items():
        for tile, each in tiles.items():
            demand[tile] = demand.get(tile, 0) + int(positions[key] * each)
    return demand


def _bits(positions: dict[Key, int], places: dict[Key, dict[str, float]]) -> dict[str, float]:
    """The same, unrounded: what is shared out in proportion to it must not add up to more than there is."""
    bits: dict[str, float] = {}
    for key, tiles in places.items():
        for tile, each in tiles.items():
            bits[tile] = bits.get(tile, 0.0) + positions[key] * each
    return bits


def _with_room(step: Step, room: dict[Key, int]) -> Step:
    inputs = tuple(replace(link, capacity=room.get((link.producer, link.consumer))) for link in step.inputs)
    return replace(step, inputs=inputs)


def _check(
    floor: Floor,
    demand: dict[str, int],
    size: int,
    buffer: str,
    places: dict[Key, dict[str, float]],
    least: dict[Key, int],
    others: Mapping[str, int],
) -> None:
    needed = {tile: demand.get(tile, 0) + others.get(tile, 0) for tile in {**demand, **others}}
    over = {tile: bits for tile, bits in needed.items() if bits > size}
    if not over:
        return
    worst = max(over, key=over.__getitem__)
    on_worst = {key: int(least[key] * tiles[worst]) for key, tiles in places.items() if worst in tiles}
    largest = max(on_worst, key=on_worst.__getitem__, default=("", ""))
    if others.get(worst, 0) > on_worst.get(largest, 0):
        raise MappingError(
            f"{floor.chip.name}: {len(over)} tiles need more buffer than they have; the fullest, {worst}, needs "
            f"{over[worst] / 8192:.4g} KiB of {size / 8192:.4g} KiB, most of it ({others[worst] / 8192:.4g} KiB) for "
            f"keys and values, and what flows beside: {(over[worst] - size) / 8192:.4g} KiB missing. Raise "
            f"{buffer}.capacity, let in fewer requests at a time, or keep them in a memory (mapping.kv_cache: off_chip)"
        )
    raise MappingError(
        f"{floor.chip.name}: {len(over)} tiles need more buffer than they have; the fullest, {worst}, needs "
        f"{over[worst] / 8192:.4g} KiB of {size / 8192:.4g} KiB, most of it ({on_worst[largest] / 8192:.4g} KiB) for "
        f"what {largest[1]} reads from {largest[0]}. Raise {buffer}.capacity, or spread the network over more tiles "
        f"(mapping.exclusive_tiles)"
    )
