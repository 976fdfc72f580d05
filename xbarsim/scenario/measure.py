"""From a finished run to the rows of a Result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.record import shares
from xbarsim.scenario.result import LayerRow, Layout, LayoutRow, StationRow, TileRow
from xbarsim.scenario.run import Run
from xbarsim.scenario.stages import Meta

LAYER_BINS = 120
WAITED_FOR = 5  # the longest waits that a station's row keeps


def layer_rows(run: Run) -> tuple[LayerRow, ...]:
    """One row for each operation, fused ones included, in execution order."""
    energy = _energy_by_op(run)
    rows = []
    for step in run.program.steps:
        for op in (step.op, *step.fused):
            assert run.recorder is not None
            merged = run.recorder.merged(op.name)
            arrays, copies, tiles, cells = (
                _occupied(run, op.matrix) if op.matrix else (0, len(step.homes), 0, 0.0)
            )
            tiles = tiles or len({share.node for home in step.homes for share in home})
            rows.append(
                LayerRow(
                    op.name,
                    str(op.kind),
                    op.function,
                    op.macs,
                    op.positions,
                    op.width,
                    tiles,
                    arrays,
                    copies,
                    cells,
                    merged[0][0] if merged else 0,
                    merged[-1][1] if merged else 0,
                    sum(b - a for a, b in merged),
                    energy.get(op.name, 0.0),
                    shares(merged, run.elapsed_ps, LAYER_BINS),
                )
            )
    return tuple(rows)


def dynamic_pj(run: Run, meta: Meta) -> float:
    """Dynamic energy of all jobs of a stage: its actions, and the active power of what it engaged."""
    energy = meta.energy_pj * meta.jobs
    for component, instances in meta.engaged:
        part = run.chip.parts.get(component)
        if part is not None and part.spec is not None and part.spec.active_power_uw is not None:
            energy += instances * part.spec.active_power_uw * run.ledger.busy_ps[id(meta)] * 1e-6
    return energy


def _energy_by_op(run: Run) -> dict[str, float]:
    energy: dict[str, float] = defaultdict(float)
    for meta in run.shop.metas:
        energy[meta.op] += dynamic_pj(run, meta)
    return energy


def _occupied(run: Run, matrix: str) -> tuple[int, int, int, float]:
    """Arrays, copies, tiles of a matrix, and the share of its arrays' cells that hold weights."""
    copies, cut = run.program.copies[matrix], run.program.cuts[matrix]
    array = run.shop.floor.array
    arrays = sum(segment.blocks for copy in copies for segment in copy.segments)
    tiles = len({segment.tile for copy in copies for segment in copy.segments})
    used = cut.matrix.weights * cut.cells_per_weight * len(copies)
    return arrays, len(copies), tiles, used / (arrays * array.rows * array.columns)


def station_rows(run: Run) -> tuple[StationRow, ...]:
    rows = []
    for station in run.shop.stations.values():
        info = station.meta
        rows.append(
            StationRow(
                station.name,
                info.component,
                info.kind,
                station.servers,
                info.multiplicity,
                station.jobs,
                station.busy_ps,
                station.held_ps - station.busy_ps,
                station.servers * run.elapsed_ps - station.held_ps,
                station.waited_ps,
                _longest(station.waited_for) if station.waited_for else (),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.busy_ps / row.servers, row.path)))


def _longest(waited_for: Mapping[object, int]) -> tuple[tuple[str, int], ...]:
    rows = sorted(waited_for.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple((str(tag), time_ps) for tag, time_ps in rows[:WAITED_FOR])


def tile_rows(
    floor: Floor, program: Program, busy_ps: Mapping[str, int], elapsed_ps: int
) -> tuple[TileRow, ...]:
    """All tiles, used or not, in the order of the floor."""
    used: dict[str, int] = defaultdict(int)
    cells: dict[str, int] = defaultdict(int)
    ops: dict[str, dict[str, None]] = defaultdict(dict)
    for name, copies in program.copies.items():
        cut = program.cuts[name]
        for copy in copies:
            for segment in copy.segments:
                used[segment.tile] += segment.blocks
                ops[segment.tile][name] = None
                cells[segment.tile] += cut.cells(segment.first_block, segment.blocks)
    size = floor.array.rows * floor.array.columns * floor.slots_per_tile
    columns = max(1, round(len(floor.tiles) ** 0.5))
    rows = []
    for i, tile in enumerate(floor.tiles):
        x, y = _die_offset(tile, *floor.graph.place.get(tile, (i % columns, i // columns)))
        busy = busy_ps.get(tile, 0) / elapsed_ps if elapsed_ps else 0.0
        rows.append(
            TileRow(tile, x, y, floor.slots_per_tile, used[tile], size, cells[tile], busy, tuple(ops[tile]))
        )
    return tuple(rows)


def busiest_arrays_ps(run: Run) -> dict[str, int]:
    """For each tile, the time in service of its busiest array."""
    busy: dict[str, int] = {}
    for station in run.shop.stations.values():
        if station.meta.component == run.shop.floor.array_part.path:
            busy[station.meta.tile] = max(busy.get(station.meta.tile, 0), station.busy_ps)
    return busy


def layout(floor: Floor, program: Program) -> Layout:
    """Who sits where, without a run."""
    rows = []
    for name, copies in program.copies.items():
        cut = program.cuts[name]
        tiles = dict.fromkeys(segment.tile for copy in copies for segment in copy.segments)
        arrays = cut.blocks * len(copies)
        share = (
            cut.matrix.weights * cut.cells_per_weight / (cut.blocks * floor.array.rows * floor.array.columns)
        )
        rows.append(
            LayoutRow(
                name,
                cut.matrix.rows,
                cut.matrix.columns,
                cut.matrix.groups,
                cut.row_blocks,
                cut.column_blocks,
                len(copies),
                arrays,
                share,
                tuple(tiles),
            )
        )
    return Layout(
        program.chip, program.graph.name, tuple(rows), tile_rows(floor, program, {}, 0), program.notes
    )


DIE_PITCH = 16  # picture units between dies that hold a mesh each


def _die_offset(tile: str, x: float, y: float) -> tuple[float, float]:
    """Tiles of several dies side by side, four dies a row."""
    outer = tile.rpartition(".")[0]
    if not outer.endswith("]"):
        return x, y
    die = int(outer.rpartition("[")[2].rstrip("]"))
    return x + die % 4 * DIE_PITCH, y + die // 4 * DIE_PITCH
