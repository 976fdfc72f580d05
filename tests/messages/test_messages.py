"""Every mistake in a chip file ends in lines that say where, what was found, what is allowed, what to do.

Each case is a small broken chip in cases/NAME.yaml (most include base.yaml and break one thing) beside the
exact text in cases/NAME.txt. Lines '# --set KEY=VALUE' at the top of a case are given as overrides.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xbarsim.errors import SpecError
from xbarsim.spec.load import load_chip

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.yaml"))


def overrides(case: Path) -> list[str]:
    return [line[8:] for line in case.read_text().splitlines() if line.startswith("# --set ")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_broken_chip_is_told_as_written_beside_it(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    with pytest.raises(SpecError) as caught:
        load_chip(case.name, overrides(case))
    assert str(caught.value) + "\n" == case.with_suffix(".txt").read_text()


def test_the_base_of_the_cases_has_no_mistakes() -> None:
    assert load_chip(HERE / "base.yaml").name == "Small chip"


def test_every_case_has_its_text_and_every_text_its_case() -> None:
    assert {case.stem for case in CASES} == {text.stem for text in (HERE / "cases").glob("*.txt")}
