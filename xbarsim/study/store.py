"""The store of finished points: Parquet parts that are written whole, read by DuckDB.

store/points/part-000001.parquet   up to PART_ROWS points each, never two of one key
store/points/open.jsonl            points that are not in a part yet
store/studies/NAME.parquet         which points belong to a study: study, number, key
store/searches/NAME.json           where a search began that has not come to its end yet
store/lock                         held by the one process that writes
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from xbarsim.errors import Problem, SpecError
from xbarsim.files import demand_place
from xbarsim.study.columns import MIGRATIONS, SCHEMA, Migration, arrow_schema, migrated, version_of
from xbarsim.study.journal import Journal, Row
from xbarsim.study.lock import locked

PART_ROWS = 10_000  # of a part: as many as DuckDB reads in one go without noticing
SEAL_ROWS = 500  # that wait in the journal at most: read anew by every query
_PARTS, _STUDIES, _OPEN = "points", "studies", "open.jsonl"
MEMBERS = pa.schema([("study", pa.string()), ("number", pa.int64()), ("key", pa.string())])


class Store:
    """Reads a store; `writing` gives the one that may add to it.

    Raises: SpecError if the folder holds something else, or was written by a newer xbarsim.
    """

    def __init__(self, folder: str | Path, migrations: Mapping[int, Migration] = MIGRATIONS):
        self.folder = Path(folder)
        self.journal = Journal(self.folder / _PARTS / _OPEN)
        self.migrations = migrations
        if self.folder.exists() and not self.folder.is_dir():
            raise refused(self.folder, "is a file", "a folder")

    # --- reading -------------------------------------------------------------------------------

    def parts(self) -> list[Path]:
        return sorted((self.folder / _PARTS).glob("part-*.parquet"))

    def studies(self) -> list[Path]:
        return sorted((self.folder / _STUDIES).glob("*.parquet"))

    def keys(self) -> set[str]:
        """Addresses of all points that are finished, well or not."""
        return set(self.column("key"))

    def column(self, name: str) -> list[Any]:
        found = [value for part in self.parts() for value in _read(part, [name]).column(name).to_pylist()]
        return found + [row[name] for row in self.open_rows()]

    def rows(self, keys: Iterable[str]) -> dict[str, Row]:
        """Points by address, as far as they are here."""
        wanted = pa.array(sorted(set(keys)), pa.string())
        found = {row["key"]: row for row in self.open_rows()}
        asked = set(wanted.to_pylist())
        if not asked:
            return {}
        for part in self.parts():
            here = pc.is_in(_read(part, ["key"]).column("key"), wanted)
            if pc.any(here).as_py():  # the other columns are many
                kept = _read(part).filter(here)
                found |= {row["key"]: row | {"settings": dict(row["settings"])} for row in kept.to_pylist()}
        return {key: row for key, row in found.items() if key in asked}

    def rows_where(self, **equal: object) -> list[Row]:
        """Points whose columns have these values, by key."""
        told = zip(self.column("key"), *(self.column(name) for name in equal), strict=True)
        wanted = tuple(equal.values())
        rows = self.rows(key for key, *values in told if tuple(values) == wanted)
        return [rows[key] for key in sorted(rows)]

    def open_rows(self) -> list[Row]:
        """Rows of the journal that are in no part: after a crash between two steps they may be in both."""
        rows = self.journal.rows()
        if not rows:
            return []
        sealed = {key for part in self.parts()[-1:] for key in _read(part, ["key"]).column("key").to_pylist()}
        return list({row["key"]: row for row in rows if row["key"] not in sealed}.values())

    def versions(self) -> dict[Path, int]:
        """The schema of each part. Raises: SpecError if one is none of this version, nor can be made one."""
        found = {}
        for part in self.parts():
            version = version_of(pq.read_schema(part))
            if version is None:
                raise refused(part, "is no table of points of xbarsim", "")
            if version > SCHEMA:
                told = f"was written by a newer xbarsim (schema {version}, this one reads {SCHEMA})"
                raise refused(part, told, "", "update xbarsim, or use another store")
            found[part] = version
        return found


class Writer(Store):
    """Adds points. To be had from `writing`, which sees to it that there is one."""

    def prepare(self) -> None:
        """Bring older parts up to date, and what a crash left into a part."""
        versions = self.versions()
        for draft in self.folder.glob("*/.*.parquet.*"):
            draft.unlink()
        for part, version in versions.items():
            if version != SCHEMA:
                write_table(migrated(pq.read_table(part), self.migrations), part)
        self.journal.mend()
        self.waiting = self.open_rows()
        self.seal()

    def add(self, rows: Sequence[Row]) -> None:
        """Points that are safe on the disk when this returns; their keys must be new."""
        self.journal.append(rows)
        self.waiting += rows
        if len(self.waiting) >= SEAL_ROWS:
            self.seal()

    def seal(self) -> None:
        """What waits goes into the last part while there is room, which is written anew as a whole."""
        if self.waiting:
            parts = self.parts()
            last = _read(parts[-1]) if parts else None
            fresh = pa.Table.from_pylist([_mapped(row) for row in self.waiting], arrow_schema())
            if last is not None and last.num_rows + fresh.num_rows <= PART_ROWS:
                write_table(pa.concat_tables([last, fresh]), parts[-1])
            else:
                write_table(fresh, self.folder / _PARTS / f"part-{len(parts) + 1:06d}.parquet")
        self.waiting = []
        self.journal.clear()

    def forget(self, keys: set[str]) -> None:
        """Points that are to be run once more."""
        gone = pa.array(sorted(keys), pa.string())
        for part in self.parts():
            table = _read(part)
            kept = table.filter(pc.invert(pc.is_in(table.column("key"), gone)))
            if kept.num_rows < table.num_rows:
                write_table(kept, part)

    def enrol(self, study: str, keys: Sequence[str]) -> None:
        """Say which points belong to a study, in its order."""
        members = [{"study": study, "number": number, "key": key} for number, key in enumerate(keys, 1)]
        path = self.folder / _STUDIES / f"{file_name(study)}.parquet"
        write_table(pa.Table.from_pylist(members, MEMBERS), path)


class writing:
    """A context in which this process alone writes a store: `with writing("runs/store") as store`.

    Raises: SpecError if another process does, or the folder cannot be written.
    """

    def __init__(self, folder: str | Path, migrations: Mapping[int, Migration] = MIGRATIONS):
        self.store = Writer(folder, migrations)

    def __enter__(self) -> Writer:
        demand_place(self.store.folder / "lock")
        (self.store.folder / _PARTS).mkdir(parents=True, exist_ok=True)
        self.lock = locked(self.store.folder / "lock")
        if self.lock is None:
            found = "another sweep or search is writing to this store"
            raise refused(self.store.folder, found, "", "wait for it, or give another --store")
        self.store.prepare()
        return self.store

    def __exit__(self, *_: object) -> None:
        try:
            self.store.seal()
        finally:
            if self.lock is not None:
                self.lock.close()


def write_table(table: pa.Table, path: Path) -> None:
    """A Parquet file that is there whole or not at all, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def file_name(study: str) -> str:
    """A study's name without what a path cannot have."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in study) or "study"


def _sync_folder(folder: Path) -> None:
    """The new name is on the disk, too."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read(part: Path, columns: list[str] | None = None) -> pa.Table:
    with pq.ParquetFile(part) as file:
        return file.read(columns)


def _mapped(row: Row) -> Row:
    """Settings as Arrow takes a map: its items, in the order of their keys."""
    finished: datetime = row["finished_at"]
    return row | {"settings": sorted(row["settings"].items()), "finished_at": finished}


def refused(path: Path, found: str, allowed: str = "", fix: str = "") -> SpecError:
    return SpecError([Problem(str(path), 0, "", found, allowed, fix)])
