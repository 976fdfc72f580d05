"""Scenario `infer` on a chip that is smaller than the network: phase by phase, arrays being written in between.

Each phase is a network of its own on the one clock; all share the chip's stations. Writing a tile is a task that
holds all its arrays and its pulse generator, so that nothing is computed there meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from xbarsim.engine.chain import Chain, Stage, Work
from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Network
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.multiplex import Write
from xbarsim.mapping.multiplexed import Multiplexed
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.bench import Progress, positions_done, running, tell_positions
from xbarsim.scenario.conductor import Conductor, Span, task_name
from xbarsim.scenario.ledger import Ledger
from xbarsim.scenario.programming import CELL_WRITTEN, Writer, devices_per_cell
from xbarsim.scenario.record import Recorder
from xbarsim.scenario.run import Run
from xbarsim.scenario.stages import Task, Use, Workshop
from xbarsim.spec.chip import Chip
from xbarsim.spec.component import Action, Service

WRITING = "writing cells"  # the operation that writes are on the timeline


@dataclass
class PhasedRun(Run):
    """A run in phases: when each was at work, and what was written."""

    spans: list[Span]
    cells_written: int
    times_written: list[int]  # by write
    writing_ps: int
    passes: int

    @property
    def computing_ps(self) -> int:
        return sum(span.end_ps - span.start_ps for span in self.spans)


class PhasedBench:
    """All phases of a network wired up on a chip, to be run as often as one likes."""

    def __init__(self, chip: Chip, floor: Floor, mapped: Multiplexed, granularity: Granularity):
        self.chip, self.floor, self.mapped = chip, floor, mapped
        self.program = mapped.program
        self.shop = Workshop(Clock(), floor)
        networks = [
            Network(program.graph.name, tuple(assemble(self.shop, program))) for program in mapped.phases
        ]
        self.network = Network(
            mapped.program.graph.name, tuple(stream for network in networks for stream in network.streams)
        )
        self.writes = _Writes(self.shop, mapped)
        self.last: PhasedRun
        self.engine = Engine(granularity, networks, self.writes.works())

    def run(
        self, requests: int, recorder: Recorder | None = None, progress: Progress | None = None
    ) -> PhasedRun:
        """Requests that all wait at time 0, batch by batch; after the last one the arrays are as at first.

        Raises: SimulationError if the run cannot end.
        """
        full, rest = divmod(requests, self.mapped.batch)
        batches = [self.mapped.batch] * full + [rest] * bool(rest)
        with running(self.shop, self.engine, recorder) as flow:
            tell_positions(flow, progress, requests)
            lead = Conductor(flow, len(self.mapped.phases), self.mapped.plan.writes, batches)
            lead.run()
        done = {stream: count for phase in positions_done(flow) for stream, count in phase.items()}
        self.last = PhasedRun(
            self.chip, self.program, self.shop, self.network, done, Ledger.of(self.shop.tasks), recorder,
            lead.completions_ps, flow.clock.now, requests, self.program.graph.macs, lead.spans,
            self.writes.cells_written(), lead.written, lead.writing_ps, len(batches),
        )  # fmt: skip
        return self.last


class _Writes:
    """The tasks that write tiles between phases."""

    def __init__(self, shop: Workshop, mapped: Multiplexed):
        self.shop, self.mapped, self.floor = shop, mapped, shop.floor
        self.writer = Writer.of(shop.floor)
        self.devices = devices_per_cell(shop.floor)
        self.arrays: dict[str, list[Station]] = {}
        for station in shop.stations.values():
            if station.meta.component == shop.floor.array_part.path:
                self.arrays.setdefault(station.meta.tile, []).append(station)
        self.tasks = [self._task(write) for write in mapped.plan.writes]

    def works(self) -> dict[str, Work]:
        pairs = zip(self.mapped.plan.writes, self.tasks, strict=True)
        return {
            task_name(number): Chain((self._stage(write, task),))
            for number, (write, task) in enumerate(pairs)
        }

    def cells(self, write: Write) -> int:
        """Devices that are written."""
        return sum(self.mapped.cells(block) for block in write.slots.values()) * self.devices

    def cells_written(self) -> int:
        """Of the run that has ended, as the ledger has it."""
        return sum(
            cost.count * task.tally.jobs
            for task in self.tasks
            for cost in task.meta.costs
            if cost.action == CELL_WRITTEN
        )

    def _task(self, write: Write) -> Task:
        cells, writer, floor = self.cells(write), self.writer, self.floor
        if writer is None:  # nobody knows how long it takes, and what it costs
            count = Service(0, (Action(CELL_WRITTEN, cells, 0.0),))
            return self.shop.task(WRITING, 0, (Use(floor.array_part.path, floor.array, count),))
        return self.shop.task(WRITING, writer.time_ps(cells), writer.uses(cells))

    def _stage(self, write: Write, task: Task) -> Stage:
        tile = self.floor.tiles[write.tile]
        stations = list(self.arrays.get(tile, ()))
        if self.writer is not None:
            stations.append(self.writer.station(self.shop, tile))
        return task.at(*stations)
