"""Values over the mean output and the supply voltage: straight lines and powers, checked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from xbarsim.spec.chip import Chip
from xbarsim.spec.dependent import interpolated
from xbarsim.spec.load import load_chip

BASE = Path(__file__).parent.parent / "messages" / "base.yaml"
POINTS = [(0.0, 3.0), (1.0, 4.0), (15.0, 11.0)]


def described(tmp_path: Path, text: str, *settings: str) -> Chip:
    file = tmp_path / "dependent.yaml"
    file.write_text(f"include: {BASE}\n{text}")
    return load_chip(file, settings)


@pytest.mark.parametrize(("x", "y"), [(0, 3), (0.5, 3.5), (1, 4), (8, 7.5), (15, 11)])
def test_lines_between_points(x: float, y: float) -> None:
    assert interpolated(POINTS, x) == y


def test_nothing_is_guessed_beyond_the_last_point() -> None:
    with pytest.raises(ValueError, match="beyond"):
        interpolated(POINTS, 15.1)


def test_energy_over_the_output_and_the_supply(tmp_path: Path) -> None:
    text = (
        "supply: 1 V\ndata: {mean_output: 8}\n"
        "components: {tile: {array: {energy: {by_output: {0: 3 pJ, 15: 11 pJ, 1: 4 pJ},"
        " at_supply: 0.5 V, exponent: 2}}}}\n"
    )
    chip = described(tmp_path, text)
    assert chip.parts["tile.array"].spec.energy_pj == 7.5 * 4  # type: ignore[union-attr]
    told = {
        row.key.removeprefix("tile.array.energy"): row.value
        for row in chip.numbers
        if "array.energy" in row.key
    }
    assert told == {
        ".by_output.0": "3 pJ", ".by_output.15": "11 pJ", ".by_output.1": "4 pJ",
        ".at_supply": "0.5 V", ".exponent": "2",
        "": "30 pJ (from a mean output of 8, at 0.5 V, to 1 V by the power 2)",
    }  # fmt: skip
    again = described(
        tmp_path, text, "data.mean_output=0", "supply=0.5 V", "tile.array.energy.by_output.0=2 pJ"
    )
    assert again.parts["tile.array"].spec.energy_pj == 2  # type: ignore[union-attr]


def test_times_and_rates_go_the_other_way(tmp_path: Path) -> None:
    text = (
        "supply: 1 V\ncomponents: {tile: {array: {settle: {value: 90 ns, at_supply: 0.5 V, exponent: -1}},"
        " adc: {rate: {value: 1 GHz, at_supply: 0.5 V, exponent: 1.5}}}}\n"
    )
    chip = described(tmp_path, text)
    assert chip.parts["tile.array"].spec.settle_ps == 45_000  # type: ignore[union-attr]
    assert chip.parts["tile.adc"].spec.rate_hz == pytest.approx(1e9 * 2**1.5)  # type: ignore[union-attr]


def test_every_number_inside_has_the_source_around_it(tmp_path: Path) -> None:
    text = (
        "supply: 1 V\ncomponents: {tile: {array: {energy: {value: 1 pJ, at_supply: 1 V, source: figure 3,"
        " exponent: {value: 2, source: fitted}}}}}\n"
        "calibrated: {tile.array.energy.exponent: [energy]}\n"
    )
    rows = {row.key: row for row in described(tmp_path, text).numbers}
    assert [rows[f"tile.array.energy{key}"].source for key in ("", ".value", ".at_supply", ".exponent")] == [
        "figure 3", "figure 3", "figure 3", "fitted",
    ]  # fmt: skip
    assert rows["tile.array.energy.exponent"].status == "calibrated"
