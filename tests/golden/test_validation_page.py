"""docs/validation.md and docs/validation/validation.json say what the simulator gives today.

They are made by `make validation`; a change of any figure changes them, and is told under NUMBERS in CHANGELOG.md.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from xbarsim.report.validation_markdown import chip_section
from xbarsim.validation.validate import published_chips, validate

DOCS = Path(__file__).parent.parent.parent / "docs"
SLOW: tuple[str, ...] = ("analog_fabric",)  # take more than ten seconds; run by `make laws`
NAMES = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in published_chips()]


@pytest.mark.parametrize("name", NAMES)
def test_the_page_says_what_the_simulator_gives(name: str) -> None:
    section = "\n\n".join(part.strip() for part in chip_section(validate(name), "validation"))
    assert section in (DOCS / "validation.md").read_text(encoding="utf-8")


def test_every_published_chip_is_there_with_its_provenance() -> None:
    stored = json.loads((DOCS / "validation" / "validation.json").read_text(encoding="utf-8"))
    assert [chip["name"] for chip in stored["chips"]] == list(published_chips())
    assert all(chip["spec_sha256"] for chip in stored["chips"])
    assert stored["versions"]["xbarsim"]


@pytest.mark.parametrize("name", published_chips())
def test_every_chip_has_its_picture(name: str) -> None:
    page = (DOCS / "validation.md").read_text(encoding="utf-8")
    assert (f"validation/{name}.svg" in page) == (DOCS / "validation" / f"{name}.svg").exists()
