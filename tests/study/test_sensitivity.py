"""Sensitivities: against closed forms, from points that were run, and from a grid that was there already."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from tests.study.studies import SMALL, study_of
from xbarsim.cli import main
from xbarsim.study.sensitive import Probe, known_sensitivity, sensitivity
from xbarsim.study.sensitivity import (
    Indices,
    Swing,
    Values,
    grid_indices,
    looked_at,
    sample_shares,
    sampled_indices,
)
from xbarsim.study.sweep import sweep

A, B = 7.0, 0.1  # of Ishigami's function, as Saltelli and others use it
GRID = """
    name: grid
    chip: tutorial
    workload: mlp_digits
    axes:
      bits: {key: chip.tile.adc.bits, values: [4, 6, 8]}
      count: {key: chip.tile.adc.count, values: [1, 2]}
    goals: {area_mm2: minimise, energy_pj: minimise}
    """


def ishigami(shares: Values) -> Values:
    """sin x + A sin² y + B z⁴ sin x, each evenly from -π to π; shares (..., 3)."""
    x, y, z = np.moveaxis(math.pi * (2 * shares - 1), -1, 0)
    return np.asarray(np.sin(x) + A * np.sin(y) ** 2 + B * z**4 * np.sin(x))


def ishigami_indices() -> dict[str, tuple[float, float]]:
    """First and total. Ishigami and Homma, Proc. ISUMA (1990) 398; Sobol' and Levitan (1999)."""
    alone_x = (1 + B * math.pi**4 / 5) ** 2 / 2
    alone_y = A**2 / 8
    x_and_z = B**2 * math.pi**8 * (1 / 18 - 1 / 50)
    whole = alone_x + alone_y + x_and_z
    return {
        "x": (alone_x / whole, (alone_x + x_and_z) / whole),
        "y": (alone_y / whole, alone_y / whole),
        "z": (0.0, x_and_z / whole),
    }


def by_axis(told: Indices) -> dict[str, tuple[float, float]]:
    return {index.axis: (index.first, index.total) for index in told.axes}


def test_the_indices_of_ishigamis_function() -> None:
    told = sampled_indices("f", "xyz", ishigami(sample_shares(3, 4096, seed=1)))
    for axis, expected in ishigami_indices().items():
        assert by_axis(told)[axis] == pytest.approx(expected, abs=0.03)
    assert [index.axis for index in told.axes] == ["x", "y", "z"]
    assert (told.samples, told.left_out) == (4096, 0)
    for index in told.axes:  # 95 of 100 lie within; these do by a wide margin or not at all
        assert index.total_range is not None
        assert index.total_range[0] - 0.02 < ishigami_indices()[index.axis][1] < index.total_range[1] + 0.02


def test_the_indices_of_a_fine_grid_are_those_of_the_function() -> None:
    """Midpoints of 64 equal cells: the sums come near the integrals."""
    shares = (np.arange(64) + 0.5) / 64
    told = grid_indices("f", "xyz", ishigami(np.stack(np.meshgrid(*[shares] * 3, indexing="ij"), axis=-1)))
    assert told is not None and told.samples == 0
    for axis, expected in ishigami_indices().items():
        assert by_axis(told)[axis] == pytest.approx(expected, abs=2e-3)


def test_a_product_and_a_sum_on_a_grid() -> None:
    """f = x + 2y + xy at -1 and 1: variances 1, 4, and 1 together."""
    x, y = np.meshgrid([-1.0, 1.0], [-1.0, 1.0], indexing="ij")
    told = grid_indices("f", "xy", x + 2 * y + x * y)
    assert told is not None
    assert by_axis(told) == {"y": pytest.approx((4 / 6, 5 / 6)), "x": pytest.approx((1 / 6, 2 / 6))}


@given(arrays.arrays(float, (3, 2, 4), elements=some.floats(-1e3, 1e3)))
def test_shares_of_the_variance_lie_between_none_and_all(values: Values) -> None:
    told = grid_indices("f", "xyz", values)
    assert told is not None
    for first, total in by_axis(told).values():
        assert -1e-9 <= first <= total + 1e-9 and total <= 1 + 1e-9
    assert sum(first for first, _ in by_axis(told).values()) <= 1 + 1e-9


def test_samples_with_a_failed_point_are_left_out() -> None:
    """Five of 2,048 have a failed point: half of them make a power of two, and still estimate the function."""
    values = ishigami(sample_shares(3, 2048, seed=1))
    values[0, 3] = values[4, 7] = values[2, 9] = values[2, 2000] = values[1, 2] = np.nan
    told = sampled_indices("f", "xyz", values)
    assert (told.samples, told.left_out) == (1024, 1024)
    assert by_axis(told)["y"] == pytest.approx(ishigami_indices()["y"], abs=0.06)
    assert sampled_indices("f", "xyz", np.full((5, 8), np.nan)) == Indices("f", (), 0, 8)
    assert grid_indices("f", "x", np.array([1.0, np.nan])) is None


def test_a_figure_that_does_not_vary_depends_on_nothing() -> None:
    told = sampled_indices("f", "xy", np.full((4, 16), 3.0))
    assert by_axis(told) == {"x": (0.0, 0.0), "y": (0.0, 0.0)}
    assert by_axis(grid_indices("f", "x", np.full(4, 3.0)) or Indices("", ())) == {"x": (0.0, 0.0)}


def test_an_infinite_lifetime_swings_by_all_or_nothing() -> None:
    assert Swing("a", ("1", "2"), (math.inf, math.inf)).size == 0.0
    assert Swing("a", ("1", "2"), (3.0, math.inf)).size == math.inf
    assert Swing("a", ("1", "2", "3"), (None, 3.0, 5.0)).size == 2.0


# --- of chips ---------------------------------------------------------------------------------------


def test_points_that_are_run_say_what_the_whole_grid_says(tmp_path: Path) -> None:
    """Two places, one of three: the grid of six is the whole space, so that samples come near its exact shares."""
    study = study_of(tmp_path, GRID)
    whole = known_sensitivity(sweep(study, tmp_path / "store", workers=1))
    found = sensitivity(study, Probe(samples=256), tmp_path / "store", workers=1)
    assert whole is not None and found.sensitivity is not None
    assert (found.ran, len(found.outcomes)) == (0, 6)  # all of them were in the store
    assert whole.tornadoes == found.sensitivity.tornadoes
    for exact, sampled in zip(whole.indices, found.sensitivity.indices, strict=True):
        for axis, expected in by_axis(exact).items():
            assert by_axis(sampled)[axis] == pytest.approx(expected, abs=0.15)
    area = {swing.axis: swing for swing in whole.tornadoes[0].swings}
    row = {tuple(one.labels.values()): one.figure("area_mm2") for one in found.outcomes}
    assert area["bits"].labels == ("4", "6", "8")
    assert area["bits"].values == (row["4", "2"], row["6", "2"], row["8", "2"])
    assert area["count"].size == row["6", "2"] - row["6", "1"]


def test_around_another_base_and_of_another_figure(tmp_path: Path) -> None:
    probe = Probe(("throughput_per_s",), base={"bits": "8", "count": "1"})
    found = sensitivity(study_of(tmp_path, GRID), probe, tmp_path / "store", workers=1)
    assert found.sensitivity is not None and found.sensitivity.indices == ()
    (told,) = found.sensitivity.tornadoes
    assert (told.figure, told.base) == ("throughput_per_s", {"bits": "8", "count": "1"})
    assert found.ran == 4 and found.study.name == "grid-sensitivity"  # the base, two of bits, one of count


def test_failed_points_and_absent_axes_are_told(tmp_path: Path) -> None:
    more = "      settle: {key: chip.tile.array.settle, values: [80 ns], when: {chip.tile.adc.count: 1}}\n    goals"
    found = sensitivity(
        study_of(tmp_path, SMALL.replace("    goals", more)), None, tmp_path / "store", workers=1
    )
    assert found.sensitivity is not None
    bits = next(s for s in found.sensitivity.tornadoes[0].swings if s.axis == "chip.tile.adc.bits")
    assert bits.labels == ("4", "6", "8", "-1") and bits.values[3] is None
    assert "settle" not in {swing.axis for swing in found.sensitivity.tornadoes[0].swings}
    assert known_sensitivity(sweep(study_of(tmp_path, SMALL), tmp_path / "store", workers=1)) is not None


def test_of_a_long_axis_five_places_are_looked_at(tmp_path: Path) -> None:
    text = GRID.replace("values: [4, 6, 8]", "from: 4, to: 16, step: 1")
    bits, count = study_of(tmp_path, text).axes
    assert [option.label for option in looked_at(bits)] == ["4", "7", "10", "13", "16"]
    assert [option.label for option in looked_at(count)] == ["1", "2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--samples", "100"], "--samples: 100; allowed: 0, or a power of two: 64, 128, 256 …"),
        (["--figure", "enrgy_pj"], "--figure enrgy_pj: is no figure of a study; did you mean 'energy_pj'?"),
        (["--base", "bits=5"], "--base bits=5: is not on that axis; allowed: 4, 6, 8"),
        (["--base", "bit=5"], "--base bit=5: 'bit' is no axis; did you mean 'bits'?"),
        (["--base", "bits"], "--base bits: has no '='; allowed: AXIS=LABEL; write it like --base bits=6"),
    ],
)
def test_what_cannot_be_asked(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study_of(tmp_path, GRID)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as leaving:
        main(["sensitivity", "study.yaml", *arguments])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == message + "\n"
    assert not Path("runs").exists()


def test_the_command_shows_and_saves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study_of(tmp_path, GRID)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as leaving:
        main(["sensitivity", "study.yaml", "--samples", "8", "-w", "1"])
    assert leaving.value.code == 0
    shown = capsys.readouterr().out
    assert "Area, one axis at a time" in shown and "Energy, shares of the variance · from 8 samples" in shown
    page = Path("runs/grid-sensitivity/page.html").read_text(encoding="utf-8")
    assert "Energy, shares of the variance" in page
