"""Peak figures: what the chip could do at most, from its geometry and the stage times of one full array."""

from __future__ import annotations

from xbarsim.engine.chain import Chain, Par, Seq, Stage, Work
from xbarsim.engine.clock import Clock
from xbarsim.errors import MappingError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Copy, Program, Segment
from xbarsim.scenario.ledger import area_rows, network_parts
from xbarsim.scenario.matrix_work import MatrixWork
from xbarsim.scenario.result import Peak
from xbarsim.scenario.stages import Workshop, spec_of
from xbarsim.scenario.transport import Transport
from xbarsim.spec.chip import Chip
from xbarsim.spec.digital import DigitalArray
from xbarsim.workload.graph import Matrix, OpGraph

FULL_ARRAY = "full array"


def full_array(floor: Floor) -> Matrix:
    """A matrix that fills one array exactly."""
    rows = floor.array.weight_rows // floor.times_stored(FULL_ARRAY)
    busiest = floor.array.busiest if isinstance(floor.array, DigitalArray) else None
    return Matrix(FULL_ARRAY, rows, floor.array.weight_columns, activity=busiest)


def full_array_stages(chip: Chip, floor: Floor, bits: int) -> list[Stage]:
    """The stages of one product that fills one array exactly."""
    matrix = full_array(floor)
    copy = Copy((Segment(floor.tiles[0], 0, 0, 1),))
    program = Program(
        chip.name,
        OpGraph("peak", ()),
        bits,
        {matrix.name: floor.cut(matrix)},
        {matrix.name: (copy,)},
        (),
        floor.tiles,
        floor.slots_per_tile,
    )
    shop = Workshop(Clock(), floor)
    work = MatrixWork(shop, program, Transport(shop, bits), _results(floor)).work("peak", matrix.name, 0)
    return list(_stages(work))


def _results(floor: Floor) -> int:
    """Column results that leave the arrays in a step, all full."""
    adc = spec_of(floor.beside("adc"))
    joined = adc.tiles_joined if adc is not None else 1
    return -(-floor.slots // joined) * floor.array.columns


def _stages(work: Work) -> list[Stage]:
    if isinstance(work, Chain):
        return list(work.stages)
    assert isinstance(work, Par | Seq)
    return [stage for part in work.parts for stage in _stages(part)]


def interval_ps(stages: list[Stage]) -> int:
    """Time between products: the slowest stage, all its portions."""
    return max(stage.portion_ps * stage.portions for stage in stages)


def _converters_ps(floor: Floor, stages: list[Stage]) -> int:
    """Time between products where several arrays share a converter and all of them work."""
    part = floor.beside("adc")
    if part is None or part.spec is None:
        return 0
    arrays_each = max(1.0, floor.per_scope(part) / part.count)
    times = (s.portion_ps * s.portions for s in stages if part.path in dict(s.meta.engaged))
    return max((round(arrays_each * time_ps) for time_ps in times), default=0)


def _at_once(floor: Floor) -> int:
    """Blocks that are multiplied at the same time: one in each array."""
    return floor.slots // floor.array.blocks_kept


def peak(chip: Chip, floor: Floor, bits: int) -> Peak:
    """All arrays multiply all the time, inputs of so many bits; every component works at its active power."""
    stages = full_array_stages(chip, floor, bits)
    time_ps = max(interval_ps(stages), _converters_ps(floor, stages))
    if not time_ps:
        raise MappingError(
            f"{chip.name}: no time passes in a product: driving, settling and conversion are all ideal. "
            f"Give one of them, e.g. {floor.array_part.path}.settle"
        )
    array = floor.array
    ops_per_s = 2 * full_array(floor).weights * _at_once(floor) / (time_ps * 1e-12)
    power_w = peak_power_w(chip, floor, stages, time_ps)
    area_mm2 = sum(row.area_um2 for row in area_rows(floor)) / 1e6
    return Peak(
        ops_per_s,
        power_w or None,
        ops_per_s / 1e12 / power_w if power_w else None,
        ops_per_s / 1e12 / area_mm2 if area_mm2 else None,
        array.weight.bits,
        bits,
    )  # type: ignore[attr-defined]


def peak_power_w(chip: Chip, floor: Floor, stages: list[Stage], time_ps: int) -> float:
    """Action energy of all arrays' products, and active (else idle) power of every component."""
    actions_w = sum(stage.meta.energy_pj for stage in stages) * _at_once(floor) / time_ps
    specs = [
        (part.spec, chip.totals[part.path])
        for part in chip.root.walk()
        if part.spec is not None and part.path
    ]
    specs += [(spec, count) for _, spec, count in network_parts(floor)]
    power_uw = sum(
        (spec.active_power_uw if spec.active_power_uw is not None else spec.idle_power_uw) * count
        for spec, count in specs
    )
    return actions_w + power_uw * 1e-6
