"""Neighbouring tiles that add their columns up in analog, before anything is converted."""

from __future__ import annotations

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Copy, Program


class Joints:
    """Finds the row blocks whose sums meet before they are converted: blocks of the same column, one below the
    other, in tiles side by side.

    most: tiles that can be joined. Raises: MappingError where it is not said what joined tiles would do.
    """

    def __init__(self, floor: Floor, most: int):
        self.floor, self.most = floor, most
        if most > 1 and floor.slots_per_tile > 1:
            self._refuse(f"{floor.tile_part.path} has {floor.slots_per_tile} arrays. Make each array a tile")
        if most > 1 and floor.chip.header.mapping.partial_sums == "chain":
            self._refuse("mapping.partial_sums is 'chain'. Write 'gather'")

    def _refuse(self, why: str) -> None:
        raise MappingError(
            f"{self.floor.chip.name}: columns of {self.most} tiles are added up in analog, which needs tiles of one "
            f"array each and sums that are gathered; {why}, or take `joins` away"
        )

    def joined(self, cut: Cut, copy: Copy) -> frozenset[int]:
        """Blocks that give their sums to the row block before them."""
        if self.most == 1 or cut.row_blocks == 1:
            return frozenset()
        tile = {segment.first_block: segment.tile for segment in copy.segments}
        found: set[int] = set()
        together = 1
        for block in range(1, cut.blocks):
            below = block % cut.row_blocks > 0 and together < self.most
            if below and self._side_by_side(tile[block - 1], tile[block]):
                found.add(block)
                together += 1
            else:
                together = 1
        return frozenset(found)

    def _side_by_side(self, one: str, other: str) -> bool:
        """On the mesh; where tiles have no places, any two are."""
        places = self.floor.graph.place
        if one not in places or other not in places:
            return True
        (x, y), (u, v) = places[one], places[other]
        return abs(x - u) + abs(y - v) == 1

    def results(self, program: Program) -> int:
        """Column results that leave the arrays when each matrix of a network is used once."""
        return sum(
            sum(map(cut.columns, range(cut.blocks))) - sum(map(cut.columns, self.joined(cut, copy)))
            for name, cut in program.cuts.items()
            for copy in program.copies[name]
        )
