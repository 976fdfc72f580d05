"""Queues on every engine there is: what comes when is given, who is served where from when to when is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from xbarsim.engine.chain import Chain, Stage
from xbarsim.engine.chain import flow as send
from xbarsim.engine.clock import Clock, Listener, Phase
from xbarsim.engine.flow import Engine
from xbarsim.engine.granularity import Granularity
from xbarsim.engine.requests import run_requests
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Network, Stream

Services = list[tuple[int, int]]  # (start, end) of each request, in picoseconds, in the order of service
Servers = tuple[int, int]  # (service_ps, number) of a station
RunTandem = Callable[
    [Sequence[int], Sequence[Servers]], list[Services]
]  # (arrivals_ps, stations): by station


class Log(Listener):
    """Services by the number of the station, which the stage carries as its meta."""

    def __init__(self, stations: int) -> None:
        self.services: list[Services] = [[] for _ in range(stations)]

    def served(self, stage: Stage, tag: object, start_ps: int, end_ps: int) -> None:
        if stage.stations:
            self.services[stage.meta].append((start_ps, end_ps))


def _built(stations: Sequence[Servers]) -> tuple[Clock, Log, tuple[Stage, ...]]:
    clock, log = Clock(), Log(len(stations))
    clock.listen(log)
    stages = tuple(
        Stage((Station(clock, f"station {n}", servers),), service_ps, meta=n)
        for n, (service_ps, servers) in enumerate(stations)
    )
    return clock, log, stages


def at_stations(arrivals_ps: Sequence[int], stations: Sequence[Servers]) -> list[Services]:
    """Jobs that come by themselves and wait in the queue of a station."""
    clock, log, stages = _built(stations)
    for time_ps in arrivals_ps:
        clock.at(time_ps, Phase.DELIVER, partial(send, clock, stages, None))
    clock.run()
    return log.services


def through_a_flow(
    granularity: Granularity, arrivals_ps: Sequence[int], stations: Sequence[Servers]
) -> list[Services]:
    """Requests to a network of one layer; who has not been admitted waits at its door.

    The latch before the stations takes no time: so the next request may come while the first is at work.
    """
    clock, log, stages = _built(stations)
    stream = Stream("layer", 1, (Chain((Stage((), 0), *stages)),))
    flow = Engine(granularity, (Network("queue", (stream,)),)).open(clock)
    run_requests(flow, len(arrivals_ps), arrivals_ps)
    return log.services


ENGINES: dict[str, RunTandem] = {"stations": at_stations} | {
    str(granularity): partial(through_a_flow, granularity) for granularity in Granularity
}
