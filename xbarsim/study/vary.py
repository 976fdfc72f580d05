"""Numbers set otherwise on chips that are compared: which chips are meant, and what they become."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from xbarsim.errors import Problem, SpecError
from xbarsim.spec.chip import Chip
from xbarsim.spec.header import Uncalibrated
from xbarsim.spec.load import located_chip, reload_chip
from xbarsim.spec.loader import told_by
from xbarsim.spec.located import likely
from xbarsim.spec.place import Missing, find, parts_of

OPTION = "--vary"
WITHOUT_FIT = "without the fit"
_INSIDE = {"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}


@dataclass(frozen=True)
class Vary:
    """One key, set to each of several values in turn, all else as it is.

    chips: which chips, by name or by their file's without suffix, * for any part; "" for all that have the key.
    """

    key: str
    values: tuple[str, ...]
    chips: str = ""

    @property
    def label(self) -> str:
        return f"{self.chips}:{self.key}" if self.chips else self.key


@dataclass(frozen=True)
class Changed:
    """Chips of a comparison with one thing set otherwise.

    chips: in the order of the comparison; None where nothing was changed.
    """

    label: str
    value: str
    chips: tuple[Chip | None, ...]


def read_vary(text: str) -> Vary:
    """'accelerator.array.energy.factor=14,15.85', 'zcu104-uniform:accelerator.array.rows=8,16'. Raises: SpecError."""
    chips, assignment = scoped(text)
    key, equals, values = assignment.partition("=")
    found = tuple(value.strip() for value in _apart(values))
    if not equals or not key.strip() or not all(found):
        what = "no '='" if not equals else "no key" if not key.strip() else "a value is missing"
        fix = "write it like 'core.adc.bits=6,8' or 'hermes64:core.adc.bits=6,8'"
        raise SpecError([Problem(OPTION, 0, text, what, "", fix)])
    return Vary(key.strip(), found, chips)


def scoped(text: str) -> tuple[str, str]:
    """What stands before a ':' in the key of an assignment says which chips are meant."""
    key = text.partition("=")[0]
    chips, colon, _ = key.partition(":")
    return (chips.strip(), text[len(chips) + 1 :]) if colon else ("", text)


def is_meant(pattern: str, chip: str, path: str) -> bool:
    """Whether a pattern means a chip of this name and file; "" means every one."""
    return not pattern or any(fnmatchcase(name, pattern) for name in (chip, Path(path).stem, path))


def changes(chips: Sequence[Chip], vary: Sequence[Vary]) -> Iterator[Changed]:
    """The chips as each value makes them; first, where one of them says so, as they were without their fit.

    Raises: SpecError for a key that no chip has, or a value that it does not take; ValueError of a chip without a file.
    """
    fitted = [_without_fit(chip) for chip in chips]
    if any(fitted):
        yield Changed(WITHOUT_FIT, _told(chips), tuple(fitted))
    for one in vary:
        meant = [_is_varied(chip, one) for chip in chips]
        if not any(meant):
            raise SpecError([_nobody(one, chips)])
        for value in one.values:
            pairs = zip(chips, meant, strict=True)
            yield Changed(
                one.label,
                value,
                tuple(_varied(chip, f"{one.key}={value}") if its else None for chip, its in pairs),
            )


def _varied(chip: Chip, assignment: str) -> Chip:
    try:
        return reload_chip(chip, [assignment])
    except SpecError as error:
        raise told_by(error, OPTION) from None


def _without_fit(chip: Chip) -> Chip | None:
    """None where nothing is fitted, or what was fitted is set otherwise already."""
    given = chip.header.uncalibrated
    if given is None or not chip.called:
        return None
    fitted = tuple(chip.header.calibrated)
    if any(assignment.strip().startswith(fitted) for assignment in chip.assignments):
        return None
    return reload_chip(chip, [f"{key}={value}" for key, value in given.set.items()])


def _told(chips: Sequence[Chip]) -> str:
    """What is set without the fit, and who says so."""
    found = [chip.header.uncalibrated for chip in chips]
    return "; ".join(f"{_settings(one)}: {one.source}" for one in found if one is not None)


def _settings(given: Uncalibrated) -> str:
    return ", ".join(f"{key}={value}" for key, value in given.set.items())


def _is_varied(chip: Chip, vary: Vary) -> bool:
    """Whether the chip is meant and has the key. Raises: SpecError if it is named and has it not."""
    if not is_meant(vary.chips, chip.name, chip.path):
        return False
    if not chip.called:
        raise ValueError(f"{chip.name}: it was read from no file, so nothing in it can be varied")
    try:
        holder, at = find(located_chip(chip.called, chip.assignments).tree, parts_of(vary.key))
        known = isinstance(holder, list) or at[-1] in holder or _may_be(chip, vary)
    except Missing as reason:
        if vary.chips:
            raise SpecError([Problem(OPTION, 0, vary.label, reason.found, "", reason.fix)]) from None
        known = False
    return known


def _may_be(chip: Chip, vary: Vary) -> bool:
    """Of a key that the file leaves out: could it stand there?"""
    try:
        reload_chip(chip, [f"{vary.key}={vary.values[0]}"])
    except SpecError as error:
        return not any(p.key == vary.key and p.found.startswith("unknown key") for p in error.problems)
    return True


def _nobody(vary: Vary, chips: Sequence[Chip]) -> Problem:
    """No chip is meant, or none of those that are has the key."""
    meant = [chip for chip in chips if is_meant(vary.chips, chip.name, chip.path)]
    if not meant:
        stems = ", ".join(Path(chip.path).stem for chip in chips)
        return Problem(OPTION, 0, vary.label, f"'{vary.chips}' is none of the chips", f"one of {stems}", "")
    keys = [row.key for chip in meant for row in chip.numbers]
    return Problem(OPTION, 0, vary.label, "no chip has this key", "", likely(vary.key, keys))


def _apart(text: str) -> list[str]:
    """Values between commas that stand in no brackets."""
    found, depth = [""], 0
    for piece in re.split(r"([\[\]{}(),])", text):
        depth += _INSIDE.get(piece, 0)
        if piece == "," and not depth:
            found.append("")
        else:
            found[-1] += piece
    return found
