"""The store: nothing half written is ever read, nothing is there twice, older ones are brought up to date."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xbarsim.errors import SpecError
from xbarsim.study import store as store_module
from xbarsim.study.columns import COLUMNS, NEW_IN, SCHEMA, SCHEMA_KEY, arrow_schema
from xbarsim.study.journal import Row
from xbarsim.study.pareto import front_of_store
from xbarsim.study.query import QueryError, query
from xbarsim.study.store import Store, writing
from xbarsim.study.study import Goal


def row(key: str, **own: object) -> Row:
    empty: Row = {column.name: None for column in COLUMNS}
    times = {"finished_at": datetime(2026, 1, 2, 3, 4, 5, 678), "seconds": 0.25}
    return empty | {"key": key, "status": "done", "settings": {"chip.a": "1"}, "seed": 0} | times | own


def keys(folder: Path) -> list[str]:
    return [key for (key,) in query(Store(folder), "SELECT key FROM points ORDER BY key").rows]


def test_rows_are_safe_as_soon_as_they_are_added(tmp_path: Path) -> None:
    with writing(tmp_path) as store:
        store.add([row("a", energy_pj=0.1 + 0.2)])
        assert store.parts() == []
        told = query(Store(tmp_path), "SELECT key, energy_pj, settings['chip.a'], finished_at FROM points")
        assert told.rows == (("a", 0.1 + 0.2, "1", datetime(2026, 1, 2, 3, 4, 5, 678)),)
    assert [part.name for part in Store(tmp_path).parts()] == ["part-000001.parquet"]
    assert keys(tmp_path) == ["a"]
    assert Store(tmp_path).rows(["a", "b"])["a"]["energy_pj"] == 0.1 + 0.2


def test_a_row_cut_short_counts_as_not_written_and_the_next_one_is_whole(tmp_path: Path) -> None:
    with writing(tmp_path) as store:
        store.add([row("a"), row("b")])
        torn = store.journal.path.read_bytes()[:-20]
    (tmp_path / "points" / "part-000001.parquet").unlink()
    store.journal.path.write_bytes(torn)
    assert keys(tmp_path) == ["a"]
    with writing(tmp_path) as store:
        store.add([row("c")])
        assert keys(tmp_path) == ["a", "c"]
    assert keys(tmp_path) == ["a", "c"]


def test_a_crash_between_part_and_journal_leaves_nothing_twice(tmp_path: Path) -> None:
    with writing(tmp_path) as store:
        store.add([row("a"), row("b")])
        journal = store.journal.path.read_bytes()
    store.journal.path.write_bytes(journal)  # as if the part was there and the journal not yet gone
    assert keys(tmp_path) == ["a", "b"]
    with writing(tmp_path) as store:
        store.add([row("c")])
    assert keys(tmp_path) == ["a", "b", "c"]


def test_parts_fill_up_and_then_begin_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PART_ROWS", 5)
    monkeypatch.setattr(store_module, "SEAL_ROWS", 2)
    with writing(tmp_path) as store:
        for name in "abcdefg":
            store.add([row(name)])
    sizes = [pq.read_metadata(part).num_rows for part in Store(tmp_path).parts()]
    assert sizes == [4, 3]
    assert keys(tmp_path) == list("abcdefg")


def test_forgotten_points_are_gone_and_others_stay(tmp_path: Path) -> None:
    with writing(tmp_path) as store:
        store.add([row("a"), row("b")])
    with writing(tmp_path) as store:
        store.forget({"a"})
        assert store.keys() == {"b"}


@pytest.mark.parametrize("version", range(1, SCHEMA))
def test_an_older_store_can_be_asked_and_is_migrated_by_the_next_writer(tmp_path: Path, version: int) -> None:
    """Figures that came later are unknown."""
    added = [name for new_in, names in NEW_IN.items() if new_in > version for name in names]
    with writing(tmp_path) as store:
        store.add([row("a", energy_pj=3.0)])
    (part,) = Store(tmp_path).parts()
    old = pq.read_table(part).drop_columns(added)
    pq.write_table(old.replace_schema_metadata({SCHEMA_KEY: str(version).encode()}), part)
    asked = f"SELECT key, energy_pj, {added[-1]}, settings['chip.a'] FROM points ORDER BY key"
    before = part.read_bytes()
    assert query(Store(tmp_path), asked).rows == (("a", 3.0, None, "1"),)
    assert part.read_bytes() == before  # a question changes nothing
    with writing(tmp_path):
        pass
    assert pq.read_schema(part).metadata[SCHEMA_KEY] == str(SCHEMA).encode()
    assert query(Store(tmp_path), asked).rows == (("a", 3.0, None, "1"),)


def test_rows_that_an_older_version_was_about_to_seal_are_not_lost(tmp_path: Path) -> None:
    """Killed before it could; a figure that came later is unknown."""
    with writing(tmp_path) as store:
        store.add([{name: value for name, value in row("a").items() if name != "lifetime_years"}])
        journal = store.journal.path.read_bytes()
    (tmp_path / "points" / "part-000001.parquet").unlink()
    store.journal.path.write_bytes(journal)
    assert query(Store(tmp_path), "SELECT key, lifetime_years FROM points").rows == (("a", None),)
    with writing(tmp_path) as store:
        assert store.rows(["a"])["a"]["lifetime_years"] is None


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    with writing(tmp_path) as store:
        store.add([row("a")])
    (part,) = Store(tmp_path).parts()
    pq.write_table(pq.read_table(part).replace_schema_metadata({SCHEMA_KEY: b"99"}), part)
    before = part.read_bytes()
    with (
        pytest.raises(SpecError, match=rf"written by a newer xbarsim \(schema 99, this one reads {SCHEMA}\)"),
        writing(tmp_path),
    ):
        pass
    assert part.read_bytes() == before


def test_what_is_no_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match="is a file"):
        Store(tmp_path / "file")
    (tmp_path / "points").mkdir()
    pq.write_table(pa.table({"x": [1]}), tmp_path / "points" / "part-000001.parquet")
    with pytest.raises(SpecError, match="is no table of points"):
        query(Store(tmp_path), "SELECT 1")


def test_wrong_sql_is_told_in_the_words_of_the_database(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match='Referenced column "nix" not found'):
        query(Store(tmp_path), "SELECT nix FROM points")
    assert query(Store(tmp_path), "SELECT count(*) FROM points").rows == ((0,),)


def test_every_column_has_a_type_and_a_meaning() -> None:
    assert len(arrow_schema()) == len(COLUMNS) == len({column.name for column in COLUMNS})
    assert all(column.means for column in COLUMNS)


def test_export_to_pandas(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    from xbarsim.study.query import frame

    with writing(tmp_path) as store:
        store.add([row("a", energy_pj=3.0), row("b", energy_pj=4.0)])
    told = frame(Store(tmp_path), "SELECT key, energy_pj FROM points ORDER BY key")
    assert told.to_dict("list") == {"key": ["a", "b"], "energy_pj": [3.0, 4.0]}


def test_the_best_of_a_whole_store(tmp_path: Path) -> None:
    """As told by the definition, over the parts and the journal; equal points stay together."""
    goals = (Goal("energy_pj", "minimise"), Goal("throughput_per_s", "maximise"))
    figures = {"a": (1.0, 1.0), "b": (2.0, 3.0), "c": (2.0, 2.0), "d": (3.0, 3.0), "e": (2.0, 3.0)}
    rows = [row(key, energy_pj=e, throughput_per_s=t, chip="x") for key, (e, t) in figures.items()]
    with writing(tmp_path) as store:
        store.add(rows[:3])
    with writing(tmp_path) as store:
        store.add([*rows[3:], row("f", energy_pj=0.5), row("g", status="failed")])
        assert front_of_store(Store(tmp_path), goals) == ["a", "b", "e"]
        assert front_of_store(Store(tmp_path), goals, "chip = 'y'") == []
