"""`modes:` - named sets of values, of which `mode:` writes one over those of the components."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from xbarsim.errors import shown
from xbarsim.spec.component import Spec, kinds
from xbarsim.spec.header import Header
from xbarsim.spec.loader import SET
from xbarsim.spec.located import Located, Mark, Path_, Told, likely
from xbarsim.spec.place import Missing, find, parts_of, put
from xbarsim.spec.values import Values

FORM = "a mapping of names, each with 'core.array.energy: 5 pJ' lines"


def apply_mode(located: Located) -> None:
    """Check all modes; write the values of the chosen one into the tree."""
    modes, mode = located.tree.get("modes"), located.tree.get("mode")
    if "modes" not in located.tree:
        if isinstance(mode, str):
            located.problem(("mode",), f"'{mode}', but the file has no `modes`", FORM)
        return
    if not isinstance(modes, dict) or not modes:
        located.problem(("modes",), shown(modes) if modes != {} else "is empty", FORM)
        return
    if mode is None:
        located.problem(("mode",), "missing", ", ".join(modes), "say which of `modes` is on")
    elif isinstance(mode, str) and mode not in modes:
        located.problem(("mode",), f"'{mode}' is none of `modes`", "", likely(mode, modes))
    for name, values in modes.items():
        _mode(located, name, values, chosen=name == mode)


def _mode(located: Located, name: str, values: Any, chosen: bool) -> None:
    if not isinstance(values, dict):
        located.problem(("modes", name), shown(values), "lines like 'core.array.energy: 5 pJ'")
        return
    for key, value in values.items():
        place: Path_ = ("modes", name, key)
        try:
            holder, at = find(located.tree, parts_of(key))
        except Missing as reason:
            located.problem(place, reason.found, "", reason.fix)
            continue
        if chosen and located.mark(at).file != SET:  # what the user sets goes over the mode too
            _write(located, holder, at, value, place)
        else:
            _try(located, holder, at, value, place)


def _write(located: Located, holder: Any, at: Path_, value: Any, place: Path_) -> None:
    def mark(path: Path_) -> Mark:
        return located.mark((*place, *path))

    put(located, holder, at, value, mark)


def _try(located: Located, holder: Any, at: Path_, value: Any, place: Path_) -> None:
    """A mode that is not on: its values are checked and forgotten."""
    kind = holder.get("kind") if isinstance(holder, dict) else None
    cls: type[Spec] | None = Header if len(at) == 1 else kinds().get(kind) if isinstance(kind, str) else None
    if cls is None or isinstance(value, dict):
        return
    with suppress(Told):
        Values(located).one(cls, str(at[-1]), value, holder, place)
