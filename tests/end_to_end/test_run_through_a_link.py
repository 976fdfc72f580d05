"""A run saved through a symbolic link replaces the run, not the link."""

from __future__ import annotations

from pathlib import Path

from tests.result_factory import make_result
from xbarsim.scenario.store import load_result, save_result


def test_a_link_to_an_earlier_run_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    save_result(make_result(), real)
    link.symlink_to(real)
    save_result(make_result(), link)
    assert link.is_symlink()
    assert load_result(real).chip == make_result().chip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]
