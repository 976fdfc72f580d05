"""The user's folder of data sets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from xbarsim.errors import DataError

VARIABLE = "XBARSIM_DATA"


def data_folder(given: str | Path | None, called: str) -> Path:
    """The folder that is given, else that of the environment variable XBARSIM_DATA; called: the data set.

    Raises: DataError if there is none.
    """
    named = given if given is not None else os.environ.get(VARIABLE)
    if not named:
        raise DataError(
            f"{called}: no folder is given, and nothing is downloaded; set the environment variable {VARIABLE}, "
            f"or pass data_folder"
        )
    folder = Path(named).expanduser()
    if not folder.is_dir():
        origin = "data_folder" if given is not None else VARIABLE
        raise DataError(f"{called}: {origin} is '{folder}', which is no folder")
    return folder


def find(folder: Path, below: Sequence[str], names: Iterable[str]) -> Path | None:
    """The first of these files, in the folder itself or in one of those below it."""
    tried = (folder / inner / name for name in names for inner in ("", *below))
    return next((path for path in tried if path.is_file()), None)
