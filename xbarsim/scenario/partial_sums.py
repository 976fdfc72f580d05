"""Adding the partial sums of matrices that are higher than one array: in a tile, and between tiles."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xbarsim.engine.chain import Chain, Par, Seq, Stage, Work
from xbarsim.engine.station import Station
from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut, Slab
from xbarsim.mapping.joints import Joints
from xbarsim.mapping.program import Copy, Segment
from xbarsim.scenario.periphery import Periphery
from xbarsim.scenario.stages import Task, Workshop, join, use
from xbarsim.scenario.transport import Transport
from xbarsim.spec.chip import Part

NOTHING_BEHIND: Mapping[str, Work] = {}


def followed(work: Work, behind: Work | None) -> Work:
    return work if behind is None else join([work, behind])


@dataclass
class PartialSums:
    """Builds the stages that add row blocks up."""

    shop: Workshop
    near: Periphery
    transport: Transport
    joints: Joints

    def __post_init__(self) -> None:
        self._tasks: dict[tuple[str, int, int], Task] = {}
        self._stages: dict[tuple[str, str, int, int], Stage] = {}

    def within_tile(self, op: str, tile: str, slab: Slab) -> Stage | None:
        """Add the row blocks of each column that lie in this tile."""
        return self._addition(op, tile, slab.additions) if slab.additions else None

    def between_segments(self, op: str, cut: Cut, segments: Sequence[Segment]) -> Stage | None:
        """Add the partial sums of columns whose row blocks lie in several segments of one tile."""
        held = [
            dict.fromkeys(cut.place(block)[0] for block in range(s.first_block, s.first_block + s.blocks))
            for s in segments
        ]
        times = Counter(column for columns in held for column in columns)
        additions = sum(cut.columns(column * cut.row_blocks) * (count - 1) for column, count in times.items())
        return self._addition(op, segments[0].tile, additions) if additions else None

    def _addition(self, op: str, tile: str, additions: int, values: int = 1) -> Stage:
        """Additions in a tile's accumulator, whose results leave as `values` portions."""
        part = self.near.roles["accumulator"]
        if part is None:
            raise MappingError(
                f"{self.shop.floor.chip.name}: {op} has partial sums to add, but no 'accumulator' is in reach of "
                f"{self.near.array.path}. Add one to the tile, write 'accumulator: ideal', or add 'partial_sums' to "
                "the `operations` of a vector unit there."
            )
        key = (op, tile, additions, values)
        if key not in self._stages:
            self._stages[key] = self._adding(op, part, additions, values).at(*self._adders(part, tile))
        return self._stages[key]

    def _adders(self, part: Part, tile: str) -> tuple[Station, ...]:
        if part.spec is None:
            return ()
        servers = max(1, self.shop.floor.per_tile(part) // part.count)
        return (self.shop.station(f"{tile}.{part.name}", part.path, part.spec, servers, part.count, tile),)

    def _adding(self, op: str, part: Part, additions: int, values: int) -> Task:
        key = (op, additions, values)
        if key not in self._tasks:
            self._tasks[key] = self._added(op, part, additions, values)
        return self._tasks[key]

    def _added(self, op: str, part: Part, additions: int, values: int) -> Task:
        spec: Any = part.spec
        if spec is None:
            return self.shop.task(op, 0, ())
        service = spec.add(additions)
        return self.shop.serial(op, part, service, max(1, values), use(part, service, 1, part.count))

    def between_tiles(
        self, op: str, cut: Cut, copy: Copy, behind: Mapping[str, Work] = NOTHING_BEHIND
    ) -> Work | None:
        """Partial sums that lie in different tiles: brought together, or added along a chain of tiles.

        behind: what the sums that are complete in a tile go through next.
        """
        if len(copy.segments) < 2 or cut.row_blocks < 2:
            return None
        columns = self._columns_by_tile(cut, copy)
        works = [
            followed(
                self._column(op, cut, column, tiles) if len(tiles) > 1 else Chain(()),
                behind.get([*tiles][-1]),
            )
            for column, tiles in columns.items()
            if len(tiles) > 1 or behind
        ]
        if not works:
            return None
        return works[0] if len(works) == 1 else Par(tuple(works))

    def _columns_by_tile(self, cut: Cut, copy: Copy) -> dict[tuple[int, ...], dict[str, int]]:
        """Column blocks with the same tiles, together: columns -> tile -> row blocks there."""
        tiles: dict[int, dict[str, int]] = {}
        joined = self.joints.joined(cut, copy)
        for segment in copy.segments:
            block, end = segment.first_block, segment.first_block + segment.blocks
            if block in joined:
                continue
            while block < end:
                column, row = cut.place(block)
                rows = min(cut.row_blocks - row, end - block)
                held = tiles.setdefault(column, {})
                held[segment.tile] = held.get(segment.tile, 0) + rows
                block += rows
        merged: dict[tuple[tuple[str, int], ...], list[int]] = {}
        for column, held in tiles.items():
            merged.setdefault(tuple(held.items()), []).append(column)
        return {tuple(columns): dict(held) for held, columns in merged.items()}

    def _column(self, op: str, cut: Cut, columns: tuple[int, ...], tiles: dict[str, int]) -> Work:
        """Sums of columns that lie in several tiles. In a chain every tile's results pass its adder, the first
        one's too, as in a systolic array; gathered, one adder adds all that came."""
        values = sum(cut.columns(column * cut.row_blocks) for column in columns)
        partial = self.shop.floor.chip.header.precision.partial_sums
        if partial is None:
            raise MappingError(
                f"{self.shop.floor.chip.name}: {op} sends partial sums between tiles, but precision.partial_sums "
                f"is not given. Add 'partial_sums: <bits>' to `precision`."
            )
        names = list(tiles)
        if self.shop.floor.chip.header.mapping.partial_sums == "chain":
            steps: list[Work] = [Chain((self._addition(op, names[0], values, values),))]
            for a, b in itertools.pairwise(names):
                steps.append(self.transport.way(op, a, b, values * partial))
                steps.append(Chain((self._addition(op, b, values, values),)))
            return join(steps)
        head = max(names, key=tiles.__getitem__)
        ways = Par(
            tuple(self.transport.way(op, name, head, values * partial) for name in names if name != head)
        )
        return Seq((ways, Chain((self._addition(op, head, values * (len(names) - 1)),))))
