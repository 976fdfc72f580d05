"""One run of a program on the engine, with everything that was measured in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Granularity
from xbarsim.engine.pipeline import Pipeline
from xbarsim.engine.stream import Network, Stream
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.ledger import Ledger
from xbarsim.scenario.record import Recorder
from xbarsim.scenario.stages import Workshop
from xbarsim.spec.chip import Chip

Progress = Callable[[int, int], None]  # (positions done, positions in all)


@dataclass
class Run:
    """A finished run: its stations, stages and counts, for the measurements to read."""

    chip: Chip
    program: Program
    shop: Workshop
    streams: list[Stream]
    ledger: Ledger
    recorder: Recorder | None
    completions_ps: list[int]
    elapsed_ps: int
    requests: int


def wire(chip: Chip, floor: Floor, program: Program) -> tuple[Workshop, Network]:
    """The stations of a chip and the streams of a program on them."""
    shop = Workshop(Clock(), floor)
    return shop, Network(program.graph.name, tuple(assemble(shop, program)))


def run_program(
    chip: Chip,
    floor: Floor,
    program: Program,
    requests: int,
    recorder: Recorder | None = None,
    progress: Progress | None = None,
    granularity: Granularity = Granularity.BURST,
) -> Run:
    """Run requests through a program, all of them waiting at time 0, each as soon as there is room.

    Raises: SimulationError if the run cannot end.
    """
    shop, network = wire(chip, floor, program)
    clock = shop.clock
    if recorder is not None:
        clock.listen(recorder)
    total = requests * network.positions
    done = 0

    def progressed(positions: int) -> None:
        nonlocal done
        done += positions
        if progress is not None:
            progress(done, total)

    pipeline = Pipeline(
        clock, network.streams, requests, progressed=progressed if progress else None, granularity=granularity
    )
    completions = pipeline.run()
    for station in shop.stations.values():
        station.close()
    ledger = Ledger.of(shop.stages)
    return Run(chip, program, shop, list(network.streams), ledger, recorder, completions, clock.now, requests)
