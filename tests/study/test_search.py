"""Searches: the same whoever runs the points, learning from what is known, and leaving out only what is hopeless."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

import xbarsim as xs
from tests.study.studies import SMALL, study_of
from xbarsim.errors import SpecError
from xbarsim.study.asker import Asker
from xbarsim.study.bounds import BEATEN, Bound, bounds_of, hopeless
from xbarsim.study.explored import Explored
from xbarsim.study.figures import figures_of
from xbarsim.study.hypervolume import hypervolume
from xbarsim.study.search import Search, search
from xbarsim.study.space import params_of, place_of
from xbarsim.study.study import Study
from xbarsim.study.sweep import Tally, sweep

SPACE = """
    name: space
    chip: tutorial
    workload: mlp_digits
    axes:
      bits: {key: chip.tile.adc.bits, from: 1, to: 10, step: 1}
      settle: {key: chip.tile.array.settle, from: 10 ns, to: 90 ns}
      size:
        choices:
          small: {chip.tile.count: 4}
          large: {chip.tile.count: 16, chip.tile.adc.count: 4}
    goals: {area_mm2: minimise, throughput_per_s: maximise}
    strategy: {kind: search, points: 20}
"""
GRID = SPACE.replace(", from: 10 ns, to: 90 ns}", ", values: [10 ns, 2000 ns]}").replace(
    "strategy: {kind: search, points: 20}", "strategy: grid"
)


def labels(found: Explored) -> list[dict[str, str]]:
    return [dict(one.labels) for one in found.outcomes]


def figures(found: Explored) -> list[tuple[Any, ...]]:
    return [
        tuple(one.row[name] for name in ("key", "status", "energy_pj", "area_mm2")) for one in found.outcomes
    ]


def test_one_and_two_workers_look_at_the_same_points_in_the_same_order(tmp_path: Path) -> None:
    study = study_of(tmp_path, SPACE)
    alone = search(study, Search(12, seed=3), tmp_path / "one", workers=1)
    together = search(study, Search(12, seed=3), tmp_path / "two", workers=2)
    assert labels(alone) == labels(together) and figures(alone) == figures(together)
    assert len(alone.outcomes) == len({one.row["key"] for one in alone.outcomes}) == alone.ran == 12
    other = search(study, Search(12, seed=4), tmp_path / "three", workers=1)
    assert labels(other) != labels(alone)


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
def test_a_small_space_is_looked_at_whole_and_then_it_ends(tmp_path: Path, sampler: Any) -> None:
    """4 x 3 places, of which those of -1 bits fail: each is run once, whatever the sampler asks for."""
    found = search(study_of(tmp_path, SMALL), Search(50, sampler), tmp_path / "store", workers=1)
    assert (len(found.done), len(found.failed), found.ran) == (9, 3, 12)
    assert "50 points were asked for; beyond these 12 the space has no more" in found.notes
    swept = sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers=1)
    assert swept.ran == 0
    assert {str(one.labels) for one in swept.front} == {str(one.labels) for one in found.front}


class Stopped(Exception):
    pass


def test_an_interrupted_search_takes_the_path_that_it_would_have_taken(tmp_path: Path) -> None:
    """Two runs are stopped on the way, the store being warm at first; the third ends as an undisturbed one does."""
    study = study_of(tmp_path, SPACE)
    how = Search(24, seed=1)
    for folder in ("one", "two"):
        search(study, Search(8, "random", seed=7), tmp_path / folder, workers=1)
    undisturbed = search(study, how, tmp_path / "one", workers=1)

    def stop(tally: Tally) -> None:
        if tally.done + tally.failed == 5:
            raise Stopped

    for _ in range(2):
        with pytest.raises(Stopped):
            search(study, how, tmp_path / "two", workers=1, watch=stop)
    resumed = search(study, how, tmp_path / "two", workers=1)
    assert (undisturbed.ran, resumed.ran) == (24, 14)
    assert labels(resumed) == labels(undisturbed) and figures(resumed) == figures(undisturbed)
    assert list((tmp_path / "two" / "searches").iterdir()) == []
    assert len(search(study, how, tmp_path / "two", workers=1).outcomes) == 32 + 24  # asked again, it goes on


def test_what_the_store_holds_is_where_a_search_begins(tmp_path: Path) -> None:
    """Of a span, of choices, and of an axis over chips; not the points of another network."""
    text = SPACE.replace("chip: tutorial", "chip: isaac").replace(
        "axes:", "axes:\n      chip: [tutorial, puma]"
    )
    text = text.replace("puma", str(tmp_path / "mine.yaml"))
    (tmp_path / "mine.yaml").write_text(
        "include: tutorial.yaml\nname: Mine\n".replace("tutorial.yaml", shipped_tutorial())
    )
    study = study_of(tmp_path, text)
    first = search(study, Search(12, "random"), tmp_path / "store", workers=1)
    assert {one.row["chip"] for one in first.outcomes} == {"Tutorial chip", "Mine"}
    other = study_of(tmp_path, text.replace("workload: mlp_digits", "workload: cnn_digits"))
    search(other, Search(3, "random"), tmp_path / "store", workers=1)
    second = search(study_of(tmp_path, text), Search(1), tmp_path / "store", workers=1)
    assert "12 points of this space were in the store, and were where the search began" in second.notes
    assert {str(one.labels) for one in first.outcomes} <= {str(one.labels) for one in second.outcomes}
    cold = search(study, Search(12, "random", warm=False), tmp_path / "store", workers=1)
    assert (labels(cold), cold.ran) == (labels(first), 0)


def shipped_tutorial() -> str:
    from xbarsim.shipped import shipped

    return str(shipped("architectures") / "tutorial.yaml")


def test_a_sampler_is_told_of_bounds_and_failures(tmp_path: Path) -> None:
    """Both of points that it asked for and of those that were known: only points within all bounds are feasible."""
    study = study_of(tmp_path, SPACE.rstrip() + "\n    constraints: {energy_pj: {at_most: 100}}\n")
    asker = Asker(study, "tpe", 0)
    row: dict[str, Any] = {"status": "done", "area_mm2": 1.0, "throughput_per_s": 5.0, "energy_pj": 50.0}
    rows = [row, row | {"energy_pj": 150.0}, row | {"energy_pj": None}, row | {"status": "failed"}]
    for one, known in product(rows, (True, False)):
        asked = asker.ask()
        asker.tell(type(asked)(asked.params) if known else asked, asker.of_row(one))
    told = [trial for trial in asker.asking.get_trials() if trial.values is not None]
    assert [trial.values for trial in told[:2]] == [[1.0, -5.0]] * 2
    assert [list(trial.system_attrs["constraints"]) for trial in told] == [
        [-0.5, 0.0], [-0.5, 0.0], [0.5, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0],
    ]  # fmt: skip


@given(some.integers(0, 2**32))
def test_parameters_lead_to_a_point_and_back(seed: int) -> None:
    axes = _space().axes
    draws = np.random.default_rng(seed)
    asked = next(Asker(_space(), "random", int(draws.integers(1_000))).others())
    place = place_of(axes, asked.params)
    back = [place_of(axes, params) for params in params_of(axes, dict(place.settings))]
    assert place in back


def _space() -> Study:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return study_of(Path(folder), SPACE)


# --- what is left out ------------------------------------------------------------------------------

CHEAP = [
    ("tutorial", "mlp_digits"), ("tutorial", "cnn_digits"), ("hermes64", "resnet9_cifar10"),
    ("systolic-int8", "lenet_digits"), ("zcu104-pot", "lenet_digits"), ("tutorial", "lenet_digits"),
    ("neurram", "lenet_digits"), ("puma", "lstm_caption"), ("isaac-board", "lenet_digits"),
]  # fmt: skip


@pytest.mark.parametrize(("chip", "network"), CHEAP)
def test_no_result_is_beyond_its_bounds(chip: str, network: str) -> None:
    spec, work = xs.load_chip(chip), xs.load_workload(network)
    bounds = bounds_of(spec, work)
    scenarios: list[Any] = [
        xs.Infer(requests=3),
        xs.Serve(arrivals=xs.Saturated(), requests=20, admission_limit=4),
    ]
    for scenario in scenarios:
        told = figures_of(xs.simulate(spec, work, scenario))
        for name, bound in bounds.items():
            value = told[name]
            if isinstance(value, int | float):
                low, high = bound.least, bound.most
                assert (low is None or value >= low * (1 - 1e-9)) and (
                    high is None or value <= high * (1 + 1e-9)
                ), name


def test_what_is_left_out_is_told_with_its_bound_and_was_no_candidate(tmp_path: Path) -> None:
    text = GRID.replace("from: 1", "from: 6").rstrip() + "\n    constraints: {area_mm2: {at_most: 0.6}}\n"
    study = study_of(tmp_path, text)
    found = search(study, Search(20), tmp_path / "store", workers=1)
    whole = sweep(study, tmp_path / "all", workers=1)
    too_large = {str(dict(one.labels)) for one in whole.outcomes if one.figure("area_mm2") > 0.6}
    assert {str(dict(one.labels)) for one in found.pruned if one.by == "area_mm2"} == too_large
    assert len(found.outcomes) + len(found.pruned) == len(whole.outcomes) == 20
    assert {str(one.labels) for one in found.front} == {str(one.labels) for one in whole.front}
    assert (len(too_large), len(found.pruned)) == (2, 3)
    assert (
        "3 points were not simulated, for cheap bounds spoke against them (area_mm2 beyond its bound: 2, beaten by "
        "a known point even at their best: 1)"
    ) in found.notes
    without = search(study, Search(20, prune=False), tmp_path / "store", workers=1)
    assert (len(without.outcomes), without.pruned) == (20, ())


def test_a_point_is_beaten_only_by_one_that_is_better_in_every_goal(tmp_path: Path) -> None:
    study = study_of(tmp_path, SPACE)
    bounds = {"area_mm2": Bound(2.0, 2.0), "throughput_per_s": Bound(None, 100.0)}
    assert hopeless(bounds, study, []) is None
    assert hopeless(bounds, study, [[2.0, 200.0], [1.0, 100.0], [1.0, 50.0]]) is None
    why = hopeless(bounds, study, [[1.9, 101.0]])
    assert why is not None and (why.by, why.hoped) == (BEATEN, (2.0, 100.0))
    assert (
        why.reason
        == "a point that is known beats the best that it could be: area_mm2 1.9, throughput_per_s 101"
    )
    assert (
        hopeless({"area_mm2": Bound(2.0, 2.0)}, study, [[1.0, 101.0]]) is None
    )  # its throughput is not known


def test_a_search_that_prunes_finds_no_worse_front(tmp_path: Path) -> None:
    """On a space that is looked at whole, by goals that have bounds."""
    study = study_of(tmp_path, GRID.replace("from: 1", "from: 6"))
    pruning = search(study, Search(20), tmp_path / "one", workers=1)
    whole = search(study, Search(20, prune=False), tmp_path / "two", workers=1)
    assert len(whole.outcomes) == 20 == len(pruning.outcomes) + len(pruning.pruned)

    def front(found: Explored) -> set[tuple[Any, ...]]:
        return {(one.figure("area_mm2"), one.figure("throughput_per_s")) for one in found.front}

    assert front(pruning) == front(whole)


def test_each_place_of_what_is_given_is_searched_by_itself(tmp_path: Path) -> None:
    """Points are shared out; a point of one place is never beaten by one of another; once more, it goes on."""
    text = GRID.replace("from: 1", "from: 4").rstrip() + "\n    for_each: [settle]\n"
    study = study_of(tmp_path, text)
    found = search(study, Search(9), tmp_path / "store", workers=1)
    by_place = {
        place: [one for one in found.outcomes if one.labels["settle"] == place]
        for place in ("10 ns", "2000 ns")
    }
    assert [len(outcomes) for outcomes in by_place.values()] == [5, 4]
    assert len(found.fronts) == 2
    whole = search(study, Search(40), tmp_path / "store", workers=1)
    swept = sweep(study, tmp_path / "store", workers=1)
    assert len(swept.outcomes) == 28 == len(whole.outcomes) + len(whole.pruned)
    assert {str(one.labels) for one in whole.front} == {str(one.labels) for one in swept.front}
    assert "9 points of this space were in the store, and were where the search began" in whole.notes


# --- messages ---------------------------------------------------------------------------------------


def test_a_search_needs_goals(tmp_path: Path) -> None:
    study = study_of(tmp_path, SPACE.replace("goals: {area_mm2: minimise, throughput_per_s: maximise}", ""))
    with pytest.raises(SpecError, match="goals: missing; a search needs something to look for"):
        search(study, 5, tmp_path / "store", workers=1)


def test_a_sweep_of_a_search_says_what_to_run(tmp_path: Path) -> None:
    study = study_of(tmp_path, SPACE)
    with pytest.raises(SpecError, match="'search' asks for its points one by one; run `xbarsim search`"):
        sweep(study, tmp_path / "store", workers=1)


@pytest.mark.parametrize("workers", ["0", "-2", "many", "2000"])
def test_workers_are_a_number_or_an_address(tmp_path: Path, workers: str) -> None:
    with pytest.raises(
        SpecError, match="allowed: a number from 1 to 1,024, or the address of a Dask scheduler"
    ):
        sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers=workers)


# --- hypervolume ------------------------------------------------------------------------------------


@given(some.integers(1, 4), some.data())
def test_hypervolume_counts_the_cells_below(goals: int, data: some.DataObject) -> None:
    """Against counting: a unit cell is dominated if a point is nowhere beyond its lower corner."""
    side = 4
    points = data.draw(some.lists(some.tuples(*[some.integers(0, side)] * goals), max_size=8))
    cells = product(range(side), repeat=goals)
    expected = sum(
        any(all(p <= c for p, c in zip(point, cell, strict=True)) for point in points) for cell in cells
    )
    values = np.array(points, dtype=float).reshape(len(points), goals)
    assert hypervolume(values, np.full(goals, float(side))) == expected


def test_a_point_that_cannot_be_read_is_kept_with_its_error(tmp_path: Path) -> None:
    study = study_of(tmp_path, SPACE.replace("from: 1, to: 10, step: 1", "values: [-4]"))
    found = search(study, Search(2), tmp_path / "store", workers=1)
    assert {one.error for one in found.failed} == {
        "--set tile.adc.bits: -4 is out of range; allowed: a whole number from 1 to 64"
    }
