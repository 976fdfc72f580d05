"""Request streams as people write them: a few words on the command line, and files of recorded times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from xbarsim.errors import Problem, SpecError, shown
from xbarsim.scenario.arrivals import PS_PER_S, Arrivals, Constant, OnOff, Poisson, Recorded, Saturated
from xbarsim.spec.located import likely
from xbarsim.units import DURATION, FREQUENCY, Dimension, UnitError, exact, split

OPTION = "--arrivals"
Line = tuple[int, str]  # its number, and what stands in it but for comments
TRACE = "trace:"
_RATE, _PERIOD = (FREQUENCY, 1), (DURATION, PS_PER_S)  # dimension, its base units in those of the stream
_KINDS: dict[str, tuple[Callable[..., Arrivals], str, tuple[tuple[Dimension, int], ...]]] = {
    "poisson": (Poisson, "poisson 2000 Hz", (_RATE,)),
    "constant": (Constant, "constant 1 kHz", (_RATE,)),
    "onoff": (OnOff, "onoff 5 kHz 1 ms 9 ms", (_RATE, _PERIOD, _PERIOD)),
    "saturated": (Saturated, "saturated", ()),
}
FORMS = (*(form for _, form, _ in _KINDS.values()), f"{TRACE}FILE")
_HEADER = re.compile(r"[\w ]*[\[(]\s*([^\])]+?)\s*[\])]")
_HOW = "write it like '12.5 us', or the unit once in a first line 'time [us]'"
_MANY = 20  # problems of one file that are told


def arrivals_from_text(text: str, where: str = OPTION) -> Arrivals:
    """A stream from one of the FORMS; a trace is read at once.

    where: what the error names: an option, or a file.

    Raises: SpecError naming all forms; for a trace, all that is wrong in the file.
    """
    text = text.strip()
    if text.lower().startswith(TRACE):
        name = text[len(TRACE) :].strip()
        if not name:
            raise _refused(where, f"no file after '{TRACE}'")
        return read_arrivals(Path(name), name)
    kind, *words = text.split() or [""]
    if kind.lower() not in _KINDS:
        raise _refused(where, f"{shown(kind)} is no kind of arrivals" if kind else "empty", _meant(kind))
    make, form, dimensions = _KINDS[kind.lower()]
    quantities = _quantities(words)
    if len(quantities) != len(dimensions):
        raise _refused(where, f"{shown(text)} is not written like '{form}'")
    try:
        pairs = zip(quantities, dimensions, strict=True)
        return make(*(float(exact(quantity, dimension) / per) for quantity, (dimension, per) in pairs))
    except UnitError as error:
        raise _refused(where, error.found, f"write it like '{form}'") from None
    except ValueError as error:
        raise SpecError([Problem(where, 0, "", str(error))]) from None


def read_arrivals(path: Path, name: str | None = None) -> Recorded:
    """Recorded arrival times: one a line, from 0, never falling; '#' begins a comment.

    The unit stands behind each number ('12.5 us'), or once for all in a first line like 'time [us]'.
    Times are rounded to whole picoseconds, each by itself.

    name: how the user called the file.

    Raises: SpecError with what is wrong, by line.
    """
    name = name or path.name
    stripped = (line.partition("#")[0].strip() for line in _text(path, name).split("\n"))
    lines = [(n, line) for n, line in enumerate(stripped, 1) if line]
    unit, lines = _header(name, lines)
    if not lines:
        raise SpecError([Problem(name, 1, "", "no arrival times", "one a line", _HOW)])
    problems: list[Problem] = []
    times_ps = list(_times_ps(name, lines, unit, problems))
    if problems:
        raise SpecError(_first(problems))
    return Recorded(times_ps, name)


def _header(name: str, lines: list[Line]) -> tuple[str, list[Line]]:
    """The unit that the first line gives for all, if it does, and the lines that are left."""
    header = _HEADER.fullmatch(lines[0][1]) if lines else None
    if header is None or split(lines[0][1]) is not None:
        return "", lines
    try:
        exact(f"1 {header[1]}", DURATION)
    except UnitError:
        found = f"{shown(header[1])} is no unit of time"
        raise SpecError([Problem(name, lines[0][0], "", found, "", "write it like 'time [us]'")]) from None
    return header[1], lines[1:]


def _times_ps(name: str, lines: list[Line], unit: str, problems: list[Problem]) -> Iterator[int]:
    last_ps, last = 0, (0, "")
    for n, line in lines:
        try:
            time_ps = _time_ps(line, unit)
            if time_ps < last_ps:
                found = f"{shown(line)} comes after {shown(last[1])} in line {last[0]}"
                raise UnitError(found, "times that never fall", "sort the lines")
        except UnitError as error:
            problems.append(Problem(name, n, "", error.found, error.allowed, error.fix))
        else:
            last_ps, last = time_ps, (n, line)
            yield time_ps


def _time_ps(line: str, unit: str) -> int:
    if "," in line or ";" in line:
        raise UnitError(f"{shown(line)} has several columns", "one arrival time a line")
    number = split(line)
    if number is not None and not number[1]:
        if not unit:
            raise UnitError(f"{shown(line)} has no unit", "", _HOW)
        line = f"{line} {unit}"
    time_ps = exact(line, DURATION)
    if time_ps < 0:
        raise UnitError(f"{shown(line)} is negative", "times from 0")
    return round(time_ps)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = "is no text file (UTF-8)" if isinstance(error, ValueError) else "cannot be read"
        found = why if path.exists() else "no such file"
        raise SpecError([Problem(name, 0, "", found, "", "check the path")]) from None


def _first(problems: list[Problem]) -> list[Problem]:
    """Not the same thing a million times."""
    more = len(problems) - _MANY
    if more <= 0:
        return problems
    n = problems[_MANY].line
    return [*problems[:_MANY], Problem(problems[0].file, n, "", f"and {more} more problems from here on")]


def _quantities(words: list[str]) -> list[str]:
    """'5', 'kHz', '1ms' -> '5 kHz', '1ms': a number begins a quantity."""
    quantities: list[str] = []
    for word in words:
        if quantities and not (word[0].isdigit() or word[0] in "+-."):
            quantities[-1] += f" {word}"
        else:
            quantities.append(word)
    return quantities


def _meant(kind: str) -> str:
    guess = likely(kind, [*_KINDS, TRACE.rstrip(":")])
    return guess if guess.startswith("did you mean") else ""


def _refused(where: str, found: str, fix: str = "") -> SpecError:
    forms = ", ".join(f"'{form}'" for form in FORMS)
    return SpecError([Problem(where, 0, "", found, f"one of {forms}", fix)])
