"""A Result as a run folder on disk: written whole or not at all, read back exactly."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import os
import shutil
import tempfile
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xbarsim.errors import Problem, SpecError
from xbarsim.files import demand_place, foreign, interrupts_later
from xbarsim.scenario.generate_result import GenerateResult
from xbarsim.scenario.lifetime_result import LifetimeResult
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.train_result import TrainResult

SCHEMA = 1
Stored = Result | ServeResult | GenerateResult | LifetimeResult | TrainResult
_KINDS: dict[str, Any] = {
    "infer": Result,
    "serve": ServeResult,
    "generate": GenerateResult,
    "lifetime": LifetimeResult,
    "train": TrainResult,
}  # by the scenario; "infer" goes without saying
RESULT_FILE, TIMELINE_FILE, PAGE_FILE = "result.json", "timeline.json", "page.html"
_OWN_FILES = (RESULT_FILE, TIMELINE_FILE, PAGE_FILE)
_TUPLE, _FLOAT = "$tuple", "$float"


class _Misfit(Exception):
    """A stored value that does not fit the type of its place."""

    def __init__(self, key: str, found: str, allowed: str):
        super().__init__(key)
        self.key, self.found, self.allowed = key, found, allowed


def save_result(
    result: Stored, folder: str | Path, files: Mapping[str, str] | None = None, force: bool = False
) -> Path:
    """Write the run folder: result.json and the given further texts (file name -> text), in one step.

    The timeline is not in result.json: it goes along as a text made for a trace viewer. An
    earlier run in `folder` stays until the new one is complete; files that are not of a run stay too.
    force: also into a folder that is no earlier run's.
    Raises: SpecError if `folder` holds something that is not a run, or cannot be written.
    """
    folder = Path(folder)
    texts = {RESULT_FILE: result_to_json(result), **(files or {})}
    demand_run_folder(folder, force)
    folder = folder.resolve()  # through a link: what it points to is replaced, not the link
    folder.parent.mkdir(parents=True, exist_ok=True)
    with interrupts_later():
        _write(texts, folder)
    return folder


def demand_run_folder(folder: str | Path, force: bool = False) -> None:
    """To be asked before a long run whose result goes into this folder; nothing is changed by asking.

    Raises: SpecError if it is a file, cannot be written, or (unless forced) holds something that is not a run.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise _broken(folder, "", "is a file", "a folder")
    if folder.is_dir() and os.path.ismount(folder.resolve()):
        raise _broken(folder, "", "is where a disk is mounted, and cannot be replaced", "a folder in it")
    demand_place(folder)
    if force or not folder.is_dir() or not any(folder.iterdir()):
        return
    allowed = "a new folder, or that of an earlier run"
    if not (folder / RESULT_FILE).exists():
        raise foreign(folder, f"holds files but no {RESULT_FILE}", allowed)
    if not _is_result(folder / RESULT_FILE):
        raise foreign(folder, f"holds a {RESULT_FILE} that xbarsim did not write", allowed)


def load_result(folder: str | Path) -> Any:
    """The result of a run folder, of the kind that was saved, equal to it but for its timeline (None)."""
    folder = Path(folder).resolve()  # through a link: what it points to is replaced, not the link
    source = folder if folder.exists() else _previous(folder)
    path = source / RESULT_FILE if source.is_dir() else folder
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _broken(folder, "", f"not a run folder: {RESULT_FILE} cannot be read ({reason})") from None
    return result_from_json(text, path)


def result_to_json(result: Stored) -> str:
    """Deterministic text: equal results give equal bytes."""
    if isinstance(result, Result):
        result = dataclasses.replace(result, timeline=None)
    kind = next(name for name, kept in _KINDS.items() if type(result) is kept)
    stored: dict[str, Any] = {"schema": SCHEMA, "result": encode(result, type(result))}
    if kind != "infer":
        stored["kind"] = kind
    return json.dumps(stored, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def result_from_json(text: str, path: Path) -> Stored:
    """Inverse of result_to_json; `path` is for the messages."""
    try:
        stored = json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(path, "", f"not complete JSON ({error.msg})", line=error.lineno) from None
    schema = stored.get("schema") if isinstance(stored, dict) else None
    if schema != SCHEMA:
        raise _broken(path, "schema", f"found {schema!r}", f"{SCHEMA}, which this version reads")
    kind = stored.get("kind", "infer")
    if kind not in _KINDS:
        raise _broken(path, "kind", f"found {kind!r}", f"{', '.join(_KINDS)}: what this version reads")
    try:
        result: Stored = decode(stored.get("result"), _KINDS[kind], "result")
        return result
    except _Misfit as misfit:
        raise _broken(path, misfit.key, f"found {misfit.found}", misfit.allowed) from None


def encode(value: Any, hint: Any = Any) -> Any:
    """A value in a place of type `hint`, as JSON values; where the type says too little, marks say it."""
    if value is None:
        return None
    hint = _without_none(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return {name: encode(getattr(value, name), inner) for name, inner in _field_hints(hint).items()}
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return [
            encode(item, item_hint)
            for item, item_hint in zip(value, _item_hints(inner, len(value)), strict=True)
        ]
    if isinstance(value, Mapping):
        if {_TUPLE, _FLOAT} & set(value) or not all(isinstance(key, str) for key in value):
            raise TypeError(
                f"keys of a stored mapping are texts other than {_TUPLE} and {_FLOAT}: {list(value)}"
            )
        return {key: encode(item, inner[1] if inner else Any) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        items = [encode(item) for item in value]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: repr(float(value))}
    return value.item() if hasattr(value, "item") else value  # NumPy's numbers become Python's


def decode(stored: Any, hint: Any, key: str) -> Any:
    """The value of type `hint` that `encode` stored; raises _Misfit with the path of what does not fit."""
    if stored is None and hint is not _without_none(hint):
        return None
    hint = _without_none(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _decode_dataclass(hint, stored, key)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        hints = _item_hints(inner, len(_expect(stored, list, key)))
        if len(hints) != len(stored):
            raise _Misfit(key, f"{len(stored)} values", f"{len(hints)} values")
        return tuple(
            decode(item, inner, f"{key}[{at}]")
            for at, (item, inner) in enumerate(zip(stored, hints, strict=True))
        )
    if origin is Mapping:
        return {
            name: decode(item, inner[1], f"{key}.{name}") for name, item in _expect(stored, dict, key).items()
        }
    if hint is Any or (hint is float and _is_marked(stored, _FLOAT)):
        return _decode_any(stored, key)
    if isinstance(stored, bool) and hint is not bool:
        raise _Misfit(key, repr(stored), hint.__name__)
    return _expect(stored, (int, float) if hint is float else hint, key)


def _decode_dataclass(kind: Any, stored: Any, key: str) -> Any:
    hints = _field_hints(kind)
    for name in sorted(set(hints) ^ set(_expect(stored, dict, key))):
        found, allowed = ("nothing", "a value") if name in hints else ("a value", "no field of this name")
        raise _Misfit(f"{key}.{name}", found, allowed)
    return kind(**{name: decode(stored[name], hint, f"{key}.{name}") for name, hint in hints.items()})


def _decode_any(stored: Any, key: str) -> Any:
    if _is_marked(stored, _TUPLE):
        return tuple(_decode_any(item, key) for item in _expect(stored[_TUPLE], list, key))
    if _is_marked(stored, _FLOAT):
        if stored[_FLOAT] not in ("inf", "-inf", "nan"):
            raise _Misfit(key, repr(stored), "inf, -inf or nan")
        return float(stored[_FLOAT])
    if isinstance(stored, dict):
        return {name: _decode_any(item, f"{key}.{name}") for name, item in stored.items()}
    return [_decode_any(item, key) for item in stored] if isinstance(stored, list) else stored


def _is_marked(stored: Any, mark: str) -> bool:
    return isinstance(stored, dict) and set(stored) == {mark}


@functools.cache
def _field_hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint
    return next(option for option in typing.get_args(hint) if option is not type(None))


def _item_hints(inner: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """The types of a tuple's items: one for all (`tuple[int, ...]`) or one for each."""
    return (inner[0],) * count if inner[-1] is Ellipsis else inner


def _expect(stored: Any, allowed: Any, key: str) -> Any:
    if isinstance(stored, allowed):
        return stored
    names = [kind.__name__ for kind in (allowed if isinstance(allowed, tuple) else (allowed,))]
    found = repr(stored)
    raise _Misfit(key, found if len(found) < 60 else found[:57] + "...", " or ".join(names))


def _write(texts: Mapping[str, str], folder: Path) -> None:
    """All files in a folder beside it, which then takes its place."""
    _recover(folder)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    try:
        for name, text in texts.items():
            _write_synced(fresh / name, text)
        fresh.chmod(0o755)
        _swap(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _swap(fresh: Path, folder: Path) -> None:
    """Put `fresh` where `folder` is; meanwhile the earlier run stands beside it, where load finds it."""
    previous = _previous(folder)
    if not folder.exists():
        os.rename(fresh, folder)
        return
    os.rename(folder, previous)
    try:
        os.rename(fresh, folder)
    except BaseException:
        os.rename(previous, folder)
        raise
    _retire(previous, folder)


def _recover(folder: Path) -> None:
    """Clear up after a save that was killed between its steps."""
    previous = _previous(folder)
    if previous.exists() and folder.exists():
        _retire(previous, folder)
    elif previous.exists():
        os.rename(previous, folder)


def _retire(previous: Path, folder: Path) -> None:
    """Drop the earlier run, but take along what others have put into its folder."""
    for entry in previous.iterdir():
        if entry.name not in _OWN_FILES and not (folder / entry.name).exists():
            os.rename(entry, folder / entry.name)
    shutil.rmtree(previous)


def _is_result(path: Path) -> bool:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stored, dict) and {"schema", "result"} <= set(stored)


def _previous(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.previous")


def _write_synced(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _broken(path: Path, key: str, found: str, allowed: str = "", line: int = 0) -> SpecError:
    return SpecError([Problem(str(path), line, key, found, allowed)])
