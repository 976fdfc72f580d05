"""Rounds that come again and again, in whole picoseconds, and runs of equal ones told as one."""

from __future__ import annotations

from dataclasses import dataclass

from xbarsim.maintenance.policy import Policy

PS_PER_S = 10**12


@dataclass(frozen=True)
class Rounds:
    """Times first_ps + k period_ps, for k = 0, 1, …"""

    first_ps: int
    period_ps: int

    @classmethod
    def of(cls, every_s: float, part: int = 0, parts: int = 1) -> Rounds:
        """One of several that share the time between rounds evenly: the last is due when it is over."""
        period_ps = round(every_s * PS_PER_S)
        return cls(period_ps * (part + 1) // parts, period_ps)

    def number(self, until_ps: int) -> int:
        """How many are due up to a time, that instant included."""
        return max(0, (until_ps - self.first_ps) // self.period_ps + 1)

    def at_ps(self, number: int) -> int:
        return self.first_ps + number * self.period_ps


@dataclass(frozen=True)
class Part:
    """What is written of a layer at a time: some of its blocks; tile: where, None: everywhere."""

    layer: str
    blocks: tuple[int, ...]
    tile: str | None = None


@dataclass(frozen=True)
class Group:
    """What is looked after together, and when."""

    rounds: Rounds
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Bout:
    """Equal turns of a group: which of its parts were written (by number), when first, how often, how far apart."""

    group: int
    written: tuple[int, ...]
    first_ps: int
    times: int
    period_ps: int

    @property
    def last_ps(self) -> int:
        return self.first_ps + (self.times - 1) * self.period_ps


def groups(policy: Policy, parts: tuple[Part, ...], by_tile: tuple[Part, ...]) -> tuple[Group, ...]:
    """Who is looked after when. A layer that is probed is decided on as a whole, else tiles are looked after.

    parts: whole layers; by_tile: the same, tile by tile.
    """
    if policy.every_s is None:
        return ()
    if policy.order == "at once":
        return (Group(Rounds.of(policy.every_s), parts),)
    apart: list[tuple[Part, ...]]
    if policy.threshold is not None:
        apart = [(part,) for part in parts]
    else:
        tiles = dict.fromkeys(part.tile for part in by_tile)
        apart = [tuple(part for part in by_tile if part.tile == tile) for tile in tiles]
    return tuple(
        Group(Rounds.of(policy.every_s, number, len(apart)), some) for number, some in enumerate(apart)
    )
