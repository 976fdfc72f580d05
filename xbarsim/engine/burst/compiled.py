"""Compiling the kernel, once for each version of its sources; `machine` keeps what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import config, njit

from xbarsim.engine.burst.machine import folder

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """A function in machine code, made when it is first called and kept for later processes."""
    settings: Any = config
    before = settings.CACHE_DIR  # read when a function is decorated; others' functions keep their own place
    settings.CACHE_DIR = str(folder())
    try:
        made: Any = njit(cache=True, error_model="numpy", forceinline=True)(function)
        return cast(Function, made)
    finally:
        settings.CACHE_DIR = before
