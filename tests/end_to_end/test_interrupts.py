"""Ctrl-C at any moment: one line, exit code 130, no half-written file, and what was there before still there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.llm_chips import llm_tree
from tests.result_factory import make_result
from xbarsim.report.run_folder import save_run
from xbarsim.scenario.store import load_result

ROOT = Path(__file__).parents[2]
NOTHING = "interrupted; nothing was written\n"
# The command with one function changed: it says that the command is busy, and goes on.
BUSY = """
import sys, time
from importlib import import_module
from pathlib import Path
busy, told, home, name, calls, how, *arguments = sys.argv[1:]
home = import_module(home)
*owner, name = name.split(".")
owner = getattr(home, owner[0]) if owner else home
real, calls = getattr(owner, name), int(calls)

def watched(*given, **named):
    global calls
    calls -= 1
    if calls == 0:
        Path(busy).touch()
        while how == "until told" and not Path(told).exists():
            time.sleep(0.01)
        while how == "for ever":
            real(*given, **named)
    return real(*given, **named)

setattr(owner, name, watched)
from xbarsim.cli import main
main(arguments)
"""
RUN = (
    "xbarsim.engine.flow",
    "Flow.run",
    "1",
    "once",
)  # a run on the engine that lasts far longer than the test
MOE = ["llm.yaml", "moe_small_decode"]  # its requests differ, so no period of it can be left out
POISSON = ["-a", "poisson 500 kHz"]
LONG = {
    "run": (["run", *MOE, "-n", "100000"], RUN),
    "run, pipelined": (["run", *MOE, "-n", "8000"], ("xbarsim.engine.flow", "Flow.run", "2", "once")),
    "run mvm": (["run", "tutorial", "lenet_digits", "-n", "100000", "--granularity", "mvm"], RUN),
    "run in phases": (
        ["run", "tutorial", "mlp_digits", "-n", "100000", "--set", "mapping.time_multiplex=true",
         "--set", "tile.count=2", "--set", "tile.array.count=3"], RUN,
    ),
    "serve": (["serve", "hermes64", "mlp_digits", *POISSON, "-n", "100000000"], RUN),
    "serve mvm": (
        ["serve", "hermes64", "mlp_digits", *POISSON, "-n", "100000000", "--granularity", "mvm"], RUN,
    ),
    "serve several": (["serve", "hermes64", "mlp_digits", "lenet_digits", *POISSON, "-n", "100000000"], RUN),
    "curve": (
        ["serve", "hermes64", "mlp_digits", *POISSON, "-n", "3000", "--curve"],
        ("xbarsim.engine.flow", "Flow.run", "3", "for ever"),
    ),
    "generate": (["generate", "llm.yaml", "moe_small", "-n", "100000"], RUN),
    "generate mvm": (["generate", "llm.yaml", "moe_small", "-n", "100000", "--granularity", "mvm"], RUN),
    "chip being read": (
        ["run", "hermes64", "mlp_digits"], ("xbarsim.spec.load", "load_located", "1", "for ever"),
    ),
    "mapping": (
        ["run", "hermes64", "mlp_digits"], ("xbarsim.scenario.infer", "map_network", "1", "for ever"),
    ),
    "page being drawn": (
        ["run", "tutorial", "mlp_digits"], ("xbarsim.report.page", "render_page", "1", "for ever"),
    ),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place with an earlier run in it."""
    save_run(make_result(requests=5), tmp_path / "out")
    (tmp_path / "llm.yaml").write_text(yaml.safe_dump(llm_tree(70, "on_chip", False), sort_keys=False))
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@contextmanager
def started(folder: Path, watched: tuple[str, ...], arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The command, up to the moment at which it is busy."""
    signs = folder.with_name(f"{folder.name}-signs")
    signs.mkdir()
    command = [sys.executable, "-c", BUSY, str(signs / "busy"), str(signs / "told"), *watched, *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored, if ours is in the background
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 300
        while not (signs / "busy").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("arguments", "watched"), LONG.values(), ids=LONG.keys())
def test_an_interrupted_run_leaves_nothing_and_loses_nothing(
    folder: Path, arguments: list[str], watched: tuple[str, ...]
) -> None:
    before = contents(folder)
    with started(folder, watched, [*arguments, "-o", "out"]) as process:
        process.send_signal(signal.SIGINT)
        printed, told = process.communicate(timeout=120)
    assert (process.returncode, printed, told) == (130, "", NOTHING)
    assert contents(folder) == before
    assert load_result(folder / "out").requests == 5


@pytest.mark.parametrize("watched", [
    ("xbarsim.scenario.store", "_write_synced"), ("xbarsim.scenario.store", "_swap"),
])  # fmt: skip
def test_an_interrupt_while_a_run_is_written_comes_behind_it(folder: Path, watched: tuple[str, str]) -> None:
    arguments = ["run", "tutorial", "mlp_digits", "-o", "out"]
    with started(folder, (*watched, "1", "until told"), arguments) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)  # the signal is there by now, and had it been heard the command would be gone
        assert process.poll() is None
        folder.with_name(f"{folder.name}-signs").joinpath("told").touch()
        printed, told = process.communicate(timeout=120)
    assert (process.returncode, printed, told) == (130, "", "interrupted; the run is saved in out\n")
    assert load_result(folder / "out").workload == "mlp_digits"
    assert sorted(entry.name for entry in folder.iterdir()) == ["llm.yaml", "out"]


def test_an_interrupt_behind_the_writing_says_where_the_run_is(folder: Path) -> None:
    arguments = ["run", "tutorial", "mlp_digits", "-o", "out"]
    with started(folder, ("xbarsim.report.tables", "result_table", "1", "for ever"), arguments) as process:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (130, "interrupted; the run is saved in out\n")


@pytest.mark.parametrize(("arguments", "watched"), [
    (["schema", "-o", "new.json"], ("xbarsim.spec.schema", "chip_schema", "1", "for ever")),
    (["map", "tutorial", "mlp_digits", "-o", "new.svg"], ("xbarsim.report.layout", "layout_figure", "1", "for ever")),
    (["validate", "hermes64", "-o", "new"], ("xbarsim.validation.validate", "compare", "2", "for ever")),
    (["check", "hermes64"], ("xbarsim.spec.load", "load_located", "1", "for ever")),
], ids=lambda given: given[0] if isinstance(given, list) else "")  # fmt: skip
def test_other_commands_end_alike(folder: Path, arguments: list[str], watched: tuple[str, ...]) -> None:
    before = contents(folder)
    with started(folder, watched, arguments) as process:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (130, NOTHING)
    assert contents(folder) == before
