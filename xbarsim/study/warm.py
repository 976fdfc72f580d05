"""Where a search begins: the points of its space that the store holds; noted, so that it can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from xbarsim.files import write_whole
from xbarsim.study.axes import place
from xbarsim.study.design import Designed, at
from xbarsim.study.evaluate import Bench, code_version
from xbarsim.study.journal import Row
from xbarsim.study.space import Params, params_of, place_of
from xbarsim.study.store import Store, file_name
from xbarsim.study.study import CHIP, WORKLOAD, Study

if TYPE_CHECKING:
    from xbarsim.study.search import Search

Known = tuple[Params, Designed, Row]


def beginning(store: Store, study: Study, how: Search, bench: Bench) -> list[Known]:
    """What a search starts from: if the same one was interrupted, what that one did."""
    note, asked = _note(store, study), _digest(study, how)
    keys = _noted(note, asked)
    if keys is not None:
        rows = store.rows(keys)
        return list(_of_space(study, bench, [rows[key] for key in keys if key in rows]))
    known = list(_of_space(study, bench, _candidates(store, study, bench))) if how.warm else []
    write_whole(note, json.dumps({"asked": asked, "known": [row["key"] for _, _, row in known]}))
    return known


def forget_beginning(store: Store, study: Study) -> None:
    """The search has come to its end."""
    _note(store, study).unlink(missing_ok=True)


def _note(store: Store, study: Study) -> Path:
    return store.folder / "searches" / f"{file_name(study.name)}.json"


def _digest(study: Study, how: Search) -> str:
    told = json.dumps([asdict(study), asdict(how), code_version()], default=str, sort_keys=True)
    return sha256(told.encode()).hexdigest()


def _noted(note: Path, asked: str) -> list[str] | None:
    """Keys of an interrupted search that was asked for in the same words."""
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or cut short
        return None
    return list(told["known"]) if told.get("asked") == asked else None


def _candidates(store: Store, study: Study, bench: Bench) -> list[Row]:
    """Rows that may be points of the space, by what is cheap to compare."""
    first = at(study, place(study.axes, [0.0] * len(study.axes))).point
    varied = {key for axis in study.axes for option in axis.options for key, _ in option.settings}
    names = dict(zip((CHIP, WORKLOAD), bench.names(first), strict=True))
    equal = {root: name for root, name in names.items() if root not in varied}
    return store.rows_where(code=code_version(), scenario=first.scenario_kind, **equal)


def _of_space(study: Study, bench: Bench, rows: Sequence[Row]) -> Iterator[Known]:
    """Rows whose settings lead back to their own address."""
    for row in rows:
        for params in params_of(study.axes, row["settings"]):
            designed = at(study, place_of(study.axes, params))
            if bench.job(designed.point).key == row["key"]:
                yield params, designed, row
                break
