"""What lies outside the tiles: ports where inputs enter and results leave, and memories, all of which take turns."""

from __future__ import annotations

from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Share
from xbarsim.spec.chip import Chip, Part
from xbarsim.spec.graph import instances

Homes = tuple[tuple[Share, ...], ...]
OUTSIDE = "outside"  # where inputs come from and results go to on a chip without `io`
NO_IO = "the chip describes no 'io': inputs appear where they are first read, at no cost"
NO_MEMORY = "table look-ups (embedding) are done by the host: the chip describes no memory"


def ports(chip: Chip, part: Part) -> Homes:
    """All instances of a port or memory, which take turns."""
    return tuple((Share(name, 0.0, 1.0),) for name in instances(chip, part))


class Outside:
    """Finds them for one network; remarks: what to know about those that the chip does not describe."""

    def __init__(self, floor: Floor):
        self.floor = floor
        self.remarks: dict[str, None] = {}

    def door(self) -> tuple[str, Homes]:
        """Where inputs enter and results leave."""
        part = self.floor.elsewhere("io")
        if part is None:
            self.remarks[NO_IO] = None
            return "", ((Share(OUTSIDE, 0.0, 1.0),),)
        return part.path, ports(self.floor.chip, part)

    def tables(self) -> tuple[str, Homes]:
        """Tables (embeddings) lie in off-chip memory, or are looked up by the host that feeds the chip."""
        part = self.floor.elsewhere("memory")
        if part is None:
            self.remarks[NO_MEMORY] = None
            return self.door()
        return part.path, ports(self.floor.chip, part)
