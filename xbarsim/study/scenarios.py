"""The scenarios that a study can run at its points, from the texts that a study file gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import Problem, SpecError, shown
from xbarsim.scenario.infer import Infer
from xbarsim.scenario.lifetime_spec import Lifetime
from xbarsim.scenario.lifetime_text import WrittenLife, life_asked
from xbarsim.scenario.serve_spec import Serve
from xbarsim.scenario.serve_text import Written
from xbarsim.scenario.serve_text import asked as serve_asked
from xbarsim.study.accuracy import KEYS as ACCURACY
from xbarsim.study.accuracy import accuracy_asked

Texts = Mapping[str, str]
Scenario = Infer | Serve | Lifetime


@dataclass(frozen=True)
class ScenarioKind:
    """keys: what can be said of it, each with its meaning; ask: the scenario from those texts and a seed."""

    keys: Mapping[str, str]
    ask: Callable[[Texts, int], Scenario]


def scenario_asked(told: Texts, seed: int) -> Scenario:
    """The scenario of a point. Raises: SpecError with all that is wrong."""
    return SCENARIOS[told["kind"]].ask({key: text for key, text in told.items() if key != "kind"}, seed)


def _infer(told: Texts, seed: int) -> Infer:
    accuracy_asked(told)  # may be wrong, too
    given = {key: _whole(key, text, 1) for key, text in told.items() if key not in ACCURACY}
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


def _lifetime(told: Texts, seed: int) -> Lifetime:
    def listed(key: str) -> list[str]:
        return [told[key]] if key in told else []

    numbers = {key: _whole(key, told.get(key, str(usual)), 1) for key, usual in _LIFE_COUNTS.items()}
    samples = _whole("samples", told["samples"], 1) if "samples" in told else None
    written = WrittenLife(
        listed("arrivals"), [_policy(told)], told.get("ages", ""), numbers["networks"], told.get("weights", ""), seed,
        numbers["windows"], numbers["requests"], False, _number("tolerance", told.get("tolerance", "0")), samples,
        Granularity.BURST,
    )  # fmt: skip
    try:
        return life_asked(written)
    except SpecError as error:
        raise SpecError([_renamed(problem) for problem in error.problems]) from None


def _policy(told: Texts) -> str:
    """The period, where it is told apart, before the rest of the policy."""
    rest = told.get("policy", "never" if "every" not in told else "")
    if "every" not in told:
        return rest
    return f"every {told['every']}{' ' if rest.startswith('above') else ', ' if rest else ''}{rest}"


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SpecError([Problem(f"scenario.{key}", 0, "", shown(text), "a number from 0")]) from None


def _whole(key: str, text: str, least: int) -> int:
    if text.isdecimal() and int(text) >= least:
        return int(text)
    raise SpecError([Problem(f"scenario.{key}", 0, "", shown(text), f"a whole number from {least}")])


def _renamed(problem: Problem) -> Problem:
    """The words of the command line's options, for keys."""
    words = (problem.file, problem.fix)
    file, fix = (text.replace("--queue-limit", "--queue_limit").replace("--", "scenario.") for text in words)
    return Problem(file, 0, problem.key, problem.found, problem.allowed, fix)


_LIFE_COUNTS = {"networks": 5, "windows": 32, "requests": 5_000}  # as Lifetime's own
_COUNTS = {"requests": 1, "limit": 1, "queue_limit": 0}
SCENARIOS = {
    "infer": ScenarioKind(
        {
            "requests": "inferences in the pipelined run (2 if not said)",
            "batch": "inferences in each phase, where a network is larger than the chip",
            **ACCURACY,
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
    "lifetime": ScenarioKind(
        {
            "arrivals": "when requests come: 'poisson 1 kHz', 'constant 10 Hz'",
            "policy": "how cells are looked after: never, 'every 300 s, staggered', 'every 1 h above 0.1' …",
            "every": "the period of correction, where the policy is told without it: '300 s'",
            "ages": "when accuracy is looked at: '1 d, 1 year'; figures are those of the last",
            "networks": "with noise of their own, over which accuracy is the mean (5 if not said)",
            "weights": "which of the workload's weights; the first if not said",
            "tolerance": "how far a code may be from its weight, if it takes less conductance",
            "samples": "of the test set; all if not said",
            "windows": "simulated around each kind of turn (32 if not said)",
            "requests": "simulated between turns (5,000 if not said)",
        },
        _lifetime,
    ),
}
