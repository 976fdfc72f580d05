"""What whole processes take, and the least of several times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
LARGER = str(HERE / "larger.yaml")  # a chip for the networks that fit none of the published ones
XBARSIM = (sys.executable, "-c", "from xbarsim.cli import main; main()")


@dataclass(frozen=True)
class Spent:
    """Of a whole process, start-up included; the least of several runs."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    printed: str


def process(command: tuple[str, ...], rounds: int) -> Spent:
    """Run a command several times. Raises: AssertionError with what it said if it fails."""
    runs = [_once(command) for _ in range(rounds)]
    least = min(runs, key=lambda run: run.wall_s)
    return Spent(least.wall_s, min(run.cpu_s for run in runs), least.peak_mib, least.printed)


def xbarsim(*arguments: str, rounds: int = 3) -> Spent:
    return process((*XBARSIM, *arguments), rounds)


def job(name: str, *arguments: str, rounds: int = 1) -> tuple[Spent, dict[str, Any]]:
    """A function of `jobs.py` in a process of its own, and what it told."""
    spent = process((sys.executable, "-m", "benchmarks.jobs", name, *arguments), rounds)
    return spent, json.loads(spent.printed.splitlines()[-1])


def _once(command: tuple[str, ...]) -> Spent:
    # As installed: bytecode may be written, and nothing is printed line by line.
    unwanted = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with TemporaryDirectory() as folder:
        told = Path(folder) / "spent.json"
        watcher = (sys.executable, "-I", "-S", str(HERE / "spent.py"), str(told))
        done = subprocess.run([*watcher, *command], env=environment, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return Spent(**json.loads(told.read_text()), printed=done.stdout)


def least_s(function: Callable[[], object], rounds: int) -> float:
    """The least time of several calls: what the work takes when nothing else is in the way."""
    return min(timed_s(function) for _ in range(rounds))


def timed_s(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began
