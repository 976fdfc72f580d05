"""The components around a chip's arrays, as the stages of a product need them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xbarsim.errors import MappingError
from xbarsim.scenario.stages import Workshop, spec_of
from xbarsim.spec.chip import Part


@dataclass
class Periphery:
    """The components that serve the arrays of a chip, each found once."""

    shop: Workshop

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
            "accumulator",
        )
        found = {name: self._near(name) for name in names}
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

    def engaged(self, part: Part, blocks: int) -> float:
        """Instances of a part that work when `blocks` arrays do: its share of each scope in use, or as many
        as there are arrays to serve."""
        arrays = self.shop.floor.per_scope(part)
        if part.count >= arrays:
            return part.count * blocks / arrays
        scopes, rest = divmod(blocks, arrays)
        return float(scopes * part.count + min(part.count, rest))

    def slices(self, bits: int) -> int:
        dac = self.spec("dac")
        return (dac.slices(bits) if dac is not None else 1) * self.shop.floor.array.phases
