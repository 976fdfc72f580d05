"""What may be asked of networks under load: streams of requests, policies at the door, and when the run ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from xbarsim.engine.granularity import Granularity
from xbarsim.scenario.arrivals import Arrivals, Constant, OnOff, Poisson, Saturated
from xbarsim.scenario.batching import ONE_BY_ONE, Batching, demand_count
from xbarsim.scenario.precision import Precision
from xbarsim.workload.graph import OpGraph
from xbarsim.workload.routing import Router

CURVE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # of the saturation point
UNKNOWABLE = (
    "Saturated arrivals have no latency to be known precisely: it is that of a full chip. Give requests"
)
NO_RATE = (
    "Serve.curve: a load curve needs arrivals whose rate can be set: Poisson, Constant, OnOff; "
    "not a recorded stream, nor Saturated"
)


@dataclass(frozen=True)
class Serve:
    """Requests that come by themselves.

    arrivals: when; None where each of several residents has its own.
    requests: the run ends when so many are complete, of each network; or
    precision: when a figure of the latency is known so well, of each network. One of the two.
    batching: how requests are let in: OneByOne(), Fixed(size), TimeOut(size, wait_s).
    admission_limit: most requests inside the chip (let in and not complete); others wait at the door.
    queue_limit: most requests at the door; who comes when it is full is refused, and counted. None: no limit.
    seed: of everything random.
    curve: loads (shares of the saturation point) at which latency is measured as well, each in a run of its own.
    granularity: `burst` works the events out in compiled code, `mvm` one by one in SimPy; the results are the same.
    """

    arrivals: Arrivals | None = None
    requests: int | None = None
    precision: Precision | None = None
    batching: Batching = ONE_BY_ONE
    admission_limit: int | None = None
    queue_limit: int | None = None
    seed: int = 0
    curve: tuple[float, ...] = ()
    granularity: Granularity = Granularity.BURST

    def __post_init__(self) -> None:
        if (self.requests is None) == (self.precision is None):
            raise ValueError("Serve: give one of requests and precision, which say when the run ends")
        if self.requests is not None:
            demand_count("Serve.requests", self.requests)
        demand_count("Serve.seed", self.seed, 0)
        demand_door("Serve", self.arrivals, self.batching, self.admission_limit, self.queue_limit)
        if self.precision is not None and isinstance(self.arrivals, Saturated):
            raise ValueError(UNKNOWABLE)
        if any(not 0 < load < 1 for load in self.curve):
            raise ValueError(f"Serve.curve is {self.curve!r}; allowed: loads above 0 and below 1")
        if self.curve and isinstance(self.arrivals, Arrivals):
            at_rate(self.arrivals, 1.0)


@dataclass(frozen=True)
class Resident:
    """One of several networks on a chip, with the requests that come for it.

    work: what load_workload or trace returns.
    share: of the chip's array slots, that copies of its matrices may fill; None: an equal part of what others leave.
    """

    work: Any
    arrivals: Arrivals
    share: float | None = None
    batching: Batching = ONE_BY_ONE
    admission_limit: int | None = None
    queue_limit: int | None = None

    def __post_init__(self) -> None:
        _demand_share(self.share)
        demand_door("Resident", self.arrivals, self.batching, self.admission_limit, self.queue_limit)


@dataclass(frozen=True)
class Tenant:
    """A resident whose network is known: graph, bits of an activation, digest, and share in numbers.

    router: of a mixture of experts, where there is one.
    """

    graph: OpGraph
    activation_bits: int | None
    workload_sha256: str
    share: float
    asked: Resident
    router: Router | None = None


def shares_of(given: Sequence[float | None]) -> list[float]:
    """Each one's share; those that name none divide evenly what is left.

    Raises: ValueError for what is no share, or if there is less than nothing left.
    """
    for share in given:
        _demand_share(share)
    named, silent = sum(share for share in given if share is not None), given.count(None)
    if named > 1 or (silent and named >= 1):
        raise ValueError(f"Resident.share: shares add up to {named:g}; allowed: at most 1 in all")
    rest = (1 - named) / max(1, silent)
    return [rest if share is None else share for share in given]


def _demand_share(share: float | None) -> None:
    if share is not None and not 0 < share <= 1:
        raise ValueError(f"Resident.share is {share!r}; allowed: a number above 0, up to 1")


def at_rate(arrivals: Arrivals, rate_hz: float) -> Arrivals:
    """The same kind of arrivals at another mean rate. Raises: ValueError if it has none that could be set."""
    match arrivals:
        case Poisson() | Constant():
            return replace(arrivals, rate_hz=rate_hz)
        case OnOff():
            return replace(arrivals, rate_hz=rate_hz * (arrivals.on_s + arrivals.off_s) / arrivals.on_s)
    raise ValueError(NO_RATE)


def demand_door(
    where: str, arrivals: Arrivals | None, batching: Batching, admission: int | None, queue: int | None
) -> None:
    """Raises: ValueError if no batch could ever go in."""
    if arrivals is not None and not isinstance(arrivals, Arrivals):
        raise ValueError(f"{where}.arrivals is {arrivals!r}; allowed: Poisson(rate_hz), Constant, OnOff, …")
    if not isinstance(batching, Batching):
        raise ValueError(
            f"{where}.batching is {batching!r}; allowed: OneByOne(), Fixed(size), TimeOut(size, wait_s)"
        )
    if admission is not None:
        demand_count(f"{where}.admission_limit", admission, batching.most)
    if queue is not None:
        if isinstance(arrivals, Saturated):
            raise ValueError(f"{where}.queue_limit: Saturated arrivals never queue; leave it out")
        demand_count(f"{where}.queue_limit", queue, batching.most - 1)
