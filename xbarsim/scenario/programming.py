"""Loading the weights: the pulse generators' own window of time, before the first request."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from xbarsim.engine.clock import Clock, Process
from xbarsim.engine.station import Station
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.result import ProgrammingReport
from xbarsim.spec.chip import Chip


def load_weights(chip: Chip, floor: Floor, program: Program) -> ProgrammingReport:
    """Every tile's generator writes its cells, tiles side by side; one outside the tiles serves them in turn."""
    spec: Any = floor.array
    cells = {tile: count * spec.weight.devices for tile, count in _cells(program).items()}
    total = sum(cells.values())
    part = floor.beside("pulse_generator") or floor.elsewhere("pulse_generator")
    cell = chip.cells.get(spec.cell)
    if part is None or part.spec is None or cell is None:
        return ProgrammingReport(total, 0, 0.0, 0, 0.0, False, False)
    clock = Clock()
    shared = floor.beside("pulse_generator") is None
    stations: dict[str, Station] = {}
    generators = 1 if shared else max(1, floor.per_tile(part))
    single = part.spec.kind == "pulse_generator.single"
    pulses = 1.0 if single else cell.write_pulses  # type: ignore[attr-defined]
    for tile, count in cells.items():
        name = part.path if shared else tile
        station = stations.setdefault(name, Station(clock, name, chip.totals[part.path] if shared else 1))
        time_ps = part.spec.program(-(-count // generators), pulses, cell.write_pulse_ps, cell.verify_ps)  # type: ignore[attr-defined]
        clock.process(_write(clock, station, time_ps))
    clock.run()
    energy_pj = total * pulses * cell.write_energy_pj  # type: ignore[attr-defined]
    time_known = _known(chip, spec.cell, "write_pulses", "write_pulse", "verify")
    return ProgrammingReport(
        total,
        round(total * pulses),
        pulses,
        clock.now,
        energy_pj,
        time_known,
        time_known and _known(chip, spec.cell, "write_energy"),
    )


def _known(chip: Chip, cell: str, *keys: str) -> bool:
    return all(chip.model_of(f"cells.{cell}.{key}") != "unknown" for key in keys)


def _write(clock: Clock, station: Station, time_ps: int) -> Process:
    granted = station.request()
    if granted is not None:
        yield granted
    yield clock.wait(time_ps)
    station.release("programming", time_ps, time_ps)


def _cells(program: Program) -> dict[str, int]:
    """Cells that hold weights, by tile."""
    cells: dict[str, int] = defaultdict(int)
    for name, copies in program.copies.items():
        cut = program.cuts[name]
        for copy in copies:
            for segment in copy.segments:
                cells[segment.tile] += sum(cut.cells(segment.first_block + i) for i in range(segment.blocks))
    return cells
