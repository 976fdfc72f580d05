"""A technology from a file of its own, without a chip around it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from xbarsim.devices.technology import Technology
from xbarsim.shipped import shipped
from xbarsim.spec.component import kinds
from xbarsim.spec.loader import located_by_name
from xbarsim.spec.values import Values


def shipped_technologies() -> dict[str, Path]:
    """Name -> file, of the technologies that come with xbarsim."""
    return {
        file.stem: file for file in sorted((shipped("architectures") / "common" / "cells").glob("*.yaml"))
    }


def load_technology(path_or_name: str | Path, overrides: Iterable[str] = ()) -> Technology:
    """Read and validate a cell file, or a shipped one by name ('pcm').

    overrides: 'key=value' assignments over the file ('highest=10 uS'). Raises: SpecError with every problem.
    """
    located = located_by_name(path_or_name, shipped_technologies(), "technology", overrides)
    kind = located.tree.get("kind")
    cls = kinds().get(kind) if isinstance(kind, str) else None
    if cls is None or not issubclass(cls, Technology):
        names = sorted(name for name, item in kinds().items() if issubclass(item, Technology))
        found = (
            "missing" if kind is None else f"'{kind}' is no cell technology whose conductance is simulated"
        )
        located.problem(("kind",), found, ", ".join(names))
        located.raise_problems()
    assert cls is not None
    spec = Values(located).read(cls, located.tree, ())
    located.raise_problems()
    assert isinstance(spec, Technology)
    return spec
