"""Compiling the pulse kernels, once for each version of their source; the code is kept for later processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numba import config, njit

# What lets loops run several cells wide. Not "reassoc" or "arcp": sums and quotients stay as they are written.
RELAXED = {"nnan", "ninf", "nsz", "contract"}


def compiled(function: Callable[..., Any]) -> Any:
    """A function in machine code, made when it is first called and kept for later processes."""
    settings: Any = config
    before = settings.CACHE_DIR  # read when a function is decorated; others' functions keep their own place
    settings.CACHE_DIR = str(_folder())
    try:
        return njit(cache=True, error_model="numpy", fastmath=RELAXED)(function)
    finally:
        settings.CACHE_DIR = before


@cache
def _folder() -> Path:
    """The user's cache, or a folder for this process if that cannot be written.

    Named after the kernels' source: the compiler's own cache looks at one file at a time.
    """
    source = (Path(__file__).parent / "kernels.py").read_bytes()
    name = f"pulses-{version('numba')}-{sha256(source).hexdigest()[:16]}"
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    kept = Path(home).expanduser() / "xbarsim" / name
    try:
        kept.mkdir(parents=True, exist_ok=True)
        if os.access(kept, os.W_OK):
            return kept
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="xbarsim-"))
