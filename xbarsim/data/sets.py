"""The data sets by name, as workload files call them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xbarsim.data.cifar10 import cifar10
from xbarsim.data.digits import digits
from xbarsim.data.examples import Examples, Part
from xbarsim.data.mnist import mnist


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set before it is read. shape: of an image, (channels, rows, columns)."""

    name: str
    shape: tuple[int, int, int]


SETS = {
    one.name: one
    for one in (
        DataSet("digits", (1, 8, 8)),
        DataSet("mnist", (1, 28, 28)),
        DataSet("cifar10", (3, 32, 32)),
    )
}


def read_set(name: str, part: Part, folder: str | Path | None = None) -> Examples:
    """One part of a data set; folder: of its files, where it has any. Raises: DataError."""
    if name == "digits":
        return digits(part)
    return {"mnist": mnist, "cifar10": cifar10}[name](folder, part)
