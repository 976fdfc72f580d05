"""The floor of a chip: its tiles as stops of the network, and how components are found from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Cut, cut
from xbarsim.spec.chip import Chip, Part
from xbarsim.spec.graph import instances
from xbarsim.spec.patterns import evaluate
from xbarsim.spec.roles import PARTIAL_SUMS, REQUANTISE, Array
from xbarsim.workload.graph import Matrix

Test = Callable[[Part], bool]


class Floor:
    """Tiles (the network stops that hold arrays), their array slots, and the components in reach."""

    def __init__(self, chip: Chip):
        self.chip = chip
        self.graph = chip.graph
        arrays = chip.arrays()
        if not arrays:
            raise MappingError(f"{chip.name}: there is no array. Add a component of kind 'crossbar'.")
        if len(arrays) > 1:
            names = ", ".join(part.path for part in arrays)
            raise MappingError(
                f"{chip.name}: several kinds of arrays ({names}); one kind can be mapped. Remove the others."
            )
        self.array_part = arrays[0]
        self.tile_part = self._stop()
        if self.digital and chip.totals[self.array_part.path] != chip.totals[self.tile_part.path]:
            raise MappingError(
                f"{chip.name}: several of {self.array_part.path} in one {self.tile_part.path}; each has its own inputs "
                f"and sums. Put each into a {self.tile_part.spec.kind} of its own"  # type: ignore[union-attr]
            )

    @property
    def array(self) -> Array:
        assert isinstance(self.array_part.spec, Array)
        return self.array_part.spec

    @property
    def digital(self) -> bool:
        """Whether matrices are worked off by digital elements, block after block."""
        return self.array.digital

    @property
    def around_array(self) -> list[Part]:
        """Composites around the array, nearest first, the chip last."""
        return self._ancestors(self.array_part)

    def _ancestors(self, part: Part) -> list[Part]:
        """The part's composites, nearest first, the chip last."""
        found = []
        parent = self.chip.parent(part)
        while parent is not None:
            found.append(parent)
            parent = self.chip.parent(parent)
        return found

    def _stop(self) -> Part:
        """The nearest composite around the array that the network reaches, else the outermost one."""
        connected = {name.split(".")[-1] for c in self._connections() for name in _names(c.members)}
        around = [part for part in self._ancestors(self.array_part) if part.path]
        for part in around:
            if part.name in connected:
                return part
        return around[-1] if around else self.array_part

    def _connections(self):  # type: ignore[no-untyped-def]
        return [connection for part in self.chip.root.walk() for connection in part.connect]

    @cached_property
    def tiles(self) -> tuple[str, ...]:
        """Network stops in an order in which neighbours follow one another (a snake over a mesh)."""
        names = instances(self.chip, self.tile_part)
        if self.chip.header.mapping.tile_order is not None:
            return ordered(names, self.chip.header.mapping.tile_order, self.chip.name)
        places = self.graph.place
        if not all(name in places for name in names):
            return tuple(names)
        outer = {name: name.rpartition(".")[0] for name in names}

        def snake(name: str) -> tuple[int, float, float]:
            x, y = places[name]
            return order[outer[name]], y, x if int(y) % 2 == 0 else -x

        order = {scope: i for i, scope in enumerate(dict.fromkeys(outer.values()))}
        return tuple(sorted(names, key=snake))

    @cached_property
    def slots_per_tile(self) -> int:
        totals = self.chip.totals
        return totals[self.array_part.path] // totals[self.tile_part.path] * self.array.blocks_kept

    @property
    def slots(self) -> int:
        return self.slots_per_tile * len(self.tiles)

    def cut(self, matrix: Matrix) -> Cut:
        """How a matrix is cut into blocks for the arrays of this chip."""
        even = self.chip.header.mapping.blocks == "even"
        return cut(matrix, self.array_of(matrix), even, self.times_stored(matrix.name))

    def array_of(self, matrix: Matrix | None) -> Array:
        """The array as a matrix sees it: with the bits that its weights have. Raises: MappingError."""
        bits = matrix.weight_bits if matrix is not None else None
        if bits is None:
            return self.array
        if bits not in self._storing:
            try:
                self._storing[bits] = self.array.storing(bits)
            except ValueError as reason:
                path, name = self.array_part.path, matrix.name if matrix is not None else ""
                raise MappingError(
                    f"{self.chip.name}: {name} has weights of {bits} bits, which {path} cannot store: {reason}. Change "
                    f"`precision` in the workload file, or {path}.weight.bits and its energy"
                ) from None
        return self._storing[bits]

    @cached_property
    def _storing(self) -> dict[int, Array]:
        return {}

    def times_stored(self, matrix: str) -> int:
        """How often the chip stores each weight of a matrix. Raises: MappingError if an array is too small."""
        layer = re.sub(r"\[\d+\]$", "", matrix)  # of a part of a layer, the whole
        patterns = self.chip.header.mapping.repeat
        times = next((times for name, times in patterns.items() if fnmatchcase(layer, name)), 1)
        if times > self.array.weight_rows:
            raise MappingError(
                f"{self.chip.name}: mapping.repeat stores each weight of {matrix} {times} times below one another; "
                f"{self.array_part.path} has room for {self.array.weight_rows}. Give at most that"
            )
        return times

    # --- components in reach -------------------------------------------------------------------

    def beside(self, role: str, test: Test = lambda part: True) -> Part | None:
        """The component of a role that serves an array: looked for beside it, then outwards to its tile,
        then anywhere inside the tile."""
        for scope in self._ancestors(self.array_part):
            if len(scope.path) < len(self.tile_part.path):
                break
            for part in scope.children:
                if part.role == role and test(part):
                    return part
        return next((part for part in self.tile_part.walk() if part.role == role and test(part)), None)

    @cached_property
    def adder(self) -> Part | None:
        """What adds partial sums: an accumulator, else a vector unit that can do it beside its other work."""

        def able(part: Part) -> bool:
            return part.spec is not None and part.spec.can(PARTIAL_SUMS, PARTIAL_SUMS)  # type: ignore[attr-defined]

        return self.beside("accumulator") or self.beside("vector_unit", able)

    @cached_property
    def requantiser(self) -> Part | None:
        """The vector unit that scales the sums of digital arrays to activations."""

        def able(part: Part) -> bool:
            return part.spec is None or part.spec.can(REQUANTISE, REQUANTISE)  # type: ignore[attr-defined]

        return self.beside("vector_unit", able)

    def elsewhere(self, role: str, test: Test = lambda part: True) -> Part | None:
        """A component of a role outside the tiles, nearest to the chip's root."""
        inside = {part.path for part in self.tile_part.walk()}
        outside = [p for p in self.chip.root.walk() if p.path not in inside and p.role == role and test(p)]
        return min(outside, key=lambda part: part.path.count("."), default=None)

    def per_scope(self, part: Part) -> int:
        """Arrays that share one instance of the composite in which the part stands."""
        scope = self.chip.parent(part)
        assert scope is not None
        arrays = self.chip.totals[self.array_part.path] * self.array.blocks_kept
        return max(1, arrays // self.chip.totals[scope.path])

    def per_tile(self, part: Part) -> int:
        """Instances of the part in one tile."""
        return self.chip.totals[part.path] // self.chip.totals[self.tile_part.path]


def ordered(names: Sequence[str], formula: str, chip: str) -> tuple[str, ...]:
    """Tiles in the order of a formula over i, the number of the tile that is filled i-th."""
    numbers = [evaluate(formula, "i", i, f"mapping.tile_order: {formula}") for i in range(len(names))]
    if sorted(numbers) != list(range(len(names))):
        twice = next((n for n in numbers if numbers.count(n) > 1), None)
        wrong = f"tile {twice} comes twice" if twice is not None else "some lie outside"
        raise MappingError(
            f"{chip}: mapping.tile_order '{formula}' must give each of the tiles 0 to {len(names) - 1} once; {wrong}"
        )
    return tuple(names[number] for number in numbers)


def _names(members: tuple[str, ...]) -> list[str]:
    return [member.split("[")[0] for member in members]
