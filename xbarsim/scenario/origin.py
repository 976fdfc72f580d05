"""What every result says of where its figures come from: the chip's numbers, what was fitted, versions."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

from xbarsim.scenario.result import SourceRow
from xbarsim.spec.chip import Chip


def source_rows(chip: Chip) -> tuple[SourceRow, ...]:
    """All numbers of the chip."""
    return tuple(SourceRow(n.key, n.value, n.source, n.where, n.status) for n in chip.numbers)


def fitted(chip: Chip) -> dict[str, tuple[str, ...]]:
    """Fitted key -> the figures it was fitted to."""
    return {key: tuple(figures) for key, figures in chip.header.calibrated.items()}


def mode_notes(chip: Chip) -> tuple[str, ...]:
    return (f"mode '{chip.header.mode}' of the chip",) if chip.header.mode else ()


def rounding_notes(chip: Chip) -> tuple[str, ...]:
    return tuple(
        f"{key} is not a whole picosecond: rounded, relative error {error:.1e}"
        for key, error in chip.roundings.items()
    )


@cache
def versions(*more: str) -> dict[str, str]:
    """Of Python, xbarsim, and the packages that figures hang on. Looked up once: they are read from files."""
    packages = {name: version(name) for name in ("xbarsim", "simpy", "numpy", "networkx", *more)}
    return packages | {"python": platform.python_version()}
