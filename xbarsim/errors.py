"""Errors that help: where, what was found, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_LONGEST = 60


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an input, as one printable line."""

    file: str
    line: int
    key: str
    found: str
    allowed: str = ""
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        complete = not self.allowed or self.allowed.startswith(("allowed: ", "did you mean"))
        allowed = self.allowed if complete else f"allowed: {self.allowed}"
        tail = "; ".join(part for part in (self.found, allowed, self.fix) if part)
        return one_line(f"{where} {self.key}: {tail}" if self.key else f"{where}: {tail}")


class XbarsimError(Exception):
    """Base of everything xbarsim raises on purpose; its text is meant for the user."""


class SpecError(XbarsimError):
    """All problems of the given descriptions at once, sorted by file and line."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class WorkloadError(XbarsimError):
    """A model that cannot be captured: names the operation and its place in the module tree."""


class MappingError(XbarsimError):
    """A network that does not fit the chip, with what is missing and what can be done."""


class DataError(XbarsimError):
    """A data set whose files are not there, or not what they should be."""


class DeviceError(XbarsimError):
    """A memory cell that is asked for what its description does not give, or for an impossible state."""


class SimulationError(XbarsimError):
    """A run that cannot go on: a cycle of waits, or a law that does not hold.

    timeline: what was recorded until then (a scenario's Timeline), where a run was being recorded.
    """

    timeline: Any = None


def one_line(text: str) -> str:
    """A text without line breaks and control characters, so that one problem stays one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shown(raw: Any) -> str:
    """A value from a YAML file as a message tells it: 'text', 5, true, a list, a mapping."""
    if raw is None:
        return "no value"
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, dict):
        return "a mapping"
    if isinstance(raw, list | tuple):
        return "a list"
    text = one_line(str(raw))
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"'{short}'" if isinstance(raw, str) else short
