"""Axes that are given, not chosen: best points are found at each of their places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.studies import study_of
from xbarsim.errors import SpecError
from xbarsim.study.explored import Explored, Outcome
from xbarsim.study.study import Goal, Study

TEXT = """
    name: given
    chip: tutorial
    workload: mlp_digits
    axes: {bits: {key: chip.tile.adc.bits, values: [4, 6]}, requests: {key: scenario.requests, values: [1, 2]}}
    goals: {energy_pj: minimise}
    for_each: [requests]
    """


def explored(for_each: tuple[str, ...], *energies: tuple[str, str, float]) -> Explored:
    study = Study("s", "c", "w", (), goals=(Goal("energy_pj", "minimise"),), for_each=for_each)
    outcomes = (
        Outcome(number, {"bits": bits, "load": load}, {"status": "done", "energy_pj": energy_pj})
        for number, (bits, load, energy_pj) in enumerate(energies, 1)
    )
    return Explored(study, tuple(outcomes), 0, "")


def test_each_place_has_its_own_best_points() -> None:
    points = [("4", "low", 5.0), ("6", "low", 3.0), ("4", "high", 9.0), ("6", "high", 9.0)]
    apart = explored(("load",), *points).fronts
    assert {name: [one.number for one in front] for name, front in apart.items()} == {
        "load low": [2],
        "load high": [3, 4],
    }
    together = explored((), *points)
    assert [one.number for one in together.front] == [2] and list(together.fronts) == [""]


def test_what_is_no_axis_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        SpecError, match=r"study.yaml:7 for_each\[0\]: 'request' is no axis; did you mean 'requests'\?"
    ):
        study_of(tmp_path, TEXT.replace("[requests]", "[request]"))
