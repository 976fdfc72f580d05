"""The work of one matrix-vector product on the arrays that hold a copy of the matrix."""

from __future__ import annotations

from math import ceil
from typing import Any

from xbarsim.engine.chain import Chain, Par, Stage, Work
from xbarsim.engine.station import Station
from xbarsim.mapping.blocks import Cut
from xbarsim.mapping.program import Program, Segment
from xbarsim.scenario.partial_sums import PartialSums
from xbarsim.scenario.periphery import Periphery
from xbarsim.scenario.stages import Use, Workshop, join, spec_of, use
from xbarsim.scenario.transport import Transport
from xbarsim.spec.chip import Part


class MatrixWork:
    """Builds the stages of matrix-vector products."""

    def __init__(self, shop: Workshop, program: Program, transport: Transport):
        self.shop, self.program, self.transport = shop, program, transport
        self.near = Periphery(shop)
        self.sums = PartialSums(shop, self.near, transport)
        self.bits = program.activation_bits

    def work(self, op: str, matrix: str, number: int) -> Work:
        """One product on one copy: all its tiles, then the partial sums brought together."""
        cut, copy = self.program.cuts[matrix], self.program.copies[matrix][number]
        label = f"{matrix}#{number}"
        chains = tuple(Chain(self._segment(op, label, cut, segment)) for segment in copy.segments)
        tiles: Work = chains[0] if len(chains) == 1 else Par(chains)
        sums = self.sums.between_tiles(op, cut, copy)
        return join([tiles, sums]) if sums is not None else tiles

    # --- one tile ------------------------------------------------------------------------------

    def _segment(self, op: str, label: str, cut: Cut, segment: Segment) -> tuple[Stage, ...]:
        blocks = range(segment.first_block, segment.first_block + segment.blocks)
        stages = [
            self._fetch(op, cut, segment, blocks),
            *self._read(op, label, cut, segment, blocks),
            self._collect(op, cut, segment, blocks),
            self.sums.within_tile(op, cut, segment, blocks),
        ]
        return tuple(stage for stage in stages if stage is not None)

    def _fetch(self, op: str, cut: Cut, segment: Segment, blocks: range) -> Stage | None:
        """Input vector from the tile's buffer over its bus into the input registers, all at once."""
        rows = {cut.input_span(b): cut.rows(b) for b in blocks}
        bits = sum(rows.values()) * self.bits
        return self.transport.fetch(op, segment.tile, bits, self.near.roles, segment.blocks)

    def _read(self, op: str, label: str, cut: Cut, segment: Segment, blocks: range) -> list[Stage]:
        """Array, sample-and-hold, converter, shift-and-add: one portion per input slice and read phase."""
        near, shop, array = self.near, self.shop, self.shop.floor.array
        n = near.slices(self.bits)
        dac, hold, adc = near.spec("dac"), near.spec("sample_hold"), near.spec("adc")
        drive = dac.drive(max(cut.rows(b) for b in blocks)) if dac is not None else None
        read = array.read(drive.portion_ps if drive else 0, sum(cut.cells(b) for b in blocks))
        uses = [use(near.array, _per_array(read, segment.blocks), n, float(segment.blocks))]
        if dac is not None:
            lines = dac.drive(sum(cut.rows(b) for b in blocks) * array.rows // array.weight_rows)
            uses.append(use(near.roles["dac"], lines, n, near.engaged(near.roles["dac"], segment.blocks)))  # type: ignore[arg-type]
        name = (
            f"{segment.tile}.{self._array_name()}[{segment.first_slot}:{segment.first_slot + segment.blocks}]"
        )
        station = shop.station(name, near.array.path, array, 1, segment.blocks, segment.tile)
        time_ps = self._step(read.portion_ps)
        convert = self._convert(label, cut, segment, blocks)
        if hold is None and not getattr(adc, "concurrent", False) and convert is not None:
            # Nothing keeps the column's result, so the array stands still while it is converted.
            stations, converter_ps, use_adc = convert
            stages = [
                shop.stage(
                    op, (station, *stations), time_ps + converter_ps, (*uses, use_adc), portions=n, holds=True
                )
            ]
        elif getattr(adc, "concurrent", False):
            # Counters run during the reads, and are not free for the next product until they are latched.
            total_ps = n * self._readings(cut, blocks) * time_ps
            total_ps += self._step(adc.readout_ps) if adc.readout_ps else 0
            stages = [shop.stage(op, (station,), total_ps, (*uses, *([convert[2]] if convert else [])))]
            convert = None
        else:
            stages = [shop.stage(op, (station,), time_ps, tuple(uses), portions=n, holds=True)]
            if hold is not None:
                stages += self._hold(op, label, cut, segment, blocks)
            if convert is not None:
                stations, converter_ps, use_adc = convert
                stages.append(shop.stage(op, stations, converter_ps, (use_adc,), portions=n, holds=True))
        stages[0].meta.macs = sum(cut.weights(b) for b in blocks)
        return stages + self._combine(op, label, cut, segment, blocks, n)

    def _readings(self, cut: Cut, blocks: range) -> int:
        """Reads for one slice where fewer counters than columns stand beside an array."""
        part = self.near.roles["adc"]
        assert part is not None
        counters = part.count / self.shop.floor.per_scope(part)
        return max(1, ceil(max(self._columns(cut, b) for b in blocks) / counters))

    def _array_name(self) -> str:
        return self.near.array.path.removeprefix(f"{self.shop.floor.tile_part.path}.")

    def _step(self, time_ps: int, part: Part | None = None) -> int:
        return self.shop.in_cycles(part or self.near.array, time_ps)

    def _hold(self, op: str, label: str, cut: Cut, segment: Segment, blocks: range) -> list[Stage]:
        part = self.near.roles["sample_hold"]
        assert part is not None
        service = spec_of(part).hold(sum(self._columns(cut, b) for b in blocks))
        n = self.near.slices(self.bits)
        uses = (use(part, service, n, self.near.engaged(part, segment.blocks)),)
        station = self._private(part, label, segment)
        # In a synchronous pipeline the sample is taken at the end of the read's own cycle.
        in_step = self._step(1) > 1
        return [
            self.shop.stage(
                op, (station,), 0 if in_step else service.portion_ps, uses, portions=n, holds=True
            )
        ]

    def _columns(self, cut: Cut, block: int) -> int:
        return self.shop.floor.array.columns_of(cut.columns(block))

    def _private(self, part: Part, label: str, segment: Segment) -> Station:
        name = f"{segment.tile}.{part.name}@{label}[{segment.first_block}]"
        assert part.spec is not None
        in_step = max(1, round(self.near.engaged(part, segment.blocks)))
        return self.shop.station(name, part.path, part.spec, 1, in_step, segment.tile)

    def _convert(
        self, label: str, cut: Cut, segment: Segment, blocks: range
    ) -> tuple[tuple[Station, ...], int, Use] | None:
        """Converter stations, the time of one slice on them, and the conversions of the whole product."""
        part = self.near.roles["adc"]
        spec = spec_of(part)
        if part is None or spec is None:
            return None
        arrays = self.shop.floor.per_scope(part)
        widest = max(self._columns(cut, b) for b in blocks)
        total = sum(self._columns(cut, b) for b in blocks)
        n = self.near.slices(self.bits)
        if spec.count >= arrays:
            service = spec.convert(widest, spec.count // arrays)
            stations: tuple[Station, ...] = (self._private(part, label, segment),)
            time_ps, engaged = service.portion_ps, self.near.engaged(part, segment.blocks)
        else:
            stations, most = self._shared_converters(part, segment, arrays)
            time_ps, engaged = spec.convert(most * widest, 1).portion_ps, float(len(stations))
        busy = use(part, spec.convert(total, 1), n, engaged)
        return stations, self._step(time_ps, part), busy

    def _shared_converters(
        self, part: Part, segment: Segment, arrays: int
    ) -> tuple[tuple[Station, ...], int]:
        """Converters that several arrays share, and how many arrays of this segment the busiest one serves."""
        assert part.spec is not None
        per_converter = arrays / part.spec.count
        load: dict[int, int] = {}
        for slot in range(segment.first_slot, segment.first_slot + segment.blocks):
            scope, within = divmod(slot, arrays)
            converter = scope * part.spec.count + int(within / per_converter)
            load[converter] = load.get(converter, 0) + 1
        stations = tuple(
            self.shop.station(f"{segment.tile}.{part.name}[{i}]", part.path, part.spec, 1, 1, segment.tile)
            for i in sorted(load)
        )
        return stations, max(load.values())

    def _combine(self, op: str, label: str, cut: Cut, segment: Segment, blocks: range, n: int) -> list[Stage]:
        part = self.near.roles["shift_add"]
        if part is None or part.spec is None:
            return []
        service = part.spec.combine(sum(self._columns(cut, b) for b in blocks))  # type: ignore[attr-defined]
        widest = part.spec.combine(max(self._columns(cut, b) for b in blocks))  # type: ignore[attr-defined]
        uses = (use(part, service, n, self.near.engaged(part, segment.blocks)),)
        station = self._private(part, label, segment)
        return [
            self.shop.stage(op, (station,), self._step(widest.portion_ps, part), uses, portions=n, holds=True)
        ]

    def _collect(self, op: str, cut: Cut, segment: Segment, blocks: range) -> Stage | None:
        """Once per product: results into the output registers. In a synchronous pipeline the sum over row
        blocks writes them in its own cycle."""
        part = self.near.roles["output_register"]
        if part is None or part.spec is None:
            return None
        engaged = self.near.engaged(part, segment.blocks)
        bits = sum(cut.columns(b) for b in blocks) * self.bits
        each = part.spec.write(-(-bits // max(1, round(engaged))))  # type: ignore[attr-defined]
        uses = (use(part, part.spec.write(bits), 1, engaged),)  # type: ignore[attr-defined]
        if self._step(1) > 1 and self.sums.additions(cut, blocks):
            return self.shop.stage(op, (), 0, uses)
        return self.shop.step(op, (), part, each.portion_ps, uses)


def _per_array(read: Any, blocks: int) -> Any:
    """Reads of `blocks` arrays in step: whole-array reads count once for each."""
    actions = tuple(type(a)(a.name, blocks, a.energy_pj) if a.name == "read" else a for a in read.actions)
    return type(read)(read.portion_ps, actions)
