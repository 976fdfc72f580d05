"""Files that are written whole or not at all, and never over what xbarsim did not write."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from xbarsim.errors import Problem, SpecError

HEAD = 65_536  # characters by which a file is known: of a page, its style and its title
FORCE = "--force"


def write_whole(path: str | Path, text: str) -> Path:
    """Write a text; an earlier one stays until this one is complete, and folders that are missing are made."""
    path = Path(path)
    if path.exists() and not path.is_file():  # a pipe, /dev/stdout
        path.write_text(text, encoding="utf-8")
        return path
    path = path.resolve()  # through a link: what it points to is replaced, not the link
    path.parent.mkdir(parents=True, exist_ok=True)
    with interrupts_later():
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(draft, 0o644)
            os.replace(draft, path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    return path


def demand_file(path: str | Path, kind: str, known: Callable[[str], bool], force: bool = False) -> None:
    """To be asked before long work whose result goes into this file.

    known: whether a text that begins like this is of the kind that will be written.
    force: whether another file there may be replaced.
    Raises: SpecError if the path is a folder, cannot be written, or holds something of another kind.
    """
    path = Path(path)
    if path.is_dir():
        raise _refused(path, "is a folder", f"a file, to be made or to be replaced: {kind}")
    if path.exists() and not path.is_file():
        return
    demand_place(path)
    if path.is_file() and not force:
        head = _head(path)
        if head and not known(head):
            raise foreign(path, f"exists and is not a {kind} of xbarsim", f"a new file, or an earlier {kind}")


def demand_place(path: str | Path) -> None:
    """Raises: SpecError if nothing can be made at this path. Nothing is left there by looking."""
    path = Path(path)
    above = path.resolve().parent
    while not above.exists():
        above = above.parent
    if not above.is_dir():
        raise _refused(path, f"'{above}' is a file", "a path through folders")
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".xbarsim-", dir=above))
    except OSError as error:
        found = f"nothing can be written in '{above}' ({error.strerror or error})"
        raise _refused(path, found, "a folder that can be written") from None


def foreign(path: Path, found: str, allowed: str) -> SpecError:
    """The refusal to write over what somebody else may need."""
    return SpecError([Problem(str(path), 0, "", found, allowed, f"{FORCE} writes there all the same")])


def _head(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(HEAD)


def _refused(path: Path, found: str, allowed: str) -> SpecError:
    return SpecError([Problem(str(path), 0, "", found, allowed)])


@contextmanager
def interrupts_later() -> Iterator[None]:
    """What is done inside is short and must not be left half done: Ctrl-C meanwhile is heard behind it."""
    before = signal.getsignal(signal.SIGINT)
    if before is None or threading.current_thread() is not threading.main_thread():
        yield  # nobody here hears interrupts
        return
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        signal.raise_signal(signal.SIGINT)


def kept_folder(name: str) -> Path:
    """A folder for what may be made anew, such as compiled code: in the user's cache, or one for this process if that
    cannot be written."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    kept = Path(home).expanduser() / "xbarsim" / name
    try:
        kept.mkdir(parents=True, exist_ok=True)
        if os.access(kept, os.W_OK):
            return kept
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="xbarsim-"))
