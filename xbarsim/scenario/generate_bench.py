"""Both programs of a generation wired up on one chip, to be run as often as one likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.stream import Network
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.state_pair import Pair
from xbarsim.scenario.assemble import assemble
from xbarsim.scenario.bench import Progress, positions_done, running
from xbarsim.scenario.garbage import uncollected
from xbarsim.scenario.gates import Gates
from xbarsim.scenario.generate_door import DECODE, PREFILL, Door
from xbarsim.scenario.ledger import Ledger
from xbarsim.scenario.run import Run
from xbarsim.scenario.stages import Workshop
from xbarsim.spec.chip import Chip
from xbarsim.workload.generation import Generation


@dataclass
class Generated:
    """A finished run of a generation.

    run: of prefill, with the stations, stages and energies of both networks; positions: by network, stream.
    """

    run: Run
    door: Door
    networks: tuple[Network, ...]
    positions: tuple[dict[str, int], ...]


class GenerateBench:
    """Counts stand in the stations, stages and metas of the workshop until the next run begins."""

    def __init__(
        self, chip: Chip, floor: Floor, pair: Pair, generation: Generation, granularity: Granularity
    ):
        self.chip, self.pair, self.generation = chip, pair, generation
        self.gates = tuple(
            Gates(graph, generation.router) for graph in (generation.prefill, generation.decode)
        )
        self.shop = Workshop(Clock(), floor)
        with uncollected():
            first = assemble(self.shop, pair.prefill)
            steps = assemble(self.shop, pair.decode, generation.contexts) if generation.contexts else []
        prefill = Network(f"{generation.name} prefill", tuple(first))
        decode = Network(f"{generation.name} decode", tuple(steps))
        self.networks = (prefill, decode) if steps else (prefill,)
        self.engine = Engine(granularity, self.networks)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of one request."""
        decode = self.generation.decode
        steps = (Gates(decode.at_context(n), self.generation.router).macs for n in self.generation.contexts)
        return self.gates[PREFILL].macs + sum(steps)

    def run(self, arrivals_ps: Sequence[int], progress: Progress | None = None) -> Generated:
        """Let requests in that come at these times.

        Raises: SimulationError if the run cannot end.
        """
        asked, gates = self.generation, (self.gates[PREFILL], self.gates[DECODE])
        with running(self.shop, self.engine) as flow:
            door = Door(flow, gates, asked.prompt_tokens, asked.tokens, self.pair.kept.requests)
            if progress is not None:
                total = len(arrivals_ps) * asked.tokens
                flow.progressed = lambda _: progress(sum(len(c.tokens_ps) for c in door.courses), total)
            flow.clock.process(door.arrive(flow.clock, arrivals_ps))
            flow.run()
        positions = positions_done(flow)
        outs_ps = [time_ps for course in door.courses for time_ps in course.tokens_ps[-1:]]
        run = Run(
            self.chip, self.pair.prefill, self.shop, self.networks[PREFILL], positions[PREFILL],
            Ledger.of(self.shop.tasks), None, sorted(outs_ps), flow.clock.now, len(arrivals_ps), self.macs,
        )  # fmt: skip
        return Generated(run, door, self.networks, positions)
