"""What is asked of a life, as people write it on the command line; all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xbarsim.engine.granularity import Granularity
from xbarsim.errors import Problem, SpecError, shown
from xbarsim.maintenance.policy import Policy, policy_from_text
from xbarsim.scenario.arrivals import Arrivals
from xbarsim.scenario.arrivals_text import arrivals_from_text
from xbarsim.scenario.lifetime_spec import (
    AGES_S,
    Lifetime,
    wrong_ages,
    wrong_in_full,
    wrong_load,
    wrong_rounds,
    wrong_temperature,
    wrong_tolerance,
)
from xbarsim.units import AGE, TEMPERATURE, UnitError, exact

_FROM = "from "
_AGES = "write them like '1 h, 1 d, 30 d, 1 year'"


@dataclass(frozen=True)
class WrittenLife:
    """The options as they were given."""

    arrivals: Sequence[str]
    policies: Sequence[str]
    ages: str
    networks: int
    weights: str
    seed: int
    windows: int
    requests: int
    full: bool
    tolerance: float
    samples: int | None
    granularity: Granularity
    temperature: str = ""


def life_asked(written: WrittenLife) -> Lifetime:
    """The scenario. Raises: SpecError with all that is wrong."""
    problems: list[Problem] = []
    load = _load(written.arrivals, problems)
    policies = _policies(written.policies, problems)
    ages_s = _ages(written.ages, problems)
    kelvin = _kelvin(written.temperature, problems)
    _note(problems, "--tolerance", wrong_tolerance(written.tolerance))
    if not problems:
        _note(problems, "--policy", wrong_rounds(policies, ages_s))
        _note(problems, "--full", wrong_in_full(load, policies, ages_s) if written.full else "")
    if problems:
        raise SpecError(problems)
    return Lifetime(
        load, policies, ages_s, written.networks, written.weights, written.seed, written.windows,
        written.requests, not written.full, None, written.tolerance, written.samples, written.granularity,
        kelvin,
    )  # fmt: skip


def _note(problems: list[Problem], option: str, wrong: str) -> None:
    if wrong:
        problems.append(Problem(option, 0, "", wrong))


def _load(texts: Sequence[str], problems: list[Problem]) -> tuple[tuple[float, Arrivals], ...]:
    """Streams like 'poisson 1 kHz', or 'from 1 d poisson 10 Hz'."""
    found = []
    if not texts:
        problems.append(Problem("--arrivals", 0, "", "missing", "", "write it like 'poisson 1 kHz'"))
    for text in texts:
        try:
            start_s, rest = _start(text)
            found.append((start_s, arrivals_from_text(rest)))
        except SpecError as error:
            problems += error.problems
    if texts and len(found) == len(texts):
        _note(problems, "--arrivals", wrong_load(found))
    return tuple(found)


def _start(text: str) -> tuple[float, str]:
    """The age at the head of a stream, and the stream."""
    if not text.lower().startswith(_FROM):
        return 0.0, text
    words = text[len(_FROM) :].split()
    for size in (1, 2):  # '1d' or '1 d'
        try:
            return float(exact(" ".join(words[:size]), AGE)), " ".join(words[size:])
        except UnitError:
            continue
    found = f"{shown(text)} does not begin with an age"
    raise SpecError([Problem("--arrivals", 0, "", found, "", "write it like 'from 1 d poisson 10 Hz'")])


def _policies(texts: Sequence[str], problems: list[Problem]) -> tuple[Policy, ...]:
    found: list[Policy] = []
    for text in texts or ("never",):
        try:
            found.append(policy_from_text(text))
        except SpecError as error:
            problems += error.problems
    twice = {policy.text for policy in found if found.count(policy) > 1}
    problems += [Problem("--policy", 0, "", f"'{text}' is given twice") for text in sorted(twice)]
    return tuple(found)


def _ages(text: str, problems: list[Problem]) -> tuple[float, ...]:
    if not text.strip():
        return AGES_S
    ages_s = []
    parts = text.split(",")
    for one in parts:
        try:
            ages_s.append(float(exact(one.strip(), AGE)))
        except UnitError as error:
            problems.append(Problem("--ages", 0, "", error.found, "", _AGES))
    if len(ages_s) == len(parts):
        _note(problems, "--ages", wrong_ages(ages_s))
    return tuple(ages_s)


def _kelvin(text: str, problems: list[Problem]) -> float | None:
    if not text.strip():
        return None
    try:
        kelvin = float(exact(text, TEMPERATURE))
    except UnitError as error:
        problems.append(Problem("--temperature", 0, "", error.found, "", "write it like '350 kelvin'"))
        return None
    _note(problems, "--temperature", wrong_temperature(kelvin))
    return kelvin
