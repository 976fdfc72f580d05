"""One run of a program on the engine, with everything that was measured in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.requests import run_requests
from xbarsim.engine.stream import Network
from xbarsim.errors import SimulationError
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.gates import Gates, run_routed
from xbarsim.scenario.ledger import Ledger
from xbarsim.scenario.record import Recorder
from xbarsim.scenario.stages import Workshop
from xbarsim.spec.chip import Chip
from xbarsim.workload.routing import Router

Progress = Callable[[int, int], None]  # (positions done, positions in all)


@dataclass
class Run:
    """A finished run: its stations, stages and counts, for the measurements to read."""

    chip: Chip
    program: Program
    shop: Workshop
    network: Network
    positions: dict[str, int]  # done, by stream
    ledger: Ledger
    recorder: Recorder | None
    completions_ps: list[int]
    elapsed_ps: int
    requests: int
    macs_per_request: int  # asked for


class Bench:
    """A program wired up on a chip, to be run as often as one likes.

    A run's counts stand in the stations, stages and metas of the workshop until the next run begins.
    """

    def __init__(
        self,
        chip: Chip,
        floor: Floor,
        program: Program,
        granularity: Granularity,
        router: Router | None = None,
    ):
        self.gates = Gates(program.graph, router)
        self.chip, self.program = chip, replace(program, notes=(*program.notes, *self.gates.notes))
        self.shop = Workshop(Clock(), floor)
        self.network = Network(program.graph.name, tuple(assemble(self.shop, program)))
        self.engine = Engine(granularity, (self.network,))

    def run(self, requests: int, recorder: Recorder | None = None, progress: Progress | None = None) -> Run:
        """Requests that all wait at time 0, each as soon as there is room.

        Raises: SimulationError if the run cannot end.
        """
        clock = Clock()
        self.shop.renew(clock)
        if recorder is not None:
            clock.listen(recorder)
        flow = self.engine.open(clock)
        if progress is not None:
            flow.progressed = _summed(progress, requests * self.network.positions)
        try:
            routed = self.gates.router is not None
            completions = run_routed(flow, requests, self.gates) if routed else run_requests(flow, requests)
        except SimulationError as stopped:
            if recorder is not None:
                stopped.timeline = recorder.timeline(clock.now)
            raise
        for station in self.shop.stations.values():
            station.close()
        done = {s.name: n for s, n in zip(self.network.streams, flow.positions(), strict=True)}
        ledger = Ledger.of(self.shop.tasks)
        return Run(
            self.chip,
            self.program,
            self.shop,
            self.network,
            done,
            ledger,
            recorder,
            completions,
            clock.now,
            requests,
            self.gates.macs,
        )


def _summed(progress: Progress, total: int) -> Callable[[int], None]:
    """Tells how far a run is, from the positions it has done since it was last asked."""
    done = 0

    def progressed(positions: int) -> None:
        nonlocal done
        done += positions
        progress(done, total)

    return progressed
