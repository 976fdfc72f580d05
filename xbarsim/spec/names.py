"""Names that point elsewhere in a chip file: cells of arrays, calibrated numbers, modes of figures."""

from __future__ import annotations

from typing import Any

from xbarsim.spec.chip import Part
from xbarsim.spec.figures import OF_RUNS
from xbarsim.spec.located import Located, Path_, likely
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
    modes = _entries(located, "modes", dict)
    for i, row in enumerate(_entries(located, "reported", list)):
        mode = row.get("mode") if isinstance(row, dict) else None
        if not failed:  # else parts are missing that are only described wrongly
            _check_parts(located, i, row, root)
        if isinstance(mode, str) and mode not in modes:
            located.problem(("reported", i, "mode"), f"'{mode}' is none of `modes`", "", likely(mode, modes))


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
