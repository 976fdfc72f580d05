"""Where results go: what cannot be written, or would be lost, is told before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.result_factory import make_result
from xbarsim.cli import main
from xbarsim.report.run_folder import save_run

RUN = ["run", "tutorial", "mlp_digits"]
SERVE = ["serve", "tutorial", "mlp_digits", "-a", "constant 1 kHz", "-n", "40"]
GENERATE = ["generate", "tutorial", "gpt2"]
SCHEMA, MAP, TRACE = ["schema"], ["map", "tutorial", "mlp_digits"], ["trace", "model.py:build", "-i", "1x4"]
VALIDATE = ["validate", "tutorial"]
FORCE = "--force writes there all the same\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that gets further than looking at its output ends in another error."""
    monkeypatch.setattr("xbarsim.spec.load.load_located", None)
    monkeypatch.setattr("xbarsim.spec.schema.chip_schema", None)
    monkeypatch.setattr("xbarsim.workload.model_file.ModelFile.capture", None)
    Path("model.py").write_text("")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as leaving:
        main(list(arguments))
    return leaving.value.code, capsys.readouterr().err  # type: ignore[return-value]


def file(path: str, text: str = "years of work") -> Callable[[], object]:
    def make() -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)

    return make


REFUSED: dict[str, tuple[Callable[[], object], list[str], str]] = {
    "a folder that is a file": (file("out"), [*RUN, "-o", "out"], "out: is a file; allowed: a folder\n"),
    "a folder in a file": (
        file("notes.txt"), [*SERVE, "-o", "notes.txt/run"],
        "notes.txt/run: '{here}/notes.txt' is a file; allowed: a path through folders\n",
    ),
    "a folder of others": (
        file("out/thesis.tex"), [*SERVE, "-o", "out"],
        f"out: holds files but no result.json; allowed: a new folder, or that of an earlier run; {FORCE}",
    ),
    "a folder with the result of others": (
        file("out/result.json", '{"accuracy": 1}'), [*GENERATE, "-o", "out"],
        "out: holds a result.json that xbarsim did not write; allowed: a new folder, or that of an earlier run; "
        + FORCE,
    ),
    "the folder that a timeline goes to": (
        file("runs/tutorial-mlp_digits/thesis.tex"), [*RUN, "--timeline"],
        "runs/tutorial-mlp_digits: holds files but no result.json; allowed: a new folder, or that of an earlier run; "
        + FORCE,
    ),
    "the whole disk": (
        lambda: None, [*RUN, "-o", "/"],
        "/: is where a disk is mounted, and cannot be replaced; allowed: a folder in it\n",
    ),
    "a schema that is a folder": (
        lambda: Path("out").mkdir(), [*SCHEMA, "-o", "out"],
        "out: is a folder; allowed: a file, to be made or to be replaced: schema of chip files\n",
    ),
    "a schema over something else": (
        file("tsconfig.json", '{"title": "mine"}'), [*SCHEMA, "-o", "tsconfig.json"],
        "tsconfig.json: exists and is not a schema of chip files of xbarsim; allowed: a new file, or an earlier "
        f"schema of chip files; {FORCE}",
    ),
    "a picture over something else": (
        file("map.svg", "<svg/>"), [*MAP, "-o", "map.svg"],
        "map.svg: exists and is not a picture of a mapping of xbarsim; allowed: a new file, or an earlier picture of "
        f"a mapping; {FORCE}",
    ),
    "a trace over something else": (
        file("net.trace.yaml", "format: my own\n"), [*TRACE, "-o", "net.trace.yaml"],
        f"net.trace.yaml: exists and is not a trace of xbarsim; allowed: a new file, or an earlier trace; {FORCE}",
    ),
    "a validation over something else": (
        file("out/page.html", "<html>"), [*VALIDATE, "-o", "out"],
        f"out/page.html: exists and is not a page of xbarsim; allowed: a new file, or an earlier page; {FORCE}",
    ),
    "a validation as Markdown over something else": (
        file("notes.md"), [*VALIDATE, "--markdown", "notes.md"],
        f"notes.md: exists and is not a validation of xbarsim; allowed: a new file, or an earlier validation; {FORCE}",
    ),
    "a validation as Markdown where its pictures go": (
        lambda: None, [*VALIDATE, "--markdown", "notes"],
        "notes: has no ending, so that its pictures would go into a folder of the same name; write it like "
        "'notes.md'\n",
    ),
    "pictures among those of others": (
        file("notes/errors.svg"), [*VALIDATE, "--markdown", "notes.md"],
        "notes: holds files but no validation.json; allowed: a new folder, or that of an earlier page; " + FORCE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "arguments", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_told_before_anything_runs(
    make: Callable[[], object], arguments: list[str], text: str, here: Path, nothing_runs: None,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    make()
    before = [(path, path.is_dir() or path.read_bytes()) for path in sorted(here.rglob("*"))]
    assert told(capsys, *arguments) == (2, text.replace("{here}", str(here)))
    assert [(path, path.is_dir() or path.read_bytes()) for path in sorted(here.rglob("*"))] == before


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which not even root may write")
@pytest.mark.parametrize("arguments", [RUN, SERVE, GENERATE, SCHEMA, MAP])
def test_a_folder_that_cannot_be_written_is_told(
    arguments: list[str], nothing_runs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = told(capsys, *arguments, "-o", "/proc/new/out")
    assert code == 2
    assert text.startswith("/proc/new/out: nothing can be written in '/proc' (")
    assert text.endswith("); allowed: a folder that can be written\n")


@pytest.mark.parametrize(("arguments", "name"), [(SCHEMA, "new/chip.json"), (MAP, "new/map.svg")])
def test_own_files_are_replaced_and_missing_folders_made(
    arguments: list[str], name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert told(capsys, *arguments, "-o", name)[0] == 0
    assert [path.name for path in (here / "new").iterdir()] == [Path(name).name]


@pytest.mark.parametrize(("arguments", "name"), [(SCHEMA, "mine.json"), (MAP, "mine.svg")])
def test_what_others_wrote_is_replaced_where_that_is_asked_for(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(name).write_text("years of work")
    assert told(capsys, *arguments, "-o", name, "--force")[0] == 0
    assert "years of work" not in Path(name).read_text()


def test_an_empty_file_and_a_pipe_are_nobodys(capfd: pytest.CaptureFixture[str]) -> None:
    Path("empty.json").touch()
    with pytest.raises(SystemExit) as leaving:
        main([*SCHEMA, "-o", "empty.json"])
    assert leaving.value.code == 0
    read, write = os.pipe()
    with pytest.raises(SystemExit) as leaving:
        main([*MAP, "-o", f"/dev/fd/{write}"])
    os.close(write)
    with os.fdopen(read) as pipe:
        assert pipe.read().startswith("<svg")
    assert leaving.value.code == 0


def test_a_run_forced_into_a_folder_of_others_leaves_their_files(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "out").mkdir()
    (here / "out" / "thesis.tex").write_text("years of work")
    assert told(capsys, *RUN, "-o", "out", "--force")[0] == 0
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        "page.html",
        "result.json",
        "thesis.tex",
    ]


def test_an_earlier_run_is_replaced_and_only_its_files_are_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_run(make_result(), here / "out")
    (here / "out" / "notes.txt").write_text("mine")
    with pytest.raises(SystemExit):
        main([*RUN, "-o", "out"])
    assert capsys.readouterr().out.endswith("Saved in out: page.html, result.json\n")
    assert sorted(path.name for path in (here / "out").iterdir()) == ["notes.txt", "page.html", "result.json"]
