"""Which points a study has: every kind of axis, conditions, and the three strategies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.study.studies import study_of
from xbarsim.study import pareto
from xbarsim.study.axes import Axis, Option, Span, grid, place
from xbarsim.study.design import design
from xbarsim.study.pareto import non_dominated

HEAD = "name: one\nchip: tutorial\nworkload: mlp_digits\naxes:\n"
AXES = {
    "  chip.tile.adc.bits: [4, 6]": [("chip.tile.adc.bits", "4"), ("chip.tile.adc.bits", "6")],
    "  a: {key: chip.tile.count, from: 4, to: 10, step: 3}": [
        ("chip.tile.count", "4"), ("chip.tile.count", "7"), ("chip.tile.count", "10"),
    ],
    "  chip.tile.array.settle: {from: 10 ns, to: 90 ns, points: 3}": [
        ("chip.tile.array.settle", f"{ns} ns") for ns in (10, 50, 90)
    ],
    "  chip.tile.array.settle: {from: 1 ns, to: 100 ns, points: 3, scale: log}": [
        ("chip.tile.array.settle", f"{ns} ns") for ns in (1, 10, 100)
    ],
    "  chip.tile.adc.count: {from: 1, to: 9, times: 2}": [("chip.tile.adc.count", n) for n in "1248"],
    "  chip.tile.adc.count: {from: 1, to: 8, points: 4, scale: log, whole: true}": [
        ("chip.tile.adc.count", n) for n in "1248"
    ],
    "  mapping.exclusive_tiles: [true, false]": [
        ("mapping.exclusive_tiles", "true"), ("mapping.exclusive_tiles", "false"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", AXES)
def test_an_axis_sets(tmp_path: Path, text: str) -> None:
    found = study_of(tmp_path, HEAD + text).axes
    assert [option.settings[0] for option in found[0].options] == AXES[text]


def test_keys_are_linked_and_choices_set_several(tmp_path: Path) -> None:
    axes = """\
  size: {keys: [chip.tile.array.rows, chip.tile.array.columns], values: [64, 128]}
  device:
    choices:
      slow: {chip.tile.array.settle: 90 ns, chip.tile.adc.bits: 8}
      fast: {chip.tile.array.settle: 9 ns}
"""
    found = [one.point.chip_settings for one in design(study_of(tmp_path, HEAD + axes))]
    assert found == [
        (
            ("tile.adc.bits", "8"),
            ("tile.array.columns", size),
            ("tile.array.rows", size),
            ("tile.array.settle", "90 ns"),
        )
        if slow
        else (("tile.array.columns", size), ("tile.array.rows", size), ("tile.array.settle", "9 ns"))
        for size in ("64", "128")
        for slow in (True, False)
    ]


def test_an_axis_is_there_only_under_its_condition(tmp_path: Path) -> None:
    axes = """\
  bits: {key: chip.tile.adc.bits, values: [4, 8]}
  rate: {key: chip.tile.adc.rate, values: [1 GHz, 2 GHz], when: {bits: 8}}
"""
    assert [tuple(one.labels.values()) for one in design(study_of(tmp_path, HEAD + axes))] == [
        ("4", "–"), ("8", "1 GHz"), ("8", "2 GHz"),
    ]  # fmt: skip


def test_all_roots_of_keys(tmp_path: Path) -> None:
    """What is set by an axis goes over what is set for all; a file lies beside the study."""
    (tmp_path / "mine.yaml").write_text("include: nothing")
    axes = """\
  chip: [isaac, mine.yaml]
  workload.precision.activations: [4 bit]
  scenario.requests: [5]
  seed: [3]
set: {chip.mapping.replicate: none, scenario.requests: 2}
scenario: {kind: infer, batch: 1}
"""
    first, second = design(study_of(tmp_path, HEAD + axes))
    assert (first.point.chip, second.point.chip) == ("isaac", str(tmp_path / "mine.yaml"))
    assert first.point.workload_settings == (("precision.activations", "4 bit"),)
    assert first.point.scenario == (("batch", "1"), ("kind", "infer"), ("requests", "5"))
    assert first.point.seed == 3
    assert first.point.settings == {
        "chip.mapping.replicate": "none",
        "workload.precision.activations": "4 bit",
        "scenario.batch": "1",
        "scenario.requests": "5",
    }


STRATEGY = """\
  chip.tile.adc.bits: {from: 1, to: 10, step: 1}
  chip.tile.array.settle: {from: 10 ns, to: 90 ns}
"""


def test_a_latin_hypercube_takes_each_tenth_of_every_axis_once(tmp_path: Path) -> None:
    study = study_of(tmp_path, HEAD + STRATEGY + "strategy: {kind: latin_hypercube, points: 10, seed: 3}\n")
    found = [one.labels for one in design(study)]
    assert sorted(int(one["chip.tile.adc.bits"]) for one in found) == list(range(1, 11))
    tenths = [int((float(one["chip.tile.array.settle"].split()[0]) - 10) // 8) for one in found]
    assert sorted(tenths) == list(range(10))


def test_random_points_follow_from_the_seed_and_are_all_different(tmp_path: Path) -> None:
    def of(seed: int, points: int, axes: str = STRATEGY) -> list[object]:
        strategy = f"strategy: {{kind: random, points: {points}, seed: {seed}}}\n"
        return [one.point for one in design(study_of(tmp_path, HEAD + axes + strategy))]

    assert of(1, 20) == of(1, 20) != of(2, 20)
    assert of(1, 20)[:10] == of(1, 10)
    few = of(1, 20, "  chip.tile.adc.bits: [4, 6, 8]\n")
    assert len(few) == len(set(few)) == 3  # there are no more


@given(some.lists(some.integers(1, 4), min_size=1, max_size=4), some.data())
def test_every_place_drawn_is_one_of_the_grid(sizes: list[int], data: some.DataObject) -> None:
    axes = [
        Axis(f"a{i}", (), tuple(Option(str(j), ((f"k{i}", str(j)),)) for j in range(n)), None,
             {f"a{i - 1}": ("0",)} if i % 2 else None)
        for i, n in enumerate(sizes)
    ]  # fmt: skip
    shares = data.draw(some.lists(some.floats(0, 1), min_size=len(axes), max_size=len(axes)))
    assert place(axes, shares) in list(grid(axes))


def test_a_span_reaches_from_end_to_end() -> None:
    assert [Span(1, 100, "ns", log=True).at(share) for share in (0, 0.5, 1)] == ["1 ns", "10 ns", "100 ns"]
    assert [Span(1, 4, whole=True).at(share) for share in (0, 0.4, 1)] == ["1", "2", "4"]


POINTS = some.lists(some.tuples(*[some.integers(0, 4)] * 3), max_size=30)


@pytest.mark.parametrize("many", [10_000, 4])
@given(points=POINTS)
def test_the_front_is_what_nothing_beats(many: int, points: list[tuple[int, int, int]]) -> None:
    """Against the definition, pair by pair; also where so many are too many, and a few are looked at first."""

    def beats(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    values = np.array(points, dtype=float).reshape(len(points), 3)
    expected = [not any(beats(other, one) for other in points) for one in points]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pareto, "_MANY", many)
        patch.setattr(pareto, "_FEW", min(many, 3))
        assert non_dominated(values).tolist() == expected


def test_an_unknown_figure_is_never_among_the_best() -> None:
    assert non_dominated(np.array([[1.0, np.nan], [2.0, 2.0]])).tolist() == [False, True]
