"""One process at a time: a lock that the system takes back when its holder is gone, however it went."""

from __future__ import annotations

from pathlib import Path
from typing import IO


def locked(path: Path) -> IO[bytes] | None:
    """The file that holds the lock until it is closed; None if another process holds it."""
    file = path.open("ab")
    try:
        import fcntl
    except ImportError:  # a system without it: nobody is kept out
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
