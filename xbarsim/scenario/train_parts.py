"""The components that training in place needs, found on a chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.errors import MappingError
from xbarsim.mapping.floor import Floor
from xbarsim.spec.chip import Part
from xbarsim.spec.training_roles import LearningArray

OF_WEIGHTS = (
    "weights",
    "slow",
    "msb",
    "junctions",
)  # what algorithms call the arrays of the weights themselves


@dataclass(frozen=True)
class TrainingParts:
    """What a chip has beyond products. arrays: by what they hold ("fast"); None where the chip says 'ideal'."""

    trainer: Part
    arrays: dict[str, Part]
    unit: Part | None
    memory: Part | None
    vector_unit: Part | None

    @property
    def trainer_spec(self) -> Any:
        return self.trainer.spec

    def cell_of(self, floor: Floor, array: str) -> str:
        """Name of the cells of an array; of the weights' own for a name that no learning array holds."""
        if array in self.arrays:
            spec: Any = self.arrays[array].spec
            return str(spec.cell)
        return str(floor.array.cell)  # type: ignore[attr-defined]

    def cells_for(self, floor: Floor, arrays: tuple[str, ...], algorithm: str) -> dict[str, str]:
        """Name of the cells of each array that an algorithm asks for. Raises: MappingError with what is missing."""
        chip = floor.chip
        for array in arrays:
            if array not in self.arrays and array not in OF_WEIGHTS:
                raise MappingError(
                    f"{chip.name}: {algorithm} asks for an array that holds '{array}', and there is none. Add a "
                    f"component of kind 'crossbar.learning' with holds: {array}, or take another algorithm"
                )
        return {array: self.cell_of(floor, array) for array in arrays}

    def demand_room(self, floor: Floor, bits_by_tile: Mapping[str, int]) -> None:
        """Raises: MappingError where the digital matrices of the layers on a tile do not fit its memory."""
        if self.memory is None or self.memory.spec is None or _unlimited(floor, self.memory):
            return
        spec: Any = self.memory.spec
        room = spec.capacity_bits * floor.per_tile(self.memory)
        for tile, bits in bits_by_tile.items():
            if bits > room:
                raise MappingError(
                    f"{floor.chip.name}: {self.memory.path} keeps {room:,} bits a tile, and {tile} needs {bits:,} for "
                    f"the matrices of its updates. Raise {self.memory.path}.capacity"
                )

    def path_of(self, floor: Floor, array: str) -> str:
        return self.arrays[array].path if array in self.arrays else floor.array_part.path


def training_parts(floor: Floor) -> TrainingParts:
    """Raises: MappingError for a chip that cannot train in place, with what it lacks."""
    chip = floor.chip
    if floor.digital:
        raise MappingError(
            f"{chip.name}: {floor.array_part.path} is made of digital elements; training in place is of cells. Take a "
            f"chip with a 'crossbar'"
        )
    trainer = floor.beside("trainer")
    if trainer is None or trainer.spec is None:
        raise MappingError(
            f"{chip.name}: nothing in {floor.tile_part.path} drives the pulses of updates. Add a component of kind "
            f"'trainer.pulse_trains', or take a chip that has one ('agad-training')"
        )
    weight: Any = floor.array.weight  # type: ignore[attr-defined]
    if weight.columns != 1 or weight.rows != 1:
        raise MappingError(
            f"{chip.name}: {floor.array_part.path}.weight takes {weight.columns} columns and {weight.rows} rows; "
            f"weights that learn stand in one unit cell each. Let bits_per_cell be bits, and pairs stand along: cell"
        )
    return TrainingParts(
        trainer, _learning(floor), floor.beside("update_unit"), floor.beside("update_memory"), _scalar(floor)
    )


def _learning(floor: Floor) -> dict[str, Part]:
    found: dict[str, Part] = {}
    for part in floor.tile_part.walk():
        if not isinstance(part.spec, LearningArray):
            continue
        if (part.spec.rows, part.spec.columns) != (floor.array.rows, floor.array.columns):
            raise MappingError(
                f"{floor.chip.name}: {part.path} has {part.spec.rows} x {part.spec.columns} cells, "
                f"{floor.array_part.path} {floor.array.rows} x {floor.array.columns}; they "
                f"stand beside one another. Make them alike"
            )
        if part.spec.holds in found:
            raise MappingError(
                f"{floor.chip.name}: {found[part.spec.holds].path} and {part.path} both hold '{part.spec.holds}'. "
                f"Remove one"
            )
        found[part.spec.holds] = part
    return found


def _unlimited(floor: Floor, memory: Part) -> bool:
    return floor.chip.model_of(f"{memory.path}.capacity") in ("unknown", "ideal")


def _scalar(floor: Floor) -> Part | None:
    def able(part: Part) -> bool:
        return part.spec is None or part.spec.can("relu", "elementwise")  # type: ignore[attr-defined]

    return floor.beside("vector_unit", able) or floor.elsewhere("vector_unit", able)
