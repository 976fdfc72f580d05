"""Where the chips, networks and studies that come with xbarsim lie: beside the package, or inside the wheel."""

from __future__ import annotations

from pathlib import Path


def shipped(folder: str) -> Path:
    """`architectures/`, `workloads/` or `studies/`, in a checkout as in an installed wheel."""
    inside = Path(__file__).parent / "_shipped" / folder
    return inside if inside.is_dir() else Path(__file__).parent.parent / folder
