"""Rows on their way into the store: a file that grows line by line, each line safe on the disk before the next."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Journal:
    """An append-only file of rows; a line that was cut short by a crash counts as not written."""

    def __init__(self, path: Path):
        self.path = path

    def rows(self) -> list[Row]:
        """All complete rows, in the order in which they came."""
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().split(b"\n")[:-1]  # behind the last line break: empty, or cut short
        return [_read(line) for line in lines]

    def append(self, rows: Iterable[Row]) -> None:
        """Rows that are on the disk when this returns."""
        text = "".join(json.dumps(row, default=_time) + "\n" for row in rows)
        with self.path.open("ab") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def mend(self) -> None:
        """Cut off what a crash left half written, so that the next row begins on a line of its own."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)

    def clear(self) -> None:
        """To be called when the rows are elsewhere, and safe there."""
        self.path.unlink(missing_ok=True)


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot stand in a row")


def _read(line: bytes) -> Row:
    row: Row = json.loads(line)
    row["finished_at"] = datetime.fromisoformat(row["finished_at"])
    return row
