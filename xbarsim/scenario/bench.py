"""What every bench does around a run: a new clock, a flow on it, and the stations closed when it is through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from xbarsim.engine.clock import Clock
from xbarsim.engine.flow import Engine, Flow
from xbarsim.errors import SimulationError
from xbarsim.scenario.garbage import uncollected
from xbarsim.scenario.record import Recorder
from xbarsim.scenario.stages import Workshop

Progress = Callable[[int, int], None]  # (done, in all)
Report = Callable[[str, int, int], None]  # (what runs, done, in all)


def told(report: Report | None, what: str) -> Progress | None:
    """The progress of one of several runs, under its name."""
    return None if report is None else lambda done, total: report(what, done, total)


@contextmanager
def running(shop: Workshop, engine: Engine, recorder: Recorder | None = None) -> Iterator[Flow]:
    """A flow on a clock of its own, to be run inside; counts stand in the workshop until the next one.

    Raises: SimulationError if the run cannot end, with its timeline so far where it is being recorded.
    """
    clock = Clock()
    shop.renew(clock)
    if recorder is not None:
        clock.listen(recorder)
    with uncollected():
        flow = engine.open(clock)
    try:
        yield flow
    except SimulationError as stopped:
        if recorder is not None:
            stopped.timeline = recorder.timeline(clock.now)
        raise
    for station in shop.stations.values():
        station.close()


def tell_positions(flow: Flow, progress: Progress | None, requests: int) -> None:
    """Have it told how far a run is, in positions of all networks that each request passes."""
    if progress is None:
        return
    total = requests * sum(network.positions for network in flow.networks)
    done = 0

    def progressed(positions: int) -> None:
        nonlocal done
        done += positions
        progress(done, total)

    flow.progressed = progressed


def positions_done(flow: Flow) -> tuple[dict[str, int], ...]:
    """By network and stream."""
    done = iter(flow.positions())
    return tuple({stream.name: next(done) for stream in network.streams} for network in flow.networks)
