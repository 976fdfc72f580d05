"""Requests of one network, one behind the other: the simplest decision there is."""

from __future__ import annotations

from collections.abc import Sequence

from xbarsim.engine.clock import Clock, Phase, Process
from xbarsim.engine.flow import Flow


def run_requests(
    flow: Flow, requests: int, arrivals_ps: Sequence[int] | None = None, steady: bool = True
) -> list[int]:
    """Let so many requests through the first network of a flow, to the end.

    arrivals_ps: when each comes, never earlier than the one before it; all at 0 if not given.
    steady: whether a steady state may be continued by whole periods, where it is found.
    Returns the completion time of each request.
    Raises: SimulationError naming the cycle of waits if the run cannot end.
    """
    completions_ps: list[int] = []

    def repeated(times: int, requests: int, period_ps: int) -> None:
        for _ in range(times):
            completions_ps.extend([done_ps + period_ps for done_ps in completions_ps[-requests:]])

    flow.repeated = repeated if steady else None
    flow.completed = lambda network, request: completions_ps.append(flow.clock.now)
    if arrivals_ps is None:
        for _ in range(requests):
            flow.let_in()
    else:
        flow.clock.process(_arrive(flow.clock, flow, arrivals_ps[:requests]))
    flow.run()
    return completions_ps


def _arrive(clock: Clock, flow: Flow, arrivals_ps: Sequence[int]) -> Process:
    for time_ps in arrivals_ps:
        if time_ps > clock.now:
            yield clock.wait(time_ps - clock.now, Phase.DECIDE)
        flow.let_in()
