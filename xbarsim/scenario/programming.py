"""Loading the weights: the pulse generators' own window of time, before the first request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.engine.clock import Clock, Process
from xbarsim.engine.station import Station
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.result import ProgrammingReport
from xbarsim.scenario.stages import Use, Workshop
from xbarsim.spec.chip import Chip, Part
from xbarsim.spec.component import Action, Service
from xbarsim.spec.digital import DigitalArray
from xbarsim.spec.roles import Programmer

CELL_WRITTEN = "cell written"


@dataclass(frozen=True)
class Writer:
    """Who writes cells on a chip, and what a cell takes.

    shared: one generator, or several, outside the tiles serve them in turn; else each tile has `generators`.
    pulses: of one cell, on average.
    """

    part: Part
    spec: Programmer
    cell_name: str
    cell: Any
    shared: bool
    generators: int
    pulses: float
    time_known: bool
    energy_known: bool

    @classmethod
    def of(cls, floor: Floor) -> Writer | None:
        """None where the chip does not say who writes its cells, or what they are."""
        chip, name = floor.chip, floor.array.cell  # type: ignore[attr-defined]
        inside = floor.beside("pulse_generator")
        part, cell = inside or floor.elsewhere("pulse_generator"), chip.cells.get(name)
        if part is None or not isinstance(part.spec, Programmer) or cell is None:
            return None
        pulses = 1.0 if part.spec.kind == "pulse_generator.single" else cell.write_pulses  # type: ignore[attr-defined]
        generators = 1 if inside is None else max(1, floor.per_tile(part))
        time_known = _known(chip, name, "write_pulses", "write_pulse", "verify")
        energy_known = time_known and _known(chip, name, "write_energy")
        return cls(part, part.spec, name, cell, inside is None, generators, pulses, time_known, energy_known)

    @property
    def energy_per_cell_pj(self) -> float:
        return float(self.pulses * self.cell.write_energy_pj)

    def time_ps(self, cells: int) -> int:
        """To write so many cells of one tile."""
        each = -(-cells // self.generators)
        return self.spec.program(each, self.pulses, self.cell.write_pulse_ps, self.cell.verify_ps)

    def uses(self, cells: int) -> tuple[Use, Use]:
        """What writing so many cells of one tile takes of them, and of the generator."""
        time_ps = self.time_ps(cells)
        written = Service(time_ps, (Action(CELL_WRITTEN, cells, self.energy_per_cell_pj),))
        return (
            Use(f"cells.{self.cell_name}", self.cell, written),
            Use(self.part.path, self.spec, Service(time_ps), 1, float(self.generators)),
        )

    def station(self, shop: Workshop, tile: str) -> Station:
        """The generator that writes a tile."""
        part = self.part
        if self.shared:
            return shop.station(part.path, part.path, self.spec, shop.floor.chip.totals[part.path])
        return shop.station(f"{tile}.{part.name}", part.path, self.spec, 1, self.generators, tile)


def load_weights(floor: Floor, program: Program) -> ProgrammingReport:
    """Every tile's generator writes its cells, tiles side by side; one outside the tiles serves them in turn."""
    return _loaded(floor, devices_held(floor, program))


def load_cells(floor: Floor, used: Mapping[str, int]) -> ProgrammingReport:
    """The same for so many unit cells of each tile."""
    return _loaded(floor, {tile: count * devices_per_cell(floor) for tile, count in used.items()})


def _loaded(floor: Floor, cells: Mapping[str, int]) -> ProgrammingReport:
    """Of so many devices of each tile."""
    total = sum(cells.values())
    writer = Writer.of(floor)
    if writer is None:
        return ProgrammingReport(total, 0, 0.0, 0, 0.0, False, False)
    clock = Clock()
    stations: dict[str, Station] = {}
    for tile, count in cells.items():
        name = writer.part.path if writer.shared else tile
        servers = floor.chip.totals[name] if writer.shared else 1
        station = stations.setdefault(name, Station(clock, name, servers))
        clock.process(_write(clock, station, writer.time_ps(count)))
    clock.run()
    return ProgrammingReport(
        total,
        round(total * writer.pulses),
        writer.pulses,
        clock.now,
        total * writer.energy_per_cell_pj,
        writer.time_known,
        writer.energy_known,
    )


def devices_per_cell(floor: Floor) -> int:
    """Devices that are written for one unit cell of the arrays."""
    return int(floor.array.weight.devices)  # type: ignore[attr-defined]


def _known(chip: Chip, cell: str, *keys: str) -> bool:
    return all(chip.model_of(f"cells.{cell}.{key}") != "unknown" for key in keys)


def _write(clock: Clock, station: Station, time_ps: int) -> Process:
    granted = station.request()
    if granted is not None:
        yield granted
    yield clock.wait(time_ps)
    station.release("programming", time_ps, time_ps)


def devices_held(floor: Floor, program: Program) -> dict[str, int]:
    """Devices that hold weights, by tile."""
    devices: dict[str, int] = defaultdict(int)
    for name, copies in program.copies.items():
        cut = program.cuts[name]
        array, activity = floor.array_of(cut.matrix), cut.matrix.activity
        for segment in (segment for copy in copies for segment in copy.segments):
            if isinstance(array, DigitalArray):
                slab = cut.slab(segment.first_block, segment.blocks)
                devices[segment.tile] += array.bits_stored(slab.weights, array.known(activity))
            else:
                each = array.weight.devices  # type: ignore[attr-defined]
                devices[segment.tile] += each * cut.cells(segment.first_block, segment.blocks)
    return devices
