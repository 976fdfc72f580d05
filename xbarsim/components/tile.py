"""Composites: tiles, cores, in-situ multiply-accumulate units, chips on a board."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import component
from xbarsim.spec.quantity import Area, Duration, Power
from xbarsim.spec.roles import Composite


class Group(Composite):
    """Holds other components; its own area and power are what its parts do not say."""

    area_um2: Area = Field(0.0, description="area of one instance beyond that of its parts (wiring, control)")
    idle_power_uw: Power = Field(
        0.0, description="power of one instance beyond that of its parts, at all times"
    )
    cycle_ps: Duration | None = Field(
        None,
        description="if given, each step inside takes a whole number of these cycles (synchronous pipeline)",
    )
    overlap: bool = Field(
        True,
        description="false: one product at a time in it, the next begins when the last result of this one stands (a "
        "blocking instruction); true: as far as the stages allow",
    )


@component("tile")
class Tile(Group):
    """A tile: arrays with the periphery and buffers they share, one stop of the network."""


@component("ima")
class Ima(Group):
    """An in-situ multiply-accumulate unit: arrays and converters inside a tile."""


@component("core")
class Core(Group):
    """A core: what one network stop holds, where the paper calls it so."""


@component("die")
class Die(Group):
    """A whole die on a board or in a package."""
