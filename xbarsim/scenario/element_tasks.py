"""Tasks of one matrix-vector product on a digital array: weights read and used, sums scaled to activations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xbarsim.engine.station import Station
from xbarsim.errors import MappingError
from xbarsim.mapping.blocks import Slab
from xbarsim.quantise.activity import Activity
from xbarsim.scenario.array_tasks import Plan, Reading, Step
from xbarsim.scenario.periphery import Periphery
from xbarsim.scenario.stages import Task, Workshop, use
from xbarsim.spec.chip import Part
from xbarsim.spec.component import ComponentSpec
from xbarsim.spec.digital import DigitalArray

MEMORY, UNIT = "weight_memory", "requantiser"


@dataclass
class ElementTasks:
    """Prices what digital elements, their weight memory and the unit behind them do for one product.

    bits: of an input. products: of each operation that multiplies with a matrix.
    """

    shop: Workshop
    near: Periphery
    bits: int
    products: Mapping[str, int]

    def plan(self, r: Reading) -> Plan:
        """All tasks from the inputs in their registers to activations in theirs."""
        tasks: list[Step] = [(("array", MEMORY), self._multiply(r))]
        if self._unit.spec is not None:
            tasks.append(((UNIT,), self._requantise(r.op, r.slab)))
        if self.near.spec("output_register") is not None:
            tasks.append(((), self._collect(r.op, r.slab)))
        return tuple(tasks)

    def check_capacity(self, bits_held: Mapping[str, int]) -> None:
        """Whether the weights of each tile have room in its memory. Raises: MappingError."""
        memory, floor = self._memory, self.shop.floor
        if memory.spec is None or floor.chip.model_of(f"{memory.path}.capacity") in ("unknown", "ideal"):
            return
        room = memory.spec.capacity_bits * max(1, floor.per_tile(memory))  # type: ignore[attr-defined]
        tile, needed = max(bits_held.items(), key=lambda item: item[1], default=("", 0))
        if needed > room:
            kib = [f"{bits / 8192:.6g}" for bits in (needed, room, needed - room)]
            raise MappingError(
                f"{floor.chip.name}: the weights in {tile} take {kib[0]} KiB, {memory.path} holds {kib[1]}: {kib[2]} "
                f"KiB missing. Raise {memory.path}.capacity, or take fewer bits or a smaller network"
            )

    def stations(self, tile: str) -> dict[str, tuple[Station, ...]]:
        """All blocks of a tile share its elements; equal memories side by side are one with more ports."""
        found = {
            "array": (self._station(tile, self.near.array_name, self.near.array, 1, 1),),
            MEMORY: (),
            UNIT: (),
        }
        for role, part in ((MEMORY, self._memory), (UNIT, self._unit)):
            spec: Any = part.spec
            if spec is None:
                continue
            each = max(1, self.shop.floor.per_tile(part))
            servers, size = (
                (spec.ports * each, 1) if role == MEMORY else (max(1, each // spec.count), spec.count)
            )
            found[role] = (self._station(tile, part.name, part, servers, size),)
        return found

    def _station(self, tile: str, name: str, part: Part, servers: int, size: int) -> Station:
        assert isinstance(part.spec, ComponentSpec)
        return self.shop.station(f"{tile}.{name}", part.path, part.spec, servers, size, tile)

    def _multiply(self, r: Reading) -> Task:
        """Elements and memory together, for as long as the slower needs."""
        array, memory = self._array_of(r), self._memory
        activity = self._activity(r)
        done = array.multiply(r.arrays, r.slab.weights, activity)
        times, uses = [done.portion_ps], [use(self.near.array, done)]
        if memory.spec is not None:
            read = memory.spec.read(array.bits_read(r.slab.weights, activity, self.products.get(r.op, 1)))  # type: ignore[attr-defined]
            times.append(read.portion_ps)
            uses.append(use(memory, read))
        return self.shop.task(r.op, max(times), tuple(uses), delay_ps=array.latency_ps, macs=r.slab.weights)

    def _activity(self, r: Reading) -> Activity | None:
        """Raises: MappingError if costs depend on weights that nobody knows."""
        array, path, chip = self.shop.floor.array, self.near.array.path, self.shop.floor.chip.name
        assert isinstance(array, DigitalArray)
        found = array.known(r.matrix.activity if r.matrix is not None else None)
        toggling = getattr(array, "toggle_energy_pj_per_bit", None) is not None
        name = r.matrix.name if r.matrix is not None else r.op
        if array.needs_activity and (found is None or (toggling and found.toggles is None)):
            what = "how many bits change from weight to weight" if toggling else "how many weights are zero"
            also = "" if toggling else f", give {path}.zero_share,"
            switch = "toggle_energy" if toggling else "gate_zeros and skip_zeros"
            raise MappingError(
                f"{chip}: energy of {path} depends on {what}, and nobody knows it of {name}. Name `weights` in the "
                f"workload file{also} or leave {path}.{switch} out"
            )
        return found

    def _requantise(self, op: str, slab: Slab) -> Task:
        """Each result once: scaled, its bias added, rounded, clipped."""
        spec: Any = self._unit.spec
        service = spec.compute(self._outputs(slab))
        return self.shop.serial(
            op, self._unit, service, self._outputs(slab), use(self._unit, service, 1, spec.count)
        )

    def _collect(self, op: str, slab: Slab) -> Task:
        part, spec = self.near.part("output_register"), self.near.spec("output_register")
        service = spec.write(self._outputs(slab) * self.bits)
        return self.shop.step(op, part, service.portion_ps, (use(part, service),))

    def _outputs(self, slab: Slab) -> int:
        """Results that leave: of columns whose row blocks all stand here, one each."""
        return slab.columns - slab.additions

    def _array_of(self, r: Reading) -> DigitalArray:
        """The elements as a matrix sees them. Raises: MappingError if they do not take its inputs."""
        asked = r.matrix.activation_bits if r.matrix is not None else None
        bits = self.bits if asked is None else asked
        array, path = self.shop.floor.array_of(r.matrix), self.near.array.path
        assert isinstance(array, DigitalArray)
        taken = getattr(array, "activations", bits)
        if bits > taken:
            raise MappingError(
                f"{self.shop.floor.chip.name}: activations have {bits} bits, elements of {path} take {taken}. "
                f"Lower precision.activations (or the workload's), or raise {path}.activations and its energy"
            )
        return array

    @cached_property
    def _memory(self) -> Part:
        return self._needed(self.shop.floor.beside(MEMORY), "buffer.weights", f"{MEMORY}: ideal")

    @cached_property
    def _unit(self) -> Part:
        return self._needed(
            self.shop.floor.requantiser,
            "vector_unit with 'requantise' among its `operations`",
            "vector_unit: ideal",
        )

    def _needed(self, part: Part | None, kind: str, ideal: str) -> Part:
        if part is not None:
            return part
        raise MappingError(
            f"{self.shop.floor.chip.name}: {self.near.array.path} has no {kind} in reach. Add one beside it or in its "
            f"tile, or write '{ideal}'."
        )
