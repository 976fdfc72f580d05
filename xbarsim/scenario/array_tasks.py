"""Tasks of one matrix-vector product on neighbouring arrays: read, hold, convert, combine, collect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil

from xbarsim.mapping.blocks import Slab
from xbarsim.scenario.periphery import Periphery, Sharing
from xbarsim.scenario.stages import Task, Use, Workshop, use
from xbarsim.spec.chip import Part
from xbarsim.spec.component import Service
from xbarsim.spec.roles import Feed
from xbarsim.workload.graph import Matrix

WHOLE_READS = ("read", "powered read")  # actions of the whole array
Step = tuple[tuple[str, ...], Task]  # a task with the roles of its stations
Plan = tuple[Step, ...]  # in order


@dataclass(frozen=True)
class Reading:
    """What reads one slab for one operation: how many arrays, and how they share converters.

    cells, lines: of one weight. converted: False where neighbours add the sums to theirs and convert them.
    matrix: whose slab it is.
    """

    op: str
    slab: Slab
    arrays: int
    sharing: Sharing
    cells: int
    lines: int
    converted: bool = True
    matrix: Matrix | None = None


@dataclass
class ArrayTasks:
    """Prices what the arrays and the components around them do for inputs of so many bits.

    results: that leave the arrays in one step of the whole network.
    """

    shop: Workshop
    near: Periphery
    bits: int
    results: int

    def __post_init__(self) -> None:
        self._of_bits: dict[int, tuple[int, Feed]] = {}
        self._fed(self.bits)  # so that what does not fit together is told at once

    def _fed(self, bits: int) -> tuple[int, Feed]:
        """Portions of an input of so many bits, and how each is read and converted."""
        if bits not in self._of_bits:
            self._of_bits[bits] = (self.near.slices(bits), self.near.feed(bits))
        return self._of_bits[bits]

    def _portions(self, r: Reading) -> int:
        return self._fed(self._input_bits(r))[0]

    def _feed(self, r: Reading) -> Feed:
        return self._fed(self._input_bits(r))[1]

    def _input_bits(self, r: Reading) -> int:
        """Of the inputs of this matrix, as the word lines are driven."""
        asked = r.matrix.activation_bits if r.matrix is not None else None
        return self.bits if asked is None else asked

    def plan(self, r: Reading) -> Plan:
        """All tasks from the driven word lines to the collected results."""
        near = self.near
        read_ps, uses = self._drive(r)
        convert = self._convert(r)
        if getattr(near.spec("adc"), "concurrent", False):
            tasks: list[Step] = [(("array",), self._counted(r, read_ps, uses, convert))]
        elif near.spec("sample_hold") is None and convert is not None:
            # Nothing keeps the column's result, so the array stands still while it is converted.
            busy_ps, converters = convert
            tasks = [
                (("array", "adc"), self._sliced(r, read_ps + busy_ps, (*uses, converters), r.slab.weights))
            ]
        else:
            tasks = [(("array",), self._sliced(r, read_ps, uses, r.slab.weights))]
            if near.spec("sample_hold") is not None:
                tasks.append((("sample_hold",), self._hold(r)))
            if convert is not None:
                busy_ps, converters = convert
                tasks.append((("adc",), self._sliced(r, busy_ps, (converters,))))
        if near.spec("shift_add") is not None:
            tasks.append((("shift_add",), self._combine(r)))
        if not near.overlap:
            tasks = [self._one_at_a_time(tasks)]
        if near.spec("output_register") is not None:
            tasks.append(((), self._collect(r)))
        return tuple(tasks)

    def _sliced(self, r: Reading, time_ps: int, uses: tuple[Use, ...], macs: int = 0) -> Task:
        """One portion per input slice and read phase."""
        return self.shop.task(r.op, time_ps, uses, portions=self._portions(r), holds=True, macs=macs)

    def _one_at_a_time(self, tasks: list[Step]) -> Step:
        """The same as one step that keeps all stations until the last portion has passed the last of them."""
        total_ps = 0
        for portions, alike in groupby((task for _, task in tasks), lambda task: task.portions):
            times = [task.portion_ps for task in alike]
            total_ps += sum(times) + (portions - 1) * max(times)
        roles = tuple(role for some, _ in tasks for role in some)
        return roles, self.shop.merged(total_ps, [task for _, task in tasks])

    def _drive(self, r: Reading) -> tuple[int, tuple[Use, ...]]:
        """Time of the reads of one portion, and what array and drivers do for the whole product."""
        near, array, slab, feed = self.near, self.shop.floor.array, r.slab, self._feed(r)
        dac = near.spec("dac")
        lines = array.in_one_read(slab.rows * r.lines)
        drive_ps = dac.drive(slab.most_rows).portion_ps if dac is not None else 0
        read = array.read(drive_ps, array.in_one_read(slab.weights * r.cells), lines)
        readied = Service(0, array.ready(lines)).times(len(feed.conversions))
        reads = _per_array(read, r.arrays).times(feed.reads)
        done = Service(reads.portion_ps, reads.actions + readied.actions)
        uses = [use(near.array, done, self._portions(r), float(r.arrays))]
        if dac is not None:
            part, driven = near.part("dac"), dac.drive(lines).times(feed.reads)
            uses.append(use(part, driven, self._portions(r), near.engaged(part, r.arrays)))
        return feed.reads * self._step(read.portion_ps), tuple(uses)

    def _counted(
        self, r: Reading, read_ps: int, uses: tuple[Use, ...], convert: tuple[int, Use] | None
    ) -> Task:
        """Counters run during the reads, and are not free for the next product until they are latched."""
        readout_ps = self.near.spec("adc").released_ps(self.results)
        total_ps = self._portions(r) * self._readings(r) * read_ps
        total_ps += self._step(readout_ps) if readout_ps else 0
        both = (*uses, convert[1]) if convert is not None else uses
        return self.shop.task(r.op, total_ps, both, macs=r.slab.weights)

    def _readings(self, r: Reading) -> int:
        """Reads for one slice where fewer counters than columns stand beside an array."""
        part = self.near.part("adc")
        counters = part.count / self.shop.floor.per_scope(part)
        return max(1, ceil(self._widest(r) / counters))

    def _step(self, time_ps: int, part: Part | None = None) -> int:
        return self.shop.in_cycles(part or self.near.array, time_ps)

    def _widest(self, r: Reading) -> int:
        """Bit lines of the widest block."""
        return max(self.shop.floor.array_of(r.matrix).columns_of(width) for width, _ in r.slab.widths)

    def _lines(self, r: Reading) -> int:
        """Bit lines of all blocks."""
        return sum(
            self.shop.floor.array_of(r.matrix).columns_of(width) * blocks for width, blocks in r.slab.widths
        )

    def _hold(self, r: Reading) -> Task:
        part = self.near.part("sample_hold")
        service = self.near.spec("sample_hold").hold(self._lines(r)).times(len(self._feed(r).conversions))
        uses = (use(part, service, self._portions(r), self.near.engaged(part, r.arrays)),)
        # In a synchronous pipeline the sample is taken at the end of the read's own cycle.
        in_step = self._step(1) > 1
        return self._sliced(r, 0 if in_step else service.portion_ps, uses)

    def _convert(self, r: Reading) -> tuple[int, Use] | None:
        """The time of one portion on the converters, and the conversions of the whole product."""
        spec, conversions = self.near.spec("adc"), self._feed(r).conversions
        if spec is None:
            return None
        part = self.near.part("adc")
        if r.sharing.converters:
            time_ps = spec.convert_each(conversions, r.sharing.most * self._widest(r), 1).portion_ps
            engaged = float(len(r.sharing.converters))
        else:
            each = spec.count // self.shop.floor.per_scope(part)
            time_ps = spec.convert_each(conversions, self._widest(r), each).portion_ps
            engaged = self.near.engaged(part, r.arrays)
        done = spec.convert_each(conversions, self._lines(r) if r.converted else 0, 1)
        busy = use(part, done, 1 if spec.once else self._portions(r), engaged)
        return self._step(time_ps, part), busy

    def _combine(self, r: Reading) -> Task:
        part, spec = self.near.part("shift_add"), self.near.spec("shift_add")
        conversions = len(self._feed(r).conversions)
        service = spec.combine(self._lines(r)).times(conversions)
        widest = spec.combine(self._widest(r)).times(conversions)
        uses = (use(part, service, self._portions(r), self.near.engaged(part, r.arrays)),)
        return self._sliced(r, self._step(widest.portion_ps, part), uses)

    def _collect(self, r: Reading) -> Task:
        """Once per product: results into the output registers. In a synchronous pipeline the sum over row
        blocks writes them in its own cycle."""
        part, spec = self.near.part("output_register"), self.near.spec("output_register")
        engaged = self.near.engaged(part, r.arrays)
        bits = r.slab.columns * self.bits
        uses = (use(part, spec.write(bits), 1, engaged),)
        if self._step(1) > 1 and r.slab.additions:
            return self.shop.task(r.op, 0, uses)
        each = spec.write(-(-bits // max(1, round(engaged))))
        return self.shop.step(r.op, part, each.portion_ps, uses)


def _per_array(read: Service, arrays: int) -> Service:
    """Reads of several arrays in step: whole-array reads count once for each."""
    actions = tuple(replace(a, count=arrays) if a.name in WHOLE_READS else a for a in read.actions)
    return replace(read, actions=actions)
