"""Problems of published figures: which row of which file asks for what cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xbarsim.errors import DeviceError, MappingError, Problem, SpecError, WorkloadError, XbarsimError
from xbarsim.spec.chip import Chip
from xbarsim.spec.figures import FLEET, Reported
from xbarsim.spec.loader import SET
from xbarsim.spec.located import Path_, dotted
from xbarsim.validation.fleet import shares
from xbarsim.validation.subject import Settings, Subject

InputError = (SpecError, WorkloadError, MappingError, DeviceError)  # what a row may be wrong in


def demand(names: Iterable[str], settings: Settings = ()) -> tuple[Subject, ...]:
    """Chips whose figures can all be asked for: settings that hold, workloads that are there.

    Raises: SpecError with every problem of all of them, each with file and line, before anything runs.
    """
    subjects, problems = [], []
    for name in dict.fromkeys(names):
        subject = Subject(name, settings)
        subjects.append(subject)
        try:
            problems += _of_chip(subject, subject.chip())
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return tuple(subjects)


def _of_chip(subject: Subject, chip: Chip) -> list[Problem]:
    rows = chip.header.reported
    if not rows:
        found = "missing, so there is nothing to compare"
        fix = "add rows of figure, value, source, kind and measure"
        return [Problem(subject.located.mark(()).file, 0, "reported", found, "", fix)]
    return [
        problem
        for number, row in enumerate(rows)
        if row.measure is not None
        for problem in _of_row(subject, number, row)
    ]


def _of_row(subject: Subject, number: int, row: Reported) -> list[Problem]:
    """Of its settings and of what it runs; without running it."""

    def told(look: Callable[[], object]) -> list[Problem]:
        try:
            look()
        except InputError as error:
            return problems_of(subject, number, row, error)
        return []

    problems = told(lambda: subject.chip(row))
    if row.measure == FLEET:
        problems += told(lambda: [subject.workload(name) for name, _ in shares(row.run or "")])
    elif row.run is not None:
        problems += told(lambda: subject.workload(row.run or ""))
    return problems


def problems_of(subject: Subject, number: int, row: Reported, error: XbarsimError) -> list[Problem]:
    """What went wrong for one row of `reported`, at the key of that row which asked for it."""
    if isinstance(error, SpecError):
        return [_moved(subject, number, row, problem) for problem in error.problems]
    at = "run" if row.run is not None else "measure"
    return [_problem(subject, ("reported", number, at), row, str(error))]


def _moved(subject: Subject, number: int, row: Reported, problem: Problem) -> Problem:
    """A problem that the row's own settings or its workload made, told where they stand."""
    here: Path_ = ("reported", number)
    if problem.file == SET:
        key = next((key for key in row.set if _within(problem.key, key)), None)
        at = (*here, "set") if key is None else (*here, "set", key)
        return _problem(subject, at, row, problem.found, problem.allowed, problem.fix)
    if not problem.key and not problem.line:  # a workload that is not there
        found = f"'{problem.file}': {problem.found}"
        return _problem(subject, (*here, "run"), row, found, problem.allowed, problem.fix)
    found = f"{problem.found}, as figure '{row.figure}' ({subject.located.mark(here)}) has it"
    return Problem(problem.file, problem.line, problem.key, found, problem.allowed, problem.fix)


def _within(key: str, setting: str) -> bool:
    """Whether a key is a setting, or stands inside one."""
    return key == setting or key.startswith((f"{setting}.", f"{setting}[", f"{setting}="))


def _problem(
    subject: Subject, at: Path_, row: Reported, found: str, allowed: str = "", fix: str = ""
) -> Problem:
    mark = subject.located.mark(at)
    return Problem(mark.file, mark.line, dotted(at), f"figure '{row.figure}': {found}", allowed, fix)
