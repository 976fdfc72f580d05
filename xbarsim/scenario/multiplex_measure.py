"""From a run in phases to its result, and the laws that only such runs have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import inf

from xbarsim.mapping.floor import Floor
from xbarsim.mapping.multiplex import blocks_missing
from xbarsim.mapping.multiplexed import Multiplexed
from xbarsim.scenario.laws import program_laws
from xbarsim.scenario.measure import layout, tile_rows
from xbarsim.scenario.multiplex import PhasedRun
from xbarsim.scenario.multiplex_rows import MatrixRow, Multiplex, PhaseRow
from xbarsim.scenario.programming import Writer, devices_per_cell
from xbarsim.scenario.result import Law, Layout, Throughput, TileRow
from xbarsim.spec.chip import Chip


def multiplex_part(floor: Floor, mapped: Multiplexed, run: PhasedRun) -> Multiplex:
    """The schedule, and what writing did to the run."""
    writer, cells = Writer.of(floor), devices_per_cell(floor) * _cells_per_pass(mapped)
    writes = Counter(slot for write in mapped.plan.writes for slot in write.slots)
    most = max(writes.values(), default=0)
    time_known = writer is not None and writer.time_known
    endurance = _endurance(floor.chip, writer)
    life_s = None
    if endurance is not None and time_known:
        life_s = endurance * run.elapsed_ps * 1e-12 / (most * run.passes) if most else inf
    return Multiplex(
        batch=mapped.batch,
        passes=run.passes,
        arrays=floor.slots,
        blocks=sum(cut.blocks for cut in mapped.program.cuts.values()),
        turning=mapped.plan.turning,
        phases=tuple(_phase_row(floor, mapped, run, number) for number in range(len(mapped.phases))),
        matrices=_matrix_rows(mapped),
        parked_in=mapped.parked_in,
        cells_per_pass=cells,
        writes_per_pass=most,
        arrays_by_writes=tuple(
            sorted((Counter(writes.values()) + Counter({0: floor.slots - len(writes)})).items())
        ),
        computing_ps=run.computing_ps,
        waiting_ps=sum(_waits_ps(run)),
        writing_ps=run.writing_ps,
        energy_pj=run.cells_written * (writer.energy_per_cell_pj if writer is not None else 0.0),
        endurance=endurance,
        lifetime_s=life_s,
        time_known=time_known,
        energy_known=writer is not None and writer.energy_known,
    )


def _endurance(chip: Chip, writer: Writer | None) -> float | None:
    """Writes that a cell survives; None if nobody has said."""
    if writer is None:
        return None
    word = chip.model_of(f"cells.{writer.cell_name}.endurance")
    return {"unknown": None, "ideal": inf}.get(word, float(writer.cell.endurance))


def _cells_per_pass(mapped: Multiplexed) -> int:
    return sum(mapped.cells(block) for write in mapped.plan.writes for block in write.slots.values())


def _waits_ps(run: PhasedRun) -> list[int]:
    """How long the chip stood still before each phase, and after the last one."""
    ends = [0, *(span.end_ps for span in run.spans)]
    starts = [*(span.start_ps for span in run.spans), run.elapsed_ps]
    return [start - end for start, end in zip(starts, ends, strict=True)]


def _phase_row(floor: Floor, mapped: Multiplexed, run: PhasedRun, number: int) -> PhaseRow:
    phase, plan = mapped.plan.phases[number], mapped.plan
    staying = sum(block.number in plan.staying[block.matrix] for block in phase.slots)
    written = [block for write in plan.writes if write.before == number for block in write.slots.values()]
    at = max(i for i, span in enumerate(run.spans) if span.phase == number)
    return PhaseRow(
        tuple(mapped.phases[number].cuts),
        staying,
        len(phase.slots) - staying,
        len(written),
        sum(mapped.cells(block) for block in written) * devices_per_cell(floor),
        mapped.parked_bits[number],
        run.spans[at].end_ps - run.spans[at].start_ps,
        _waits_ps(run)[at],
    )


def _matrix_rows(mapped: Multiplexed) -> tuple[MatrixRow, ...]:
    written = Counter(block.matrix for write in mapped.plan.writes for block in write.slots.values())
    return tuple(
        MatrixRow(name, cut.blocks, len(mapped.plan.staying[name]), written[name])
        for name, cut in mapped.program.cuts.items()
    )


def initial_cells(floor: Floor, mapped: Multiplexed) -> dict[str, int]:
    """Cells that are loaded before the first request, by tile."""
    cells: dict[str, int] = {}
    for slot, block in mapped.plan.initial.items():
        tile = floor.tiles[slot // floor.slots_per_tile]
        cells[tile] = cells.get(tile, 0) + mapped.cells(block)
    return cells


def throughput(run: PhasedRun, batch: int) -> Throughput:
    """From the end of one full batch to that of the next, shared by its requests; of a single batch, the whole run
    with the writes that end it."""
    done = run.completions_ps
    ends = done[batch - 1 :: batch]
    gaps = [b - a for a, b in pairwise(ends)]
    if not gaps:
        return Throughput(tuple(done), max(1, -(-run.elapsed_ps // run.requests)), False)
    return Throughput(tuple(done), max(1, -(-gaps[-1] // batch)), len(gaps) > 1 and gaps[-1] == gaps[-2])


# --- tiles -----------------------------------------------------------------------------------------


def phased_tiles(floor: Floor, mapped: Multiplexed, run: PhasedRun) -> tuple[TileRow, ...]:
    """All tiles, each as its fullest phase has it, with the operations of all of them."""
    return _tiles(floor, mapped, _busy_ps(floor, mapped, run), run.elapsed_ps)


def phased_layout(floor: Floor, mapped: Multiplexed) -> Layout:
    """Who sits where, over all phases."""
    found = layout(floor, mapped.program)
    return replace(found, tiles=_tiles(floor, mapped, {}, 0), notes=(mapped.words(), *found.notes))


def _tiles(
    floor: Floor, mapped: Multiplexed, busy_ps: Mapping[str, int], elapsed_ps: int
) -> tuple[TileRow, ...]:
    by_phase = [tile_rows(floor, program, busy_ps, elapsed_ps) for program in mapped.phases]
    return tuple(
        replace(
            rows[0],
            arrays_used=max(row.arrays_used for row in rows),
            cells_used=max(row.cells_used for row in rows),
            ops=tuple(dict.fromkeys(op for row in rows for op in row.ops)),
        )
        for rows in zip(*by_phase, strict=True)
    )


def _busy_ps(floor: Floor, mapped: Multiplexed, run: PhasedRun) -> Mapping[str, int]:
    """For each tile, the time in service of its busiest array: stations of several phases may stand for it."""
    name = floor.array_part.path.removeprefix(f"{floor.tile_part.path}.")
    places = {
        (segment.tile, segment.first_slot, segment.blocks)
        for program in mapped.phases
        for (copy,) in program.copies.values()
        for segment in copy.segments
    }
    writing = _writing_ps(floor, mapped, run)
    busy: dict[tuple[str, int], int] = {}
    for tile, first, blocks in places:
        station = run.shop.stations[f"{tile}.{name}[{first}:{first + blocks}]"]
        for slot in range(first, first + blocks):
            alone_ps = station.busy_ps - writing.get(tile, 0)
            busy[tile, slot] = busy.get((tile, slot), writing.get(tile, 0)) + alone_ps
    found: dict[str, int] = {}
    for (tile, _), time_ps in busy.items():
        found[tile] = max(found.get(tile, 0), time_ps)
    return found


def _writing_ps(floor: Floor, mapped: Multiplexed, run: PhasedRun) -> dict[str, int]:
    """How long each tile was being written."""
    writer, devices = Writer.of(floor), devices_per_cell(floor)
    spent: dict[str, int] = {}
    for write, times in zip(mapped.plan.writes, run.times_written, strict=True):
        cells = sum(mapped.cells(block) for block in write.slots.values()) * devices
        tile = floor.tiles[write.tile]
        spent[tile] = spent.get(tile, 0) + times * (writer.time_ps(cells) if writer is not None else 0)
    return spent


# --- laws ------------------------------------------------------------------------------------------


def mapping_laws(mapped: Multiplexed) -> tuple[Law, ...]:
    """The laws of a mapping in every phase, and that each phase finds its blocks."""
    found: dict[str, list[Law]] = {}
    for program in mapped.phases:
        for law in program_laws(program):
            found.setdefault(law.name, []).append(law)
    missing = blocks_missing(mapped.plan)
    count = len(mapped.phases)
    return (
        *(
            Law(
                name,
                all(law.holds for law in laws),
                f"in each of {count} phases; the last: {laws[-1].detail}",
            )
            for name, laws in found.items()
        ),
        Law(
            "blocks there when needed",
            not missing,
            f"{missing} missing at the start of a phase, over two passes",
        ),
    )


def phased_laws(floor: Floor, mapped: Multiplexed, run: PhasedRun) -> tuple[Law, ...]:
    swaps = _cells_per_pass(mapped) * devices_per_cell(floor) * run.passes
    stood_ps = sum(_waits_ps(run))
    in_turn = all(wait_ps >= 0 for wait_ps in _waits_ps(run))
    return (
        Law(
            "cells written = cells of the schedule",
            run.cells_written == swaps,
            f"{run.cells_written:,} written, {swaps:,} in {run.passes} passes of the schedule",
        ),
        Law(
            "phases + waits = elapsed",
            in_turn and run.computing_ps + stood_ps == run.elapsed_ps,
            f"{run.computing_ps} ps at work in {len(run.spans)} phases, {stood_ps} ps waiting, one at a time",
        ),
    )
