"""Header: what a chip file says besides its components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from xbarsim.spec.component import Spec
from xbarsim.spec.figures import Reported
from xbarsim.spec.quantity import Bits, Count, MeanCount, Node, Voltage


class Precision(Spec):
    """Numbers that travel on the chip."""

    activations: Bits = Field(description="bits of an input or result vector's element")
    partial_sums: Bits | None = Field(
        None, description="bits of a partial sum on its way to where it is added up"
    )


class MappingChoices(Spec):
    """How networks may be laid onto this chip."""

    replicate: Literal["balance", "none"] = Field(
        "balance", description="balance: copy slow layers onto arrays that are left over; none: one copy each"
    )
    partial_sums: Literal["gather", "chain"] = Field(
        "gather",
        description="gather: all partial sums go to one tile; chain: from tile to tile, added on the way",
    )
    blocks: Literal["full", "even"] = Field(
        "full",
        description="full: matrices are cut into blocks as large as an array, and a rest; even: into equal ones",
    )
    tile_order: str | None = Field(
        None,
        description="order in which tiles are filled, as a formula over i: the number of the i-th one, like "
        "'i//4 + 8*(i%4)'; a snake over the mesh if none is given",
    )
    repeat: Mapping[str, Count] = Field(
        {},
        description="layer (by name, * for any part of it) -> how many times each of its weights is stored below one "
        "another, against noise; the first name that fits counts, once where none does",
    )
    exclusive_tiles: bool = Field(False, description="true: a tile holds blocks of one layer only")
    time_multiplex: bool = Field(
        False,
        description="true: a network that does not fit is run in phases, arrays being rewritten between them",
    )
    phases: Literal["fewest_writes", "fewest"] = Field(
        "fewest_writes",
        description="of a network in phases; fewest_writes: as much as can stays in its arrays, the rest takes turns; "
        "fewest: each phase fills the whole chip, and all is written anew in every pass",
    )
    kv_cache: Literal["on_chip", "off_chip"] | None = Field(
        None,
        description="where keys and values of earlier tokens are kept; on_chip: in the tiles' buffers, beside "
        "the units that read them; off_chip: in the memory",
    )


class HandledData(Spec):
    """What is known of the numbers that the chip handles, for parts whose energy depends on them."""

    mean_output: MeanCount = Field(
        description="mean result of a conversion, in steps of the converter; values with `by_output` are taken there"
    )


class Uncalibrated(Spec):
    """What the fitted numbers would be, had nothing been fitted."""

    set: Mapping[str, str | int | float | bool] = Field(description="key -> its value without the fit")
    source: str = Field(description="who says so")


class Header(Spec):
    """What a chip file says besides its components."""

    name: str = Field(description="name of the chip")
    source: str = Field(
        "", description="the publication it follows; numbers that say nothing else come from there"
    )
    description: str | None = Field(None, description="a sentence about the chip")
    technology_nm: Node = Field(description="technology node")
    precision: Precision = Field(description="bits of the numbers that travel")
    supply_v: Voltage | None = Field(
        None, description="supply voltage it is run at; values with `at_supply` are scaled to it"
    )
    data: HandledData | None = Field(None, description="what is known of the numbers that it handles")
    mapping: MappingChoices = Field(
        MappingChoices.model_validate({}), description="how networks may be laid onto it"
    )
    mode: str | None = Field(None, description="which of `modes` is on")
    reported: tuple[Reported, ...] = Field(
        (), description="what was published, to print beside what is simulated"
    )
    calibrated: Mapping[str, tuple[str, ...]] = Field(
        {}, description="key -> the published figures it was fitted to"
    )
    uncalibrated: Uncalibrated | None = Field(
        None, description="values without the fit, which `compare` shows beside"
    )
