"""One point run, in whatever process: its row of figures, or of what went wrong."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import xbarsim
from xbarsim.api import simulate
from xbarsim.errors import XbarsimError, one_line
from xbarsim.scenario.lifetime_result import LifetimeResult
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.spec.chip import Chip
from xbarsim.spec.load import load_chip, located_chip
from xbarsim.study.accuracy import AccuracyAsked, accuracy_asked, learnt_digest, measured
from xbarsim.study.columns import DONE, FAILED
from xbarsim.study.figures import FIGURES, Value, figures_of
from xbarsim.study.journal import Row
from xbarsim.study.point import Point, address
from xbarsim.study.scenarios import scenario_asked
from xbarsim.workload.load import Workload, load_workload
from xbarsim.workload.routing import router_text

_HOME = Path(xbarsim.__file__).parent
_NO_FIGURES = ("cli", "report", "validation", "study")  # rooms that change no figure
_OF_STUDIES = ("accuracy.py", "evaluate.py", "figures.py", "scenarios.py")  # but for these
_KEPT = 64

Ran = Result | ServeResult | LifetimeResult


@dataclass(frozen=True)
class Job:
    """A point with its address, ready to be run."""

    key: str
    point: Point
    chip_sha256: str
    workload_sha256: str


@cache
def code_version() -> str:
    """The version of xbarsim, and a digest of the code that makes the figures: after a change, points are new."""
    digest = hashlib.sha256()
    for path in sorted(_HOME.rglob("*.py")):
        room = path.relative_to(_HOME).parts[0]
        if room not in _NO_FIGURES or (room == "study" and path.name in _OF_STUDIES):
            digest.update(path.relative_to(_HOME).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{xbarsim.__version__}+{digest.hexdigest()[:12]}"


class Bench:
    """Chips and networks that are kept ready between the points of one process."""

    def __init__(self) -> None:
        self._works: dict[tuple[str, tuple[str, ...]], Workload] = {}
        self._bases: dict[str, tuple[str, str]] = {}  # chip -> its name and digest, without settings

    def job(self, point: Point) -> Job:
        """The point with its address; of a network that cannot be read, what is wrong with it is the address."""
        chip_sha256 = self._chip_digest(point)
        try:
            workload_sha256 = self._workload_digest(point)
        except XbarsimError as error:
            workload_sha256 = hashlib.sha256(str(error).encode()).hexdigest()
        key = address(chip_sha256, workload_sha256, point.scenario, point.seed, code_version())
        return Job(key, point, chip_sha256, workload_sha256)

    def result(self, point: Point) -> Ran:
        """The whole result. Raises: whatever goes wrong."""
        scenario: Any = scenario_asked(dict(point.scenario), point.seed)
        found: Ran = simulate(self.chip(point), self.work(point), scenario)
        return found

    def figures(self, point: Point) -> dict[str, Value]:
        """Those of its result, and accuracy where the scenario asks for it. Raises: whatever goes wrong."""
        found = figures_of(self.result(point))
        asked = _accuracy_asked(point)
        if asked is not None:
            found["accuracy"] = measured(self.chip(point), self._learnt(point, asked), asked, point.seed)
        return found

    def row(self, job: Job) -> Row:
        """Never raises for what is wrong with the point: that stands in the row."""
        return told_row(job, self.names(job.point), lambda: self.figures(job.point))

    def chip(self, point: Point) -> Chip:
        return load_chip(point.chip, point.chip_assignments)

    def work(self, point: Point) -> Workload:
        asked = (point.workload, point.workload_assignments)
        if asked not in self._works:
            if len(self._works) >= _KEPT:
                self._works.clear()
            self._works[asked] = load_workload(*asked)
        return self._works[asked]

    def _workload_digest(self, point: Point) -> str:
        """Of the network, and of the weights where accuracy is measured."""
        asked, digest = _accuracy_asked(point), workload_digest(self.work(point))
        if asked is None and point.scenario_kind != "lifetime":
            return digest
        learnt = self.work(point) if asked is None else self._learnt(point, asked)
        return hashlib.sha256(
            f"{digest} {workload_digest(learnt)} {learnt_digest(learnt)}".encode()
        ).hexdigest()

    def _learnt(self, point: Point, asked: AccuracyAsked) -> Workload:
        """The network on which accuracy is measured."""
        return self.work(replace(point, workload=asked.of, workload_settings=()) if asked.of else point)

    def _chip_digest(self, point: Point) -> str:
        """What load_chip would give, without building the chip."""
        _, base = self._base(point.chip)
        if not point.chip_assignments:
            return base
        return hashlib.sha256("\n".join((base, *point.chip_assignments)).encode()).hexdigest()

    def _base(self, chip: str) -> tuple[str, str]:
        """Name and digest of a chip's files; of one that cannot be read, what is wrong with it is the digest."""
        if chip not in self._bases:
            try:
                located = located_chip(chip)
                self._bases[chip] = (str(located.tree.get("name", chip)), located.sha256)
            except XbarsimError as error:
                self._bases[chip] = (chip, hashlib.sha256(str(error).encode()).hexdigest())
        return self._bases[chip]

    def names(self, point: Point) -> tuple[str, str]:
        """Of chip and network, as far as they can be read."""
        try:
            work = self.work(point).name
        except XbarsimError:
            work = point.workload
        return self._base(point.chip)[0], work


def _accuracy_asked(point: Point) -> AccuracyAsked | None:
    return accuracy_asked(dict(point.scenario)) if point.scenario_kind == "infer" else None


def workload_digest(work: Workload) -> str:
    """Of its operations, its precision, its weights, and where the choice of experts comes from."""
    graph = work.graph
    told: tuple[object, ...] = (
        graph.ops, sorted(graph.matrices.items()), sorted(graph.experts.items()),
        work.activation_bits, work.weight_bits, router_text(work.router),
    )  # fmt: skip
    told += (work.layer_bits,) if work.layer_bits else ()
    told += (
        (hashlib.sha256(next(iter(work.weights.values())).read_bytes()).hexdigest(),) if work.weights else ()
    )
    return hashlib.sha256(repr(told).encode()).hexdigest()


def told_row(job: Job, names: tuple[str, str], run: Callable[[], dict[str, Value]]) -> Row:
    """The row of a point, from a run of its figures that may fail; names: of chip and network."""
    point, began = job.point, time.perf_counter()
    error: str | None = None
    figures: dict[str, Value] = dict.fromkeys(figure.name for figure in FIGURES)
    try:
        figures = run()
    except XbarsimError as problem:
        error = str(problem)
    except Exception as problem:  # a defect of ours, or of a stranger's part: the other points go on
        error = f"{type(problem).__name__}: {one_line(str(problem))}"
    return {
        "key": job.key,
        "status": DONE if error is None else FAILED,
        "error": error,
        "chip": names[0],
        "workload": names[1],
        "scenario": point.scenario_kind,
        "settings": point.settings,
        "seed": point.seed,
        "chip_sha256": job.chip_sha256,
        "workload_sha256": job.workload_sha256,
        "code": code_version(),
        **figures,
        "finished_at": datetime.now(UTC).replace(tzinfo=None),
        "seconds": time.perf_counter() - began,
    }
