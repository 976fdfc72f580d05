"""The guides: their examples run, their tables are those of the registry, the tutorial builds the shipped chip."""

from __future__ import annotations

import pytest

from tests.documents import ROOT, blocks, problems
from tests.reference_tables import with_tables
from xbarsim.devices.technology import Technology
from xbarsim.shipped import shipped
from xbarsim.spec.component import ComponentSpec, kinds
from xbarsim.spec.connect import TOPOLOGIES
from xbarsim.units import WORDS

GUIDES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}


@pytest.mark.parametrize("name", GUIDES)
def test_every_example_prints_what_is_shown(name: str) -> None:
    assert "\n\n".join(problems(GUIDES[name])) == ""


@pytest.mark.parametrize("name", GUIDES)
def test_tables_are_those_of_the_registry(name: str) -> None:
    assert with_tables(GUIDES[name]) == GUIDES[name]


def test_the_tutorial_builds_the_shipped_chip() -> None:
    snippets = [
        block.body
        for block in blocks(GUIDES["tutorial.md"])
        if block.word in ("file", "more") and block.rest == "tutorial.yaml"
    ]
    assert "".join(snippets) == (shipped("architectures") / "tutorial.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(kinds()))
def test_the_guide_names_every_kind_with_its_keys(name: str) -> None:
    guide = GUIDES["chips.md"]
    assert f"#### `{name}`" in guide
    section = guide.partition(f"#### `{name}`")[2].partition("####")[0]
    shared = Technology if issubclass(kinds()[name], Technology) else ComponentSpec  # told once for all
    own = set(kinds()[name].fields_by_key()) - set(shared.fields_by_key())
    assert [key for key in sorted(own) if f"`{key}`" not in section] == []


@pytest.mark.parametrize(
    "word", [*TOPOLOGIES, *WORDS, *ComponentSpec.fields_by_key(), *Technology.fields_by_key()]
)
def test_the_guide_names_every_topology_word_and_common_key(word: str) -> None:
    assert f"`{word}`" in GUIDES["chips.md"]
