"""The README shows what the program really prints, and what it names is there."""

from __future__ import annotations

import re

import pytest

from tests.documents import ROOT, agree, kept, problems
from tests.reference_tables import with_tables
from xbarsim.shipped import shipped

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def test_every_example_prints_what_is_shown() -> None:
    assert "\n\n".join(problems(README)) == ""


def test_networks_have_the_macs_and_parameters_of_the_table() -> None:
    assert with_tables(README) == README


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = {target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target}
    assert [target for target in sorted(targets) if not (path.parent / target).exists()] == []


def test_every_shipped_chip_stands_in_the_table() -> None:
    names = sorted(file.stem for file in shipped("architectures").glob("*.yaml"))
    assert [name for name in names if f"| `{name}` |" not in README] == []


def test_pictures_are_small() -> None:
    shown = {ROOT / target for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)}
    assert shown
    assert sum(picture.stat().st_size for picture in shown) < 500_000


def test_two_commands_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


@pytest.mark.parametrize(
    ("shown", "same"),
    [
        (["a", "b", "c"], True),
        (["a", "...", "c"], True),
        (["...", "c"], True),
        (["a", "..."], True),
        (["...", "b", "..."], True),
        (["a", "b"], False),
        (["a", "...", "d"], False),
        (["b", "..."], False),
        (["...", "c", "...", "b", "..."], False),
        (["a", "b", "c", "...", "c"], False),
    ],
)
def test_dots_stand_for_any_lines_and_for_no_others(shown: list[str], same: bool) -> None:
    assert agree(shown, ["a", "b", "c"]) is same


def test_a_rule_says_which_lines_are_kept() -> None:
    lines = ["$ run", "head", "x", "Layers", "conv", "fc", "end"]
    assert kept(lines, '2 lines; 2 lines from "Layers"') == ["$ run", "head", "...", "Layers", "conv", "..."]
