"""Every study that ships can be read; its chips have a source for each number, and its first point runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import xbarsim as xs
from xbarsim.shipped import shipped
from xbarsim.study.columns import DONE
from xbarsim.study.design import design
from xbarsim.study.evaluate import Bench
from xbarsim.study.figures import NUMBERS
from xbarsim.study.study_file import load_study

STUDIES = sorted(path.stem for path in shipped("studies").glob("*.yaml"))
CHIPS = sorted((shipped("studies") / "chips").glob("*.yaml"))


def test_there_are_some() -> None:
    assert {"adc_sharing", "array_cell_device", "upkeep", "tutorial_adc"} <= set(STUDIES)


@pytest.mark.parametrize("path", CHIPS, ids=lambda path: path.stem)
def test_every_number_of_its_chips_has_a_source(path: Path) -> None:
    report = xs.check(xs.load_chip(str(path)))
    assert report.numbers > 50
    assert report.unsourced == ()


@pytest.mark.parametrize("name", STUDIES)
def test_a_point_of_it_runs(name: str) -> None:
    """The last one of the grid: the smallest networks on the largest parts, mostly."""
    study = load_study(name)
    assert study.goals and study.source and study.description
    assert set(study.for_each) < {axis.name for axis in study.axes}
    bench, points = Bench(), design(study)
    assert 20 <= len(points) <= 200
    row = bench.row(bench.job(points[-1].point))
    assert row["status"] == DONE, row["error"]
    wanted = [*(goal.figure for goal in study.goals), *(bound.figure for bound in study.constraints)]
    assert set(wanted) <= set(NUMBERS) and None not in [row[figure] for figure in wanted]
