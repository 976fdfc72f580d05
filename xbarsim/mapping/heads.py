"""Where the results of a copy are found: the tiles in which its columns' sums are complete."""

from __future__ import annotations

from collections.abc import Mapping

from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.program import Copy, Share

_Pattern = tuple[tuple[int, int, int], ...]  # of a copy: (which of its tiles, first block, blocks)
_Spans = tuple[tuple[int, float, float], ...]  # (which of its tiles, low, high)


class Heads:
    """Finds them, once for all copies that are divided alike; equal answers are one object."""

    def __init__(self, cuts: Mapping[str, Cut], chain: bool):
        self.cuts, self.chain = cuts, chain
        self._spans: dict[tuple[str, _Pattern], _Spans] = {}
        self._shares: dict[tuple[tuple[str, ...], _Spans], tuple[Share, ...]] = {}

    def of(self, matrix: str, copy: Copy) -> tuple[Share, ...]:
        """Shares of the result vector of one copy of a matrix."""
        tiles = tuple(dict.fromkeys(segment.tile for segment in copy.segments))
        pattern = tuple((tiles.index(s.tile), s.first_block, s.blocks) for s in copy.segments)
        if (matrix, pattern) not in self._spans:
            self._spans[matrix, pattern] = self._divided(self.cuts[matrix], pattern)
        spans = self._spans[matrix, pattern]
        if (tiles, spans) not in self._shares:
            self._shares[tiles, spans] = tuple(Share(tiles[at], low, high) for at, low, high in spans)
        return self._shares[tiles, spans]

    def _divided(self, c: Cut, pattern: _Pattern) -> _Spans:
        """A column block's sum is complete in the tile that holds most of its row blocks; in a chain, in the
        tile of its last one."""
        tile_of = {first + i: tile for tile, first, blocks in pattern for i in range(blocks)}
        spans: list[tuple[int, float, float]] = []
        for column in range(c.column_blocks):
            tiles = [tile_of[column * c.row_blocks + row] for row in range(c.row_blocks)]
            head = tiles[-1] if self.chain else max(dict.fromkeys(tiles), key=tiles.count)
            low, high = c.output_span(column * c.row_blocks)
            if spans and spans[-1][0] == head and spans[-1][2] == low:
                low = spans.pop()[1]
            spans.append((head, low, high))
        return tuple(spans)
