"""Queues on every engine there is: what comes when is given, who is served where from when to when is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from xbarsim.engine.chain import Chain, Stage, flow
from xbarsim.engine.clock import Clock, Listener, Phase
from xbarsim.engine.station import Station
from xbarsim.engine.stream import Pipeline, Stream

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
        clock.at(time_ps, Phase.DELIVER, partial(flow, clock, stages, None))
    clock.run()
    return log.services


def through_a_pipeline(arrivals_ps: Sequence[int], stations: Sequence[Servers]) -> list[Services]:
    """Requests to a network of one layer; who has not been admitted waits at its door.

    The latch before the stations takes no time: so the next request may come while the first is at work.
    """
    clock, log, stages = _built(stations)
    stream = Stream("layer", 1, (Chain((Stage((), 0), *stages)),))
    Pipeline(clock, [stream], len(arrivals_ps), arrivals_ps).run()
    return log.services


ENGINES: dict[str, RunTandem] = {"stations": at_stations, "pipeline": through_a_pipeline}
