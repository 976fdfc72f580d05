"""One run of a program on the engine, with everything that was measured in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.requests import run_requests
from xbarsim.engine.stream import Network
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.program import Program
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.bench import Progress, positions_done, running, tell_positions
from xbarsim.scenario.gates import Gates, run_routed
from xbarsim.scenario.ledger import Ledger
from xbarsim.scenario.record import Recorder
from xbarsim.scenario.stages import Workshop
from xbarsim.spec.chip import Chip
from xbarsim.workload.routing import Router


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
        with running(self.shop, self.engine, recorder) as flow:
            tell_positions(flow, progress, requests)
            routed = self.gates.router is not None
            completions = run_routed(flow, requests, self.gates) if routed else run_requests(flow, requests)
        (done,) = positions_done(flow)
        return Run(
            self.chip,
            self.program,
            self.shop,
            self.network,
            done,
            Ledger.of(self.shop.tasks),
            recorder,
            completions,
            flow.clock.now,
            requests,
            self.gates.macs,
        )
