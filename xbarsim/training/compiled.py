"""Compiling the pulse kernels, once for each version of their source; the code is kept for later processes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numba import config, njit

from xbarsim.files import kept_folder

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
    return kept_folder(f"pulses-{version('numba')}-{sha256(source).hexdigest()[:16]}")
