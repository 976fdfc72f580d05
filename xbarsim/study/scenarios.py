"""The scenarios that a study can run at its points, from the texts that a study file gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import Problem, SpecError, shown
from xbarsim.scenario.infer import Infer
from xbarsim.scenario.serve_spec import Serve
from xbarsim.scenario.serve_text import Written
from xbarsim.scenario.serve_text import asked as serve_asked

Texts = Mapping[str, str]


@dataclass(frozen=True)
class ScenarioKind:
    """keys: what can be said of it, each with its meaning; ask: the scenario from those texts and a seed."""

    keys: Mapping[str, str]
    ask: Callable[[Texts, int], Infer | Serve]


def scenario_asked(told: Texts, seed: int) -> Infer | Serve:
    """The scenario of a point. Raises: SpecError with all that is wrong."""
    return SCENARIOS[told["kind"]].ask({key: text for key, text in told.items() if key != "kind"}, seed)


def _infer(told: Texts, seed: int) -> Infer:
    given = {key: _whole(key, text, 1) for key, text in told.items()}
    return Infer(requests=given.get("requests", 2), batch=given.get("batch", 1))


def _serve(told: Texts, seed: int) -> Serve:
    def listed(key: str) -> list[Any]:
        return [told[key]] if key in told else []

    numbers = {key: _whole(key, told[key], least) for key, least in _COUNTS.items() if key in told}
    limit, queue = ([numbers[key]] if key in numbers else [] for key in ("limit", "queue_limit"))
    written = Written(
        listed("arrivals"), listed("batch"), limit, queue, [], numbers.get("requests"), told.get("precision"), seed,
        False, Granularity.BURST,
    )  # fmt: skip
    try:
        scenario: Serve = serve_asked(written, [None])[1]
    except SpecError as error:
        raise SpecError([_renamed(problem) for problem in error.problems]) from None
    return scenario


def _whole(key: str, text: str, least: int) -> int:
    if text.isdecimal() and int(text) >= least:
        return int(text)
    raise SpecError([Problem(f"scenario.{key}", 0, "", shown(text), f"a whole number from {least}")])


def _renamed(problem: Problem) -> Problem:
    """The words of the command line's options, for keys."""
    words = (problem.file, problem.fix)
    file, fix = (text.replace("--queue-limit", "--queue_limit").replace("--", "scenario.") for text in words)
    return Problem(file, 0, problem.key, problem.found, problem.allowed, fix)


_COUNTS = {"requests": 1, "limit": 1, "queue_limit": 0}
SCENARIOS = {
    "infer": ScenarioKind(
        {
            "requests": "inferences in the pipelined run (2 if not said)",
            "batch": "inferences in each phase, where a network is larger than the chip",
        },
        _infer,
    ),
    "serve": ScenarioKind(
        {
            "arrivals": "when requests come: 'poisson 2 kHz', 'constant 1 kHz', saturated …",
            "requests": "end when so many are complete",
            "precision": "end when a figure is known so well: 'p99 5 %'",
            "batch": "none, 'fixed 8', or 'timeout 8 1 ms'",
            "limit": "most requests inside the chip",
            "queue_limit": "most requests that wait",
        },
        _serve,
    ),
}
