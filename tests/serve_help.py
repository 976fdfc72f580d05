"""Runs under load on small chips, for tests of several kinds."""

from __future__ import annotations

from collections.abc import Sequence

from xbarsim.engine.granularity import Granularity
from xbarsim.mapping.floor import Floor
from xbarsim.mapping.residents import Lodger, map_residents, named_apart
from xbarsim.scenario.arrivals import Arrivals
from xbarsim.scenario.batching import ONE_BY_ONE, Batching
from xbarsim.scenario.serve_laws import serve_laws
from xbarsim.scenario.serve_run import ServeBench, ServeRun, Stint
from xbarsim.spec.chip import Chip
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.routing import Router


def stint(
    arrivals: Arrivals,
    requests: int,
    batching: Batching = ONE_BY_ONE,
    limit: int | None = None,
    queue: int | None = None,
) -> Stint:
    return Stint(arrivals, batching, limit, queue, requests, None)


def bench(
    chip: Chip,
    graphs: Sequence[OpGraph],
    granularity: Granularity = Granularity.BURST,
    routers: Sequence[Router | None] | None = None,
) -> ServeBench:
    """Networks with equal shares."""
    lodgers = [Lodger(graph, None, 1 / len(graphs)) for graph in named_apart(graphs)]
    return ServeBench(chip, Floor(chip), map_residents(chip, lodgers), granularity, routers)


def run(
    chip: Chip,
    graphs: Sequence[OpGraph],
    stints: Sequence[Stint],
    seed: int = 0,
    granularity: Granularity = Granularity.BURST,
    routers: Sequence[Router | None] | None = None,
) -> ServeRun:
    """A run that keeps all laws."""
    done = bench(chip, graphs, granularity, routers).run(stints, seed)
    assert [law for law in serve_laws(done) if not law.holds] == []
    return done


class Watched:
    """Keeps what a network's latencies were, one by one, as the books do not."""

    def __init__(self, served: ServeBench):
        self.latencies_ps: list[int] = []
        self.served = served

    def run(self, stints: Sequence[Stint], seed: int = 0) -> ServeRun:
        from unittest.mock import patch

        from xbarsim.scenario.statistics import Latencies

        add = Latencies.add

        def kept(latencies: Latencies, latency_ps: int) -> None:
            self.latencies_ps.append(latency_ps)
            add(latencies, latency_ps)

        with patch.object(Latencies, "add", kept):
            return self.served.run(stints, seed)
