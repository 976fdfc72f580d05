"""What `xbarsim validate` says of figures that ask for what cannot be had: every row at once, where it stands.

Each case is a chip in validate/NAME.yaml beside the exact text in validate/NAME.txt.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from xbarsim.cli import main
from xbarsim.errors import SpecError
from xbarsim.validation import validate as validation
from xbarsim.validation.problems import demand

HERE = Path(__file__).parent / "validate"
CASES = sorted(path for path in HERE.glob("*.yaml") if path.stem != "chip")
RUNS = ("what_did_not_run",)  # the others are told before anything runs


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as leaving:
        main(["validate", *arguments])
    printed = capsys.readouterr()
    return leaving.value.code, printed.out, printed.err  # type: ignore[return-value]


def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "compare", None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_rows_are_told_as_written_beside_them(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(HERE)
    if case.stem not in RUNS:
        nothing_runs(monkeypatch)
    assert told(capsys, case.name) == (2, "", case.with_suffix(".txt").read_text())


def test_all_chips_are_looked_at_before_the_first_one_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(HERE)
    nothing_runs(monkeypatch)
    code, _, text = told(capsys, "hermes64", "hermes46", "nothing_reported.yaml", "none.yaml")
    assert (code, text.splitlines()) == (2, [
        "hermes46: no file and no shipped chip of this name; did you mean 'hermes64'?",
        "none.yaml: does not exist; check the path",
        "nothing_reported.yaml reported: missing, so there is nothing to compare; add rows of figure, value, source, "
        "kind and measure",
    ])  # fmt: skip


def test_a_problem_of_the_file_itself_says_which_figure_made_it(tmp_path: Path) -> None:
    chip = tmp_path / "mine.yaml"
    chip.write_text(
        f"include: {HERE.parent / 'base.yaml'}\n"
        "connect:\n"
        "  - {topology: mesh, of: tile, rows: 2, columns: 2, link: ideal, router: ideal}\n"
        "  - {edge: 'io <-> tile[0]', link: ideal}\n"
        "reported:\n"
        "  - {figure: larger, value: 3 ns, source: T, kind: blind, measure: latency, set: {tile.count: 8}}\n"
    )
    with pytest.raises(SpecError) as caught:
        demand([str(chip)])
    assert str(caught.value) == (
        f"{chip}:3 connect[0].rows: 2 x 2 routers for 8 members, as figure 'larger' ({chip}:6) has it; "
        "allowed: rows x columns x concentration of at least 8"
    )


def test_two_files_of_one_name_cannot_be_told_apart_on_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told(capsys, "a/chip.yaml", "b/chip.yaml", "-o", "new") == (
        2, "",
        "b/chip.yaml: would be called 'chip' on the page, as 'a/chip.yaml' is; give one of the files another name\n",
    )  # fmt: skip


def test_json_has_no_room_for_a_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "hermes64", "--json", "--refit") == (
        2, "", "--refit: prints tables, which are no JSON; leave --json off\n"
    )  # fmt: skip


def test_a_figure_outside_its_bar_is_named_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chip = tmp_path / "mine.yaml"
    chip.write_text(
        f"include: {HERE / 'chip.yaml'}\n"
        "reported:\n"
        "  - {figure: four arrays, value: 16 KiB, source: T, kind: identity, measure: storage}\n"
        "  - {figure: told, value: 1 MiB, source: T, kind: identity, measure: storage, because: a joke}\n"
        "  - {figure: not told, value: 32 KiB, source: T, kind: identity, measure: storage}\n"
    )
    code, printed, _ = told(capsys, str(chip), "--refit")
    assert code == 1
    assert printed.splitlines()[-4:] == [
        "Small chip: nothing was fitted, so there is nothing to fit anew",
        "Outside their bar without a cause:",
        "Small chip: not told is off by -50.0 % (bar 1 %)",
        "Find the cause, and say under `because` of the figure what was measured.",
    ]
