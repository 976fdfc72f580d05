"""Where numbers come from: the nearest source wins, the file it stands in comes next, then the chip's."""

from __future__ import annotations

from pathlib import Path

import pytest

from xbarsim.spec.chip import NumberSource
from xbarsim.spec.load import load_chip

BASE = Path(__file__).parents[1] / "messages" / "base.yaml"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places are told as the file is named."""
    monkeypatch.chdir(tmp_path)


def row(path: Path, key: str, *overrides: str) -> NumberSource:
    return next(row for row in load_chip(path, overrides).numbers if row.key == key)


def variant(tmp_path: Path, text: str) -> Path:
    (tmp_path / "base.yaml").write_text(BASE.read_text())
    (tmp_path / "cell.yaml").write_text(
        "source: the cell's paper\ncells: {pcm: {technology: PCM, bits: 4, write_pulses: 1,"
        " write_pulse: 1 us, verify: 1 us, write_energy: 1 pJ, endurance: 1e9}}\n"
    )
    file = Path("variant.yaml")
    file.write_text("include: [base.yaml, cell.yaml]\n" + text)
    return file


def test_the_nearest_source_is_taken(tmp_path: Path) -> None:
    file = variant(
        tmp_path,
        """
source: the chip's paper
components:
  tile:
    source: the tile's table
    adc: {source: the ADC's table, rate: {value: 2 GHz, source: figure 3}, energy: 3 pJ}
    dac: {bits: 1, energy: 1 pJ}
  io: {energy: 5 pJ/bit}
""",
    )
    assert row(file, "tile.adc.rate").source == "figure 3"
    assert row(file, "tile.adc.energy").source == "the ADC's table"
    assert row(file, "tile.dac.energy").source == "the tile's table"
    assert row(file, "io.energy").source == "the chip's paper"
    assert row(file, "io.energy").where == "variant.yaml:9"


def test_an_included_file_keeps_its_own_source(tmp_path: Path) -> None:
    file = variant(tmp_path, "source: the chip's paper\n")
    assert row(file, "cells.pcm.endurance").source == "the cell's paper"
    assert row(file, "io.latency").source == "made up for tests"


def test_a_number_set_by_hand_says_so(tmp_path: Path) -> None:
    found = row(BASE, "tile.adc.bits", "tile.adc.bits=6")
    assert (found.value, found.source, found.where) == ("6", "given on the command line", "--set")


def test_numbers_without_any_source_are_listed(tmp_path: Path) -> None:
    file = variant(tmp_path, "components: {tile: {adc: {bits: 6, rate: {value: 2 GHz, source: figure 3}}}}\n")
    assert [found.key for found in load_chip(file).unsourced] == ["tile.adc.bits"]
    assert load_chip(BASE).unsourced == ()


def test_a_mode_writes_its_values_over_those_of_the_parts(tmp_path: Path) -> None:
    file = variant(
        tmp_path,
        "source: x\nmode: slow\nmodes:\n  slow: {tile.adc.rate: {value: 1 GHz, source: mode table}}\n"
        "  fast: {tile.adc.rate: 2 GHz}\n",
    )
    assert row(file, "tile.adc.rate").source == "mode table"
    assert row(file, "tile.adc.rate").where == "variant.yaml:5"
    assert row(file, "tile.adc.rate", "mode=fast").value == "2 GHz"
    assert row(file, "tile.adc.rate", "mode=fast", "tile.adc.rate=3 GHz").value == "3 GHz"


def test_rounding_of_times_is_kept(tmp_path: Path) -> None:
    chip = load_chip(variant(tmp_path, "components: {tile: {array: {settle: 1.25 ps}}}\n"))
    assert chip.parts["tile.array"].spec.settle_ps == 1  # type: ignore[union-attr]
    assert chip.roundings == {"tile.array.settle": 0.2}
