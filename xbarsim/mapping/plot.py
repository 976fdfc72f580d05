"""The part of a floor that one of several networks may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Plot:
    """What is left of a floor for one network.

    taken: array slots that others hold, by tile: its first ones, up to this many.
    slots: most that copies of its matrices may fill; one copy of each is placed in any case.
    kept_bits: of each tile's buffer, that the others have.
    """

    taken: Mapping[str, int]
    slots: int
    kept_bits: Mapping[str, int]
