"""docs/validation.md and docs/validation/validation.json say what the simulator gives today.

They are made by `make validation`; a change of any figure changes them, and is told under NUMBERS in CHANGELOG.md.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.validations import SLOW, validation_of
from xbarsim.report.validation_markdown import page_text
from xbarsim.spec.load import load_chip
from xbarsim.validation.outcome import Row, Validation
from xbarsim.validation.store import validations_from_json, validations_to_json
from xbarsim.validation.validate import published_chips

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE, DATA = DOCS / "validation.md", DOCS / "validation" / "validation.json"
REMAKE = "not what the simulator gives. `make validation` makes it anew; NUMBERS in CHANGELOG.md says why it changed"
NAMES = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in published_chips()]


@pytest.fixture(scope="module")
def stored() -> dict[str, Validation]:
    found = validations_from_json(DATA.read_text(encoding="utf-8"))
    return {one.name: one for one in found}


def test_every_published_chip_is_there(stored: dict[str, Validation]) -> None:
    assert tuple(stored) == published_chips(), f"{DATA.name}: {REMAKE}"


@pytest.mark.parametrize("name", published_chips())
def test_it_was_made_with_the_description_of_today(name: str, stored: dict[str, Validation]) -> None:
    assert stored[name].spec_sha256 == load_chip(name).sha256, f"{name} in {DATA.name}: {REMAKE}"


@pytest.mark.parametrize("name", NAMES)
def test_its_figures_are_those_of_today(name: str, stored: dict[str, Validation]) -> None:
    was, today = stored[name], validation_of(name)
    changed = {
        row.figure: (before.simulated_text, row.simulated_text)
        for before, row in zip(was.rows, today.rows, strict=False)
        if not same(before, row)
    }
    assert changed == {}, f"{name} in {DATA.name}: {REMAKE}"
    assert replace(was, rows=()) == replace(today, rows=()), f"{name} in {DATA.name}: {REMAKE}"
    assert len(was.rows) == len(today.rows), f"{name} in {DATA.name}: {REMAKE}"


def same(before: Row, row: Row) -> bool:
    """Every word and digit that is shown; of what is not, but for the last digits of a sum."""
    shown = [replace(one, simulated=None, error=None) for one in (before, row)]
    numbers = zip((before.simulated, before.error), (row.simulated, row.error), strict=True)
    return shown[0] == shown[1] and all(was == now or close(was, now) for was, now in numbers)


def close(was: float | None, now: float | None) -> bool:
    return None not in (was, now) and now == pytest.approx(was, rel=1e-9, abs=1e-12)


def test_the_page_says_what_the_data_say(stored: dict[str, Validation]) -> None:
    """Its introduction, its tables over all chips and each chip's part, slow ones too."""
    page = page_text(tuple(stored.values()), PAGE.stem)
    assert PAGE.read_text(encoding="utf-8").splitlines() == page.splitlines(), f"{PAGE.name}: {REMAKE}"


@pytest.mark.parametrize("name", published_chips())
def test_no_figure_is_outside_its_bar_without_a_reason(name: str, stored: dict[str, Validation]) -> None:
    assert [(r.figure, r.conditions, r.error) for r in stored[name].rows if r.verdict == "outside"] == []


def test_stored_data_are_read_back_as_they_were(stored: dict[str, Validation]) -> None:
    again = json.loads(validations_to_json(tuple(stored.values())))
    assert again["chips"] == json.loads(DATA.read_text(encoding="utf-8"))["chips"]
    assert again["versions"]["xbarsim"]


@pytest.mark.parametrize("name", published_chips())
def test_every_chip_has_its_picture(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert (f"validation/{name}.svg" in page) == (DOCS / "validation" / f"{name}.svg").exists()
