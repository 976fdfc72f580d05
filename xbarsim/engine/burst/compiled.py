"""Compiling the kernel, once for each version of its sources.

The compiler's own cache looks at one file at a time and would not see that a function or a column of another
file has changed; so what is compiled is kept in a folder named after all sources of this package.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import config, njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """A function in machine code, made when it is first called and kept for later processes."""
    settings: Any = config
    before = settings.CACHE_DIR  # read when a function is decorated; others' functions keep their own place
    settings.CACHE_DIR = str(_folder())
    try:
        made: Any = njit(cache=True, error_model="numpy", forceinline=True)(function)
        return cast(Function, made)
    finally:
        settings.CACHE_DIR = before


@cache
def _folder() -> Path:
    """Where compiled code is kept: the user's cache, or a folder for this process if that cannot be written."""
    sources = b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))
    name = f"kernel-{numba.__version__}-{sha256(sources).hexdigest()[:16]}"
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    folder = Path(home).expanduser() / "xbarsim" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="xbarsim-"))
