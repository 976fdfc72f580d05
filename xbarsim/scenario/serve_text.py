"""What is asked of a run under load, as people write it on the command line; all that is wrong is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import Problem, SpecError, shown
from xbarsim.scenario.arrivals import Arrivals, Saturated
from xbarsim.scenario.arrivals_text import arrivals_from_text
from xbarsim.scenario.batching import ONE_BY_ONE, Batching, batching_from_text
from xbarsim.scenario.precision import Precision
from xbarsim.scenario.serve_spec import CURVE, Resident, Serve, at_rate, demand_door, shares_of

LEAST = 1_000  # requests before a precision is looked at, where no fewer are the most
_PRECISION = re.compile(r"(\S+)\s+([0-9.]+)\s*%")
_FORM = "write it like 'p99 5 %'"
T = TypeVar("T")


@dataclass(frozen=True)
class Written:
    """The options as they were given; each list has one entry for all networks, or one for each."""

    arrivals: Sequence[str]
    batches: Sequence[str]
    limits: Sequence[int]
    queue_limits: Sequence[int]
    shares: Sequence[float]
    requests: int | None
    precision: str | None
    seed: int
    curve: bool
    granularity: Granularity


@dataclass(frozen=True)
class _Doors:
    arrivals: list[Arrivals]
    batching: list[Batching]
    limits: list[int | None]
    queue_limits: list[int | None]
    shares: list[float | None]


def asked(written: Written, works: Sequence[Any]) -> tuple[Any, Serve]:
    """What `simulate` takes: the network or the residents, and the scenario.

    Raises: SpecError with all that is wrong.
    """
    problems: list[Problem] = []
    doors = _doors(written, len(works), problems)
    precision = _ending(written, problems)
    if not problems:
        problems += _unfit(doors, written)
    if problems:
        raise SpecError(problems)
    ending = (written.requests if precision is None else None, precision)
    rest = (written.seed, CURVE if written.curve else (), written.granularity)
    if len(works) == 1 and not written.shares:
        door = (doors.batching[0], doors.limits[0], doors.queue_limits[0])
        return works[0], Serve(doors.arrivals[0], *ending, *door, *rest)
    residents = [
        Resident(work, *each)
        for work, *each in zip(
            works,
            doors.arrivals,
            doors.shares,
            doors.batching,
            doors.limits,
            doors.queue_limits,
            strict=True,
        )
    ]
    return residents, Serve(None, *ending, ONE_BY_ONE, None, None, *rest)


def _doors(written: Written, networks: int, problems: list[Problem]) -> _Doors:
    def each(option: str, given: Sequence[Any], read: Callable[[Any], T], missing: T) -> list[T]:
        """One for each network, from one for all or one for each."""
        if given and len(given) not in (1, networks):
            many = f"given {len(given)} times for {networks} network{'s' if networks > 1 else ''}"
            allowed = "once" if networks == 1 else f"once for all, or {networks} times, in their order"
            problems.append(Problem(option, 0, "", many, allowed))
            return []
        found = [_told(read, one, problems) for one in given] or [missing]
        return found * networks if len(found) == 1 else found  # type: ignore[return-value]

    if not written.arrivals:
        problems.append(Problem("--arrivals", 0, "", "missing", "", "write it like 'poisson 2000 Hz'"))
    shares = each("--share", written.shares, float, None)
    if networks > 1 and len(written.shares) == 1:
        problems.append(
            Problem("--share", 0, "", f"given once for {networks} networks", "one for each, or none")
        )
    return _Doors(
        each("--arrivals", written.arrivals, arrivals_from_text, Saturated()),
        each("--batch", written.batches, batching_from_text, ONE_BY_ONE),
        each("--limit", written.limits, int, None),
        each("--queue-limit", written.queue_limits, int, None),
        shares,
    )


def _told(read: Callable[[Any], T], one: Any, problems: list[Problem]) -> T | None:
    try:
        return read(one)
    except SpecError as error:
        problems.extend(error.problems)
        return None


def _ending(written: Written, problems: list[Problem]) -> Precision | None:
    """The precision that ends the run, if one is asked for."""
    if written.precision is None:
        if written.requests is None:
            fix = "give --requests 10000, or --precision 'p99 5 %'"
            problems.append(Problem("--requests", 0, "", "missing", "", fix))
        return None
    found = _PRECISION.fullmatch(written.precision.strip())
    if found is None or found[2].count(".") > 1 or not found[2].strip("."):
        told = f"{shown(written.precision)} is no figure and percentage"
        problems.append(Problem("--precision", 0, "", told, "", _FORM))
        return None
    try:
        share = float(found[2]) / 100
        if written.requests is None:
            return Precision(found[1], share, least=LEAST)
        return Precision(found[1], share, least=min(LEAST, written.requests), most=written.requests)
    except ValueError as error:
        problems.append(Problem("--precision", 0, "", str(error), "", _FORM))
        return None


def _unfit(doors: _Doors, written: Written) -> list[Problem]:
    """What is wrong only together."""
    problems = []
    for option, check in (
        ("--limit", lambda: _all_doors(doors)),
        ("--share", lambda: shares_of(doors.shares)),
        ("--curve", lambda: [at_rate(one, 1.0) for one in doors.arrivals] if written.curve else []),
    ):
        try:
            check()
        except ValueError as error:
            problems.append(Problem(option, 0, "", str(error)))
    if written.curve and len(doors.arrivals) > 1:
        problems.append(
            Problem("--curve", 0, "", f"given with {len(doors.arrivals)} networks", "with one network")
        )
    if written.precision is not None and any(isinstance(one, Saturated) for one in doors.arrivals):
        problems.append(
            Problem("--precision", 0, "", "saturated arrivals have no latency to be precise about", "",
                    "give --requests")
        )  # fmt: skip
    return problems


def _all_doors(doors: _Doors) -> None:
    for door in zip(doors.arrivals, doors.batching, doors.limits, doors.queue_limits, strict=True):
        demand_door("Serve", *door)
