"""Looking after cells as work on the engine: probing a layer, and writing its cells anew from their codes.

A probe is a few products, done like any other through drivers, array and converters, whose results are compared in
the tile. Writing holds all arrays of the tile and a pulse generator, so that nothing is computed there meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from xbarsim.engine.chain import Chain, Stage, Work
from xbarsim.engine.station import Station
from xbarsim.errors import MappingError
from xbarsim.mapping.program import Program
from xbarsim.scenario.matrix_work import MatrixWork
from xbarsim.scenario.programming import Writer, devices_per_cell
from xbarsim.scenario.stages import Task, Workshop, join, use
from xbarsim.scenario.transport import Transport
from xbarsim.spec.chip import Part

_WRITING = ("write_pulses", "write_pulse", "verify", "write_energy")
CORRECTING, PROBING = "correcting cells", "probing cells"  # operations on the timeline, and in the ledger


@dataclass(frozen=True)
class Unit:
    """What is written at a time: the blocks of one matrix on one tile.

    devices: that are written; lines: word lines in use; code_bits: read from the code memory.
    """

    matrix: str
    tile: str
    devices: int
    lines: int
    code_bits: int

    @property
    def name(self) -> str:
        return f"{self.matrix} on {self.tile}"


@dataclass(frozen=True)
class Turn:
    """What is begun together: strands, each a list of tasks one after another.

    probes: matrices that are probed; corrected: units that are written.
    """

    strands: tuple[tuple[str, ...], ...]
    probes: int = 0
    corrected: tuple[str, ...] = ()

    @property
    def tasks(self) -> int:
        return sum(map(len, self.strands))


class Upkeep:
    """The tasks that look after the cells of a network on a chip.

    writing, probing: whether cells are written, layers probed; code_bits: of one weight.
    Raises: MappingError for what the chip needs and does not have.
    """

    def __init__(self, shop: Workshop, program: Program, writing: bool, probing: bool, code_bits: int):
        self.shop, self.program, self.code_bits = shop, program, code_bits
        self.store, self.monitor = (shop.floor.beside(role) for role in ("code_memory", "monitor"))
        self.units = tuple(self._units()) if writing else ()
        self.tasks: dict[str, Work] = {}
        if writing:
            self._demand_room()
            self._add_writing()
        if probing:
            self._add_probes()

    # --- turns ---------------------------------------------------------------------------------

    def turn(
        self,
        written: Mapping[str, bool],
        before: Mapping[str, int],
        after: Mapping[str, int],
        in_lines: bool,
        tile: str | None = None,
    ) -> Turn:
        """Look after some matrices, everywhere or on one tile: each is probed, then written where that is said.

        written: by matrix. before: vectors of its probe; a matrix that has none is not probed. after: vectors by
        which a matrix is measured once it is written, for later probes to be compared with.
        in_lines: cells are written word line by word line, else a unit in one go.
        """
        strands: list[tuple[str, ...]] = []
        probes, corrections = 0, []
        for matrix, is_written in written.items():
            units = [u for u in self.units if u.matrix == matrix and is_written and tile in (None, u.tile)]
            probing = self._probing(matrix, before.get(matrix, 0))
            writing = [self._writing(unit, in_lines) for unit in units]
            measuring = self._probing(matrix, after.get(matrix, 0)) if units else ()
            probes += bool(probing)
            corrections += [unit.name for unit in units]
            in_turn = (*probing, *chain.from_iterable(writing), *measuring)
            strands += [in_turn] if probing or measuring else writing
        return Turn(tuple(strands), probes, tuple(corrections))

    def _probing(self, matrix: str, vectors: int) -> tuple[str, ...]:
        copies = range(len(self.program.copies[matrix]))
        return tuple(f"probe {matrix}#{copy}" for copy in copies for _ in range(vectors))

    def _writing(self, unit: Unit, in_lines: bool) -> tuple[str, ...]:
        if not in_lines:
            return (f"write {unit.name}",)
        more = unit.devices % unit.lines
        return (*[_line(unit, 1)] * more, *[_line(unit, 0)] * (unit.lines - more))

    # --- writing -------------------------------------------------------------------------------

    def _units(self) -> Iterator[Unit]:
        """By matrix, then by tile."""
        devices = devices_per_cell(self.shop.floor)
        for matrix, copies in self.program.copies.items():
            cut = self.program.cuts[matrix]
            found: dict[str, tuple[int, int, int]] = {}
            for segment in (segment for copy in copies for segment in copy.segments):
                cells, lines, weights = found.get(segment.tile, (0, 0, 0))
                slab = cut.slab(segment.first_block, segment.blocks)
                cells += cut.cells(segment.first_block, segment.blocks)
                lines += slab.rows * cut.lines_per_weight
                found[segment.tile] = cells, lines, weights + slab.weights
            for tile, (cells, lines, weights) in found.items():
                yield Unit(matrix, tile, cells * devices, lines, weights * self.code_bits)

    def _demand_room(self) -> None:
        """Raises: MappingError if the codes of a tile do not fit its memory."""
        if self.store is None or self.store.spec is None:
            return
        if self.shop.floor.chip.model_of(f"{self.store.path}.capacity") in ("unknown", "ideal"):
            return
        spec: Any = self.store.spec
        room = spec.capacity_bits * self.shop.floor.per_tile(self.store)
        for tile in dict.fromkeys(unit.tile for unit in self.units):
            bits = sum(unit.code_bits for unit in self.units if unit.tile == tile)
            if bits > room:
                raise MappingError(
                    f"{self.program.graph.name} on {self.shop.floor.chip.name}: {self.store.path} keeps {room:,} bits "
                    f"a tile, and {tile} needs {bits:,} for the codes of its weights. Raise {self.store.path}.capacity"
                )

    def _add_writing(self) -> None:
        """Each unit in one go, and its word lines one by one, the cells shared out evenly."""
        writer = _writer(self.shop, self.program)
        for unit in self.units:
            stations, bits = self._stations(writer, unit), -(-unit.code_bits // unit.lines)
            whole = self._task(writer, unit.devices, unit.code_bits)
            self.tasks[f"write {unit.name}"] = Chain((whole.at(*stations),))
            for more in range(2):
                line = self._task(writer, unit.devices // unit.lines + more, bits)
                self.tasks[_line(unit, more)] = Chain((line.at(*stations),))

    def _task(self, writer: Writer, devices: int, code_bits: int) -> Task:
        uses = [*writer.uses(devices)]
        time_ps = writer.time_ps(devices)
        if self.store is not None and self.store.spec is not None:
            read = self.store.spec.fetch(code_bits)  # type: ignore[attr-defined]
            uses.append(use(self.store, read))
            time_ps = max(time_ps, read.portion_ps)
        return self.shop.task(CORRECTING, time_ps, tuple(uses))

    def _stations(self, writer: Writer, unit: Unit) -> list[Station]:
        """All arrays of the tile, and the generator."""
        array = self.shop.floor.array_part.path
        stations = [
            s for s in self.shop.stations.values() if s.meta.component == array and s.meta.tile == unit.tile
        ]
        return [*stations, writer.station(self.shop, unit.tile)]

    # --- probing -------------------------------------------------------------------------------

    def _add_probes(self) -> None:
        if self.monitor is None or self.monitor.spec is None:
            raise MappingError(
                f"{self.shop.floor.chip.name}: probing needs a component that compares the answers (kind 'comparator') "
                f"in {self.shop.floor.tile_part.path}. Add one, or correct without a threshold and compensation"
            )
        products = MatrixWork(self.shop, self.program, Transport(self.shop, self.program.activation_bits))
        for matrix, copies in self.program.copies.items():
            for number, copy in enumerate(copies):
                work = products.work(PROBING, matrix, number)
                compare = Chain((self._comparison(self.monitor, matrix, copy.segments[0].tile),))
                self.tasks[f"probe {matrix}#{number}"] = join([work, compare])

    def _comparison(self, monitor: Part, matrix: str, tile: str) -> Stage:
        shape = self.program.cuts[matrix].matrix
        service = monitor.spec.compare(shape.columns * shape.groups)  # type: ignore[union-attr]
        task = self.shop.step(PROBING, monitor, service.portion_ps, (use(monitor, service),))
        assert monitor.spec is not None
        return task.at(
            self.shop.station(f"{tile}.{monitor.name}", monitor.path, monitor.spec, 1, monitor.count, tile)
        )


def _line(unit: Unit, more: int) -> str:
    """The task that writes one of its word lines, with so many cells more than the shortest."""
    return f"write a {'longer ' if more else ''}line of {unit.name}"


def _writer(shop: Workshop, program: Program) -> Writer:
    """Raises: MappingError if the chip does not say who writes its cells, or what that takes."""
    floor = shop.floor
    writer = Writer.of(floor)
    if writer is None:
        raise MappingError(
            f"{floor.chip.name}: to correct the cells of {program.graph.name} the chip needs a pulse generator and a "
            f"description of its cells. Add a component of kind 'pulse_generator.iterative', and "
            f"cells.{floor.array.cell}"  # type: ignore[attr-defined]
        )
    keys = [f"cells.{writer.cell_name}.{key}" for key in _WRITING]
    unknown = [key for key in keys if floor.chip.model_of(key) == "unknown"]
    if unknown:
        places = {row.key: row.where for row in floor.chip.numbers}
        told = "\n  ".join(f"{places.get(key, floor.chip.name)} {key}: 'unknown'" for key in unknown)
        raise MappingError(
            f"{floor.chip.name}: time and energy of corrections are not known; give a value with its source, or "
            f"'ideal' to leave it out\n  {told}"
        )
    return writer
