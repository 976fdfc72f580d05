"""Algorithms as people ask for them on the command line; all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Sequence

from xbarsim.errors import Problem, SpecError, shown
from xbarsim.spec.loader import told_by
from xbarsim.training.algorithm import ALGORITHMS, Algorithm, load_algorithm


def algorithms_asked(names: Sequence[str], settings: Sequence[str]) -> tuple[Algorithm, ...]:
    """Algorithms by name or file, with 'key=value' over those that have the key.

    Raises: SpecError with all that is wrong.
    """
    problems: list[Problem] = []
    found = []
    for name in names:
        try:
            plain = load_algorithm(name)
            own = type(plain).fields_by_key()
            found.append(load_algorithm(name, [text for text in settings if _key(text) in own]))
        except SpecError as error:
            problems += told_by(error, "--with").problems
    if not problems:
        problems = _unused(settings, found)
    if problems:
        raise SpecError(list(dict.fromkeys(problems)))
    return tuple(found)


def _key(setting: str) -> str:
    return setting.partition("=")[0].strip()


def _unused(settings: Sequence[str], algorithms: Sequence[Algorithm]) -> list[Problem]:
    known = sorted({key for one in algorithms for key in type(one).fields_by_key()})
    allowed = "key=value with one of " + ", ".join(
        key for key in known if key not in ("kind", "source", "note")
    )
    return [
        Problem("--with", 0, "", f"{shown(text)} says nothing to {_names(algorithms)}", allowed)
        for text in settings
        if "=" not in text or _key(text) not in known
    ]


def _names(algorithms: Sequence[Algorithm]) -> str:
    return ", ".join(dict.fromkeys(one.kind for one in algorithms)) or ", ".join(ALGORITHMS)
