"""Names that point elsewhere in a chip file: cells of arrays, calibrated numbers, modes and names of figures."""

from __future__ import annotations

from typing import Any

from xbarsim.spec.chip import Part
from xbarsim.spec.figures import OF_RUNS, SAME_AS
from xbarsim.spec.located import Located, Path_, dotted, likely
from xbarsim.spec.place import Missing, find, parts_of
from xbarsim.spec.quantity import unwrap
from xbarsim.spec.values import Values


def check_names(located: Located, root: Part | None, values: Values, failed: set[str]) -> None:
    """Tell every name that leads nowhere; what stands in a part with problems of its own passes."""
    for part in root.walk() if root else ():
        _check_cell(located, part)
    known = {row.key for row in values.numbers} | values.broken
    for key in _entries(located, "calibrated", dict):
        if key not in known and not any(key.startswith(f"{path}.") for path in failed):
            located.problem(("calibrated", key), "names no number of the chip", "", likely(key, known))
    _check_uncalibrated(located)
    modes = _entries(located, "modes", dict)
    for i, row in enumerate(_entries(located, "reported", list)):
        mode = row.get("mode") if isinstance(row, dict) else None
        if not failed:  # else parts are missing that are only described wrongly
            _check_parts(located, i, row, root)
        if isinstance(mode, str) and mode not in modes:
            located.problem(("reported", i, "mode"), f"'{mode}' is none of `modes`", "", likely(mode, modes))
    _check_told_apart(located)
    _check_fitted(located)


def _check_uncalibrated(located: Located) -> None:
    """What is set to undo a fit is there to be set, and something was fitted."""
    given = _entries(located, "uncalibrated", dict)
    if given and not _entries(located, "calibrated", dict):
        located.problem(("uncalibrated",), "nothing is `calibrated`", "", "say what was fitted, and to what")
    for key in given["set"] if isinstance(given.get("set"), dict) else ():
        parts = parts_of(str(key))
        try:
            find(located.tree, parts)
        except Missing as reason:
            if located.mark(("components", *parts)).line:  # else what was fitted is set on the command line
                located.problem(("uncalibrated", "set", key), reason.found, "", reason.fix)


def _check_told_apart(located: Located) -> None:
    """No two published figures have one name in one mode: pages and messages could not tell them apart."""
    first: dict[tuple[str, str | None], int] = {}
    for i, row in enumerate(_entries(located, "reported", list)):
        figure, mode = (row.get("figure"), row.get("mode")) if isinstance(row, dict) else (None, None)
        if not isinstance(figure, str) or not isinstance(mode, str | None):
            continue
        if (figure, mode) in first:
            before = ("reported", first[figure, mode])
            found = f"'{figure}' is already the name of {dotted(before)}, at {located.mark(before)}"
            fix = "say in the name, or by `mode`, what tells the two apart"
            located.problem(("reported", i, "figure"), found, "", fix)
        else:
            first[figure, mode] = i


def _check_fitted(located: Located) -> None:
    """What a number was fitted to is a published figure, and says itself that it was used so."""
    calibrated = _entries(located, "calibrated", dict)
    kinds: dict[str, list[Any]] = {}  # of the figures of one name, in all modes
    for row in _entries(located, "reported", list):
        if isinstance(row, dict):
            kinds.setdefault(str(row.get("figure")), []).append(row.get("kind"))
    for key, figures in calibrated.items():
        for i, figure in enumerate(figures if isinstance(figures, list) else ()):
            wrong = _not_fitted(figure, calibrated, kinds) if isinstance(figure, str) else None
            if wrong is not None:
                located.problem(("calibrated", key, i), wrong[0], "", wrong[1])


def _not_fitted(
    figure: str, calibrated: dict[str, Any], kinds: dict[str, list[Any]]
) -> tuple[str, str] | None:
    """What is wrong with a figure that a number was fitted to, and what to do."""
    if figure.startswith(SAME_AS):
        other = figure.removeprefix(SAME_AS)
        return None if other in calibrated else (f"'{other}' is not calibrated", likely(other, calibrated))
    if not kinds or "calibrated" in kinds.get(figure, ()):
        return None
    if figure not in kinds:
        return f"'{figure}' is not `reported`", likely(figure, kinds)
    fix = "give it `kind: calibrated`, or name another figure"
    return f"'{figure}' is not of kind calibrated, but something was fitted to it", fix


def _check_parts(located: Located, number: int, row: Any, root: Part | None) -> None:
    """Parts that a published figure looks at; links are called 'connect0.link', as in results."""
    named = row.get("of") if isinstance(row, dict) else None
    if root is None or not isinstance(named, list):
        return
    known = [part.path for part in root.walk() if part.path]
    if row.get("measure") in OF_RUNS:  # what a run spends, links and routers too
        known += [
            f"{c.label}.{kind}" for part in root.walk() for c in part.connect for kind in ("link", "router")
        ]
        known += [c.label for part in root.walk() for c in part.connect]
    for i, path in enumerate(named):
        if isinstance(path, str) and path not in known:
            located.problem(("reported", number, "of", i), f"'{path}' is no part", "", likely(path, known))


def _check_cell(located: Located, part: Part) -> None:
    """An array's cell technology exists and holds as many bits as the array puts into it."""
    name, weight = getattr(part.spec, "cell", None), getattr(part.spec, "weight", None)
    known = _entries(located, "cells", dict)
    if not isinstance(name, str):
        return
    at: Path_ = ("components", *part.path.split("."))
    if name not in known:
        located.problem((*at, "cell"), f"'{name}' is not under `cells`", "", likely(name, known))
        return
    bits = unwrap(known[name].get("bits")) if isinstance(known[name], dict) else None
    if type(bits) is int and getattr(weight, "bits_per_cell", 0) > bits:
        found = f"more bits than the cell '{name}' can hold"
        located.problem((*at, "weight", "bits_per_cell"), found, f"at most {bits}")


def _entries(located: Located, key: str, kind: type) -> Any:
    raw = located.tree.get(key)
    return raw if isinstance(raw, kind) else kind()
