"""A chip takes a technology under `cells`, whole, and by its file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from xbarsim.devices.load import load_technology, shipped_technologies
from xbarsim.devices.technology import Technology
from xbarsim.shipped import shipped
from xbarsim.spec.explain import explain
from xbarsim.spec.load import load_chip
from xbarsim.spec.schema import chip_schema

NAMES = tuple(shipped_technologies())
VALIDATOR = Draft202012Validator(chip_schema())


def chip_file(folder: Path, name: str) -> Path:
    file = folder / "chip.yaml"
    tutorial = shipped("architectures") / "tutorial.yaml"
    file.write_text(f"include: {tutorial}\ncells:\n  mine: {{include: {shipped_technologies()[name]}}}\n")
    return file


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_of_a_chip_is_the_technology_of_its_file(name: str, tmp_path: Path) -> None:
    chip = load_chip(chip_file(tmp_path, name))
    cell = chip.cells["mine"]
    assert isinstance(cell, Technology) and cell == load_technology(name)
    assert not [row.key for row in chip.unsourced if row.key.startswith("cells.mine")]


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_for_editors_knows_it(name: str) -> None:
    tree = yaml.safe_load((shipped("architectures") / "tutorial.yaml").read_text())
    tree["cells"]["mine"] = yaml.safe_load(shipped_technologies()[name].read_text())
    assert [f"{e.json_path}: {e.message}" for e in VALIDATOR.iter_errors(tree)] == []
    tree["cells"]["mine"]["afterwear"] = "low"
    assert not VALIDATOR.is_valid(tree)


def test_explain_says_who_reads_a_key_of_it(tmp_path: Path) -> None:
    found = explain("cells.mine.drift_from", load_chip(chip_file(tmp_path, "pcm")))
    assert (found.value, found.dimension, found.status) == ("20 s", "age", "given")
    assert "devices.pcm.Pcm.aged" in found.read_by
