"""Services per second against a bare loop of SimPy, and whether it matters how many operations are ready at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import simpy

from benchmarks.conftest import Row
from benchmarks.networks import ready_at_once
from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine, Granularity
from xbarsim.engine.requests import run_requests

READY = [10, 100, 1_000, 10_000]
JOBS = {"bare SimPy time-outs": 200_000, "burst": 5_000_000, "mvm": 100_000}


@pytest.mark.parametrize("ready", READY)
def test_bare_simpy(benchmark: Any, row: Row, ready: int) -> None:
    """As many processes as are ready, each waiting over and over: one event a wait."""
    jobs = JOBS["bare SimPy time-outs"]

    def waits(environment: simpy.Environment, wait: int) -> Iterator[simpy.Timeout]:
        for _ in range(jobs // ready):
            yield environment.timeout(wait)

    def made() -> tuple[tuple[simpy.Environment], dict[str, Any]]:
        environment = simpy.Environment()
        for i in range(ready):
            environment.process(waits(environment, 1_000 + i % 97))
        return (environment,), {}

    benchmark.pedantic(simpy.Environment.run, setup=made, rounds=3)
    row("events", what="bare SimPy time-outs", ready=ready, per_s=jobs / benchmark.stats.stats.min)


@pytest.mark.parametrize("ready", READY)
@pytest.mark.parametrize("granularity", list(Granularity))
def test_services(benchmark: Any, row: Row, granularity: Granularity, ready: int) -> None:
    """Services of stations: each is asked for, begun, ended, and its result delivered."""
    jobs = JOBS[granularity]
    network = ready_at_once(ready, jobs)
    engine = Engine(granularity, (network,))

    def made() -> tuple[tuple[Any, int], dict[str, Any]]:
        clock = Clock()
        for stream in network.streams:
            for stage in stream.copies[0].stages:
                stage.stations[0].renew(clock)
        return (engine.open(clock), 1), {}

    benchmark.pedantic(run_requests, setup=made, rounds=2)
    row("events", what=str(granularity), ready=ready, per_s=jobs / benchmark.stats.stats.min)
