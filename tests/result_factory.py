"""Hand-made results that obey the laws a real run obeys: small ones to read, big ones to strain it."""

from __future__ import annotations

import dataclasses
import math

from xbarsim.scenario.result import (
    AreaRow,
    EnergyRow,
    Latency,
    Law,
    LayerRow,
    Peak,
    PowerSample,
    ProgrammingReport,
    Result,
    Slice,
    SourceRow,
    StationRow,
    Throughput,
    TileRow,
    Timeline,
)

BINS = 40
ROWS = COLUMNS = 128
CELLS = ROWS * COLUMNS
DAC_PJ, ARRAY_PJ, ADC_PJ, LEAK_W = 24.0, 410.0, 950.0, 0.004
MVM_PS = 130_000
FILL_PS = 2_500


def make_result(layers: int = 4, tiles: int = 4, requests: int = 3) -> Result:
    """A chip of `tiles` tiles, one array each, that runs a network of `layers` pipelined layers."""
    rows = _ended_in_order(tuple(_layer(index, layers, tiles) for index in range(layers)))
    alone_ps = rows[-1].end_ps
    rows = tuple(dataclasses.replace(row, occupancy=_occupancy(row, alone_ps)) for row in rows)
    interval_ps = max(row.busy_ps for row in rows) + FILL_PS
    completions = tuple(alone_ps + number * interval_ps for number in range(requests))
    elapsed_ps = completions[-1]
    energy = _energy(rows, tiles, requests, elapsed_ps)
    macs = sum(row.macs for row in rows)
    return Result(
        chip="Quartet <4>", workload="small net & co", scenario="infer", requests=requests,
        elapsed_ps=elapsed_ps,
        latency=Latency(completions, alone_ps), throughput=Throughput(completions, interval_ps, True),
        macs_per_request=macs, energy=energy, layers=rows, stations=_stations(rows, requests, elapsed_ps),
        tiles=_tiles(rows, tiles), area=_area(tiles), peak=_peak(tiles), programming=_programming(rows),
        sources=_sources(), reported=_reported(),
        calibrated={"tile.adc.energy": ("energy per MVM", "peak TOPS/W")}, laws=_laws(energy),
        notes=("The input buffer is taken to be large enough.",), provenance=_provenance(),
        timeline=_timeline(rows, alone_ps),
    )  # fmt: skip


def big_result() -> Result:
    return make_result(layers=150, tiles=2_000, requests=2)


def _layer(index: int, layers: int, tiles: int) -> LayerRow:
    """Layers start a few products after the one before, as line buffers let them, and get shorter."""
    on_arrays = index % 5 != 4
    spread = max(1, tiles // layers) if on_arrays else 0
    positions = max(4, round(256 * 0.97**index))
    busy_ps = positions * MVM_PS if on_arrays else positions * MVM_PS // 3
    start_ps = index * 3 * MVM_PS
    depth_in_cells = 96 if index % 2 else 120
    return LayerRow(
        name=f"block{index // 3}.conv{index % 3}" if on_arrays else f"block{index // 3}.add",
        kind="mvm" if on_arrays else "vector", function="conv2d" if on_arrays else "add",
        macs=positions * spread * depth_in_cells * COLUMNS, positions=positions, width=COLUMNS, tiles=spread,
        arrays=spread, replicas=1, utilisation_of_cells=depth_in_cells / ROWS if on_arrays else 0.0,
        start_ps=start_ps, end_ps=start_ps + busy_ps + FILL_PS * (index + 1), busy_ps=busy_ps,
        energy_pj=positions * spread * (DAC_PJ + ARRAY_PJ + ADC_PJ), occupancy=(),
    )  # fmt: skip


def _ended_in_order(rows: tuple[LayerRow, ...]) -> tuple[LayerRow, ...]:
    """No layer ends before the one that feeds it."""
    ended, end_ps = [], 0
    for row in rows:
        end_ps = max(row.end_ps, end_ps + FILL_PS)
        ended.append(dataclasses.replace(row, end_ps=end_ps))
    return tuple(ended)


def _occupancy(row: LayerRow, alone_ps: int) -> tuple[float, ...]:
    """In service from its start on without a break."""
    width = alone_ps / BINS
    end_ps = row.start_ps + row.busy_ps
    overlaps = (min(end_ps, (bin_ + 1) * width) - max(row.start_ps, bin_ * width) for bin_ in range(BINS))
    return tuple(max(0.0, overlap / width) for overlap in overlaps)


def _energy(rows: tuple[LayerRow, ...], tiles: int, requests: int, elapsed_ps: int) -> tuple[EnergyRow, ...]:
    products = requests * sum(row.positions * row.arrays for row in rows)
    parts = (
        ("tile.dac", "pwm", "conversion", DAC_PJ, "given"),
        ("tile.array", "crossbar", "read", ARRAY_PJ, "given"),
        ("tile.adc", "sar", "conversion", ADC_PJ, "adc.survey_fit"),
    )  # fmt: skip
    moving = tuple(
        EnergyRow(component, kind, action, products, products * each_pj, False, each_pj, model)
        for component, kind, action, each_pj, model in parts
    )
    busy_ps = requests * sum(row.busy_ps * row.arrays for row in rows)
    idle_ps = tiles * elapsed_ps - busy_ps
    return (
        *moving,
        EnergyRow("tile.adc", "sar", "active", 0, busy_ps * LEAK_W, True, None, "given"),
        EnergyRow("tile.adc", "sar", "idle", 0, idle_ps * LEAK_W / 10, True, None, "given"),
    )


def _stations(rows: tuple[LayerRow, ...], requests: int, elapsed_ps: int) -> tuple[StationRow, ...]:
    stations = []
    for index, row in enumerate(rows):
        if not row.arrays:
            continue
        busy_ps, blocked_ps = requests * row.busy_ps, requests * FILL_PS
        waited_ps = requests * FILL_PS * row.positions // 2
        stations.append(StationRow(
            path=f"tile[{index}].adc", component="tile.adc", kind="sar", servers=1, multiplicity=row.arrays,
            jobs=requests * row.positions, busy_ps=busy_ps, blocked_ps=blocked_ps,
            idle_ps=elapsed_ps - busy_ps - blocked_ps, waited_ps=waited_ps,
            waited_for=((row.name, waited_ps - waited_ps // 3), (rows[index - 1].name, waited_ps // 3)),
        ))  # fmt: skip
    return tuple(stations)


def _tiles(rows: tuple[LayerRow, ...], tiles: int) -> tuple[TileRow, ...]:
    side = math.ceil(math.sqrt(tiles))
    owners = [row for row in rows for _ in range(row.arrays)]
    elapsed_ps = rows[-1].end_ps
    return tuple(
        TileRow(
            path=f"tile[{index}]", x=float(index % side), y=float(index // side), arrays=1,
            arrays_used=int(index < len(owners)), cells=CELLS,
            cells_used=round(CELLS * owners[index].utilisation_of_cells) if index < len(owners) else 0,
            busy_share=owners[index].busy_ps / elapsed_ps if index < len(owners) else 0.0,
            ops=(owners[index].name,) if index < len(owners) else (),
        )
        for index in range(tiles)
    )  # fmt: skip


def _area(tiles: int) -> tuple[AreaRow, ...]:
    return (
        AreaRow("tile.adc", "sar", tiles, tiles * 61_000.0, True),
        AreaRow("tile.array", "crossbar", tiles, tiles * 18_500.0, True),
        AreaRow("tile.dac", "pwm", tiles, 0.0, False),
    )


def _peak(tiles: int) -> Peak:
    ops_per_s = 2 * CELLS * tiles / (MVM_PS * 1e-12)
    power_w = tiles * ((DAC_PJ + ARRAY_PJ + ADC_PJ) / MVM_PS + LEAK_W)
    tops = ops_per_s / 1e12
    return Peak(ops_per_s, power_w, tops / power_w, None, weight_bits=8, input_bits=8)


def _programming(rows: tuple[LayerRow, ...]) -> ProgrammingReport:
    cells = round(sum(row.arrays * row.utilisation_of_cells for row in rows) * CELLS)
    return ProgrammingReport(
        cells,
        9 * cells,
        9.0,
        duration_ps=cells * 9 * 100_000,
        energy_pj=cells * 90.0,
        time_known=True,
        energy_known=True,
    )


def _sources() -> tuple[SourceRow, ...]:
    return (
        SourceRow(
            "tile.adc.cycle", "1.25 ns", "A. Author, J. Circuits 2023, Table II", "quartet.yaml:14", "given"
        ),
        SourceRow("tile.adc.energy", "950 pJ", "fitted", "quartet.yaml:15", "calibrated"),
        SourceRow("tile.dac.area", "unknown", "not published", "quartet.yaml:9", "unknown"),
        SourceRow("tile.array.cell", "pcm", "common part", "common/pcm.yaml:3", "included"),
    )


def _reported() -> tuple[dict[str, object], ...]:
    return (
        {"figure": "peak throughput", "mode": "one phase", "value": "8.1 TOPS", "source": "Table I"},
        {"figure": "energy per MVM", "value": "1.38 nJ", "source": "Fig. 4 <b>"},
    )


def _laws(energy: tuple[EnergyRow, ...]) -> tuple[Law, ...]:
    return (
        Law("energy is conserved", True, f"{len(energy)} rows of the ledger add up"),
        Law("all work is done", True, "every product was booked once"),
    )


def _provenance() -> dict[str, object]:
    return {"spec_sha256": "0a1b" * 16, "seed": 7, "granularity": "burst", "seconds": 0.42,
            "versions": {"xbarsim": "0.1.0", "python": "3.12"}, "order": ("fifo", 1)}  # fmt: skip


def _timeline(rows: tuple[LayerRow, ...], alone_ps: int) -> Timeline:
    """Every operation with its first products; two products in flight overlap on one station."""
    slices = []
    for index, row in enumerate(rows):
        slices.append(Slice(row.name, row.function, row.start_ps, row.end_ps, 0))
        for job in range(min(row.positions, 3) if row.arrays else 0):
            start_ps = row.start_ps + job * MVM_PS
            slices.append(Slice(f"tile[{index}].adc", row.name, start_ps, start_ps + MVM_PS + MVM_PS // 2, 1))
    width_ps = alone_ps // 4
    power = tuple(
        PowerSample(bin_ * width_ps, {"tile.adc": 0.01 * (4 - bin_), "tile.dac": 1e-4}) for bin_ in range(4)
    )
    return Timeline(tuple(slices), power, truncated=False)
