"""The components around a chip's arrays, as the stages of a product need them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.program import Segment
from xbarsim.scenario.stages import Workshop, spec_of
from xbarsim.spec.chip import Part
from xbarsim.spec.roles import Feed


@dataclass(frozen=True)
class Sharing:
    """The converters that several arrays share: which ones serve some arrays, and how many of these arrays the
    busiest one serves. None where every array has its own."""

    converters: tuple[int, ...] = ()
    most: int = 0


@dataclass
class Periphery:
    """The components that serve the arrays of a chip, each found once."""

    shop: Workshop
    _engaged: dict[tuple[str, int], float] = field(default_factory=dict, init=False)

    @cached_property
    def array(self) -> Part:
        return self.shop.floor.array_part

    def _near(self, role: str) -> Part | None:
        return self.shop.floor.beside(role)

    @cached_property
    def roles(self) -> dict[str, Part | None]:
        names = (
            "dac",
            "sample_hold",
            "adc",
            "shift_add",
            "output_register",
            "input_register",
            "buffer",
            "bus",
        )
        found = {name: self._near(name) for name in names} | {"accumulator": self.shop.floor.adder}
        if self.shop.floor.digital:
            return found
        for name in ("dac", "adc"):
            if found[name] is None:
                chip = self.shop.floor.chip.name
                raise MappingError(
                    f"{chip}: {self.array.path} has no {name} in reach. Add one beside it or in its tile, "
                    f"or write '{name}: ideal'."
                )
        return found

    def spec(self, role: str) -> Any:
        return spec_of(self.roles[role])

    def part(self, role: str) -> Part:
        """A component that is there."""
        part = self.roles[role]
        assert part is not None
        return part

    @cached_property
    def array_name(self) -> str:
        """The array's path inside its tile."""
        return self.array.path.removeprefix(f"{self.shop.floor.tile_part.path}.")

    @cached_property
    def overlap(self) -> bool:
        """Whether a product may begin before the one before it has left the last stage."""
        return all(getattr(part.spec, "overlap", True) for part in self.shop.floor.around_array)

    @cached_property
    def stations(self) -> tuple[str, ...]:
        """Roles that have stations of their own behind an array; counters need no sample-and-hold."""
        counting = getattr(self.spec("adc"), "concurrent", False)
        roles = ("adc", "shift_add") if counting else ("adc", "sample_hold", "shift_add")
        return tuple(role for role in roles if self.spec(role) is not None)

    def sharing(self, first_slot: int, arrays: int) -> Sharing:
        """The converters of neighbouring arrays, where there are fewer of them than arrays."""
        spec = self.spec("adc")
        each = self._arrays_each if spec is not None else 0
        if spec is None or spec.count >= each:
            return _UNSHARED
        load: dict[int, int] = {}
        for slot in range(first_slot, first_slot + arrays):
            scope, within = divmod(slot, each)
            converter = scope * spec.count + int(within / (each / spec.count))
            load[converter] = load.get(converter, 0) + 1
        return Sharing(tuple(sorted(load)), max(load.values()))

    @cached_property
    def _arrays_each(self) -> int:
        """Arrays around one set of converters."""
        return self.shop.floor.per_scope(self.part("adc"))

    def filled(self, cut: Cut, segment: Segment) -> tuple[int, ...]:
        """Elements that the input registers of each scope take for neighbouring arrays: all that those there read."""
        part = self.roles["input_register"]
        if part is None or part.spec is None:
            return ()
        each, end = self.shop.floor.per_scope(part), segment.first_slot + segment.blocks
        found, at = [], segment.first_slot
        while at < end:
            after = min(end, (at // each + 1) * each)
            first = segment.first_block + at - segment.first_slot
            found.append(cut.slab(first, after - at).inputs)
            at = after
        return tuple(found)

    def engaged(self, part: Part, blocks: int) -> float:
        """Instances of a part that work when `blocks` arrays do: its share of each scope in use, or as many
        as there are arrays to serve."""
        key = (part.path, blocks)
        if key not in self._engaged:
            arrays = self.shop.floor.per_scope(part)
            scopes, rest = divmod(blocks, arrays)
            fewer = float(scopes * part.count + min(part.count, rest))
            self._engaged[key] = part.count * blocks / arrays if part.count >= arrays else fewer
        return self._engaged[key]

    def slices(self, bits: int) -> int:
        dac = self.spec("dac")
        return (dac.slices(bits) if dac is not None else 1) * self.shop.floor.array.phases

    def feed(self, bits: int) -> Feed:
        """How each portion of an input of so many bits is read and converted."""
        dac, adc = self.spec("dac"), self.spec("adc")
        feed: Feed = dac.feed(bits) if dac is not None else Feed()
        if adc is None:
            return feed
        path, found = self.part("adc").path, self.shop.floor.chip.name
        if not adc.integrates and any(conversion.cycles > 1 for conversion in feed.conversions):
            raise MappingError(
                f"{found}: {self.part('dac').path} ({dac.kind}) gives each bit of an input as a pulse of its own, and "
                f"{path} ({adc.kind}) cannot add these up by weight. Take an 'adc.neuron', or a 'dac.bit_serial'"
            )
        each, columns = (
            adc.count // self.shop.floor.per_scope(self.part("adc")),
            self.shop.floor.array.columns,
        )
        if adc.integrates and each < columns:
            raise MappingError(
                f"{found}: {path} ({adc.kind}) samples a column of its own, but {each} stand beside an array of "
                f"{columns} columns. Raise {path}.count"
            )
        return feed


_UNSHARED = Sharing()
