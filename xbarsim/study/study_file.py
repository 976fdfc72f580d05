"""Reading a study file: all that is wrong with it at once, each with file and line."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from xbarsim.errors import Problem, SpecError, shown
from xbarsim.shipped import shipped
from xbarsim.spec.component import Spec
from xbarsim.spec.loader import Located, likely, load_located
from xbarsim.spec.located import Path_
from xbarsim.spec.quantity import Count
from xbarsim.spec.values import Values
from xbarsim.study.axes import Axis
from xbarsim.study.axis_file import AxisReader, settings_of, text_of
from xbarsim.study.figures import BY_NAME, NUMBERS
from xbarsim.study.key_check import Keys
from xbarsim.study.scenarios import SCENARIOS, scenario_asked
from xbarsim.study.study import Constraint, Goal, Strategy, Study

_YAML = (".yaml", ".yml")
MOST_POINTS = 10_000_000


class StrategySpec(Spec):
    """How the points of a study are chosen."""

    kind: Literal["grid", "random", "latin_hypercube", "search"] = Field(
        "grid",
        description="grid: all; random and latin_hypercube: so many of them; search: as `xbarsim search`",
    )
    points: Count | None = Field(None, description="how many, where it is no grid")
    seed: int = Field(0, description="of what is random in choosing them")


class BoundSpec(Spec):
    """Bounds of a figure, in its unit."""

    at_least: float | None = Field(None, description="smallest value that is allowed")
    at_most: float | None = Field(None, description="largest value that is allowed")


class StudySpec(Spec):
    """A study file."""

    name: str = Field(description="name of the study, and of its folder")
    source: str = Field("", description="where its question or its numbers come from")
    description: str = Field("", description="what it asks")
    chip: str = Field(description="a shipped chip, or a file beside this one")
    workload: str = Field(description="a shipped network, or a file beside this one")
    scenario: Any = Field(None, description="what each point runs: kind, and its keys")
    set: Any = Field(None, description="settings of every point: key -> value")
    axes: Any = Field(description="name or key -> what it is set to")
    for_each: tuple[str, ...] = Field(
        (), description="axes that are given, such as a load: best points are found at each of their places"
    )
    constraints: Any = Field(None, description="figure -> at_least, at_most")
    goals: Any = Field(None, description="figure -> minimise or maximise")
    strategy: Any = Field(None, description="grid, or {kind: random, points: 200, seed: 1}")
    seed: int = Field(0, description="of everything random in the points")


def load_study(path_or_name: str | Path) -> Study:
    """A study file, or the name of a shipped study. Raises: SpecError with every problem of the file."""
    path = study_path(path_or_name)
    located = load_located(path, str(path_or_name) if Path(path_or_name) == path else path.name)
    study = _Reader(located, path).read()
    located.raise_problems()
    assert study is not None
    return study


def study_path(path_or_name: str | Path) -> Path:
    """The file of a study; a bare name is looked up among the shipped ones. Raises: SpecError."""
    path = Path(path_or_name)
    if path.suffix in _YAML or path.parent != Path("."):
        return path
    names = [file.stem for file in shipped("studies").glob("*.yaml")]
    if path.name not in names:
        fix = likely(path.name, names)
        raise SpecError(
            [Problem(str(path_or_name), 0, "", "no file and no shipped study of this name", "", fix)]
        )
    return shipped("studies") / f"{path.name}.yaml"


class _Reader:
    """Takes one file apart; what is wrong goes to `located.problems`."""

    def __init__(self, located: Located, path: Path):
        self.located, self.path = located, path
        self.values = Values(located)

    def read(self) -> Study | None:
        """None once what is wrong is told; even then, as much as can be is looked at."""
        tree = self.located.tree
        spec = self.values.read(StudySpec, tree, ()) or _as_far_as_it_goes(tree)
        chip, workload = self.file(spec.chip), self.file(spec.workload)
        scenario = self._scenario(spec.scenario)
        keys = Keys(self.located, chip, workload, scenario.get("kind", ""), _varied(tree.get("axes")))
        keys.demand_files()
        settings = settings_of(self.located, spec.set, ("set",), keys.check) if spec.set is not None else ()
        reader = AxisReader(self.located, keys.check)
        for name, raw in self._mapping(spec.axes, "axes").items():
            reader.axis(str(name), raw, ("axes", name))
        axes = tuple(reader.before.values())
        goals, constraints = self._goals(spec.goals), self._constraints(spec.constraints)
        strategy = self._strategy(spec.strategy)
        self._for_each(spec.for_each, reader.before)
        if self.located.problems:
            return None
        self._scenario_is_complete(scenario, axes)
        if strategy.kind == "grid":
            self._grid_ends(axes)
        return Study(
            spec.name, chip, workload, tuple(self._filed(axis) for axis in axes), scenario, settings, goals,
            constraints, strategy, spec.seed, spec.description, spec.source, str(self.path),
            tuple(spec.for_each),
        )  # fmt: skip

    def file(self, text: str) -> str:
        """A path beside the study, or a name."""
        return str(self.path.parent / text) if Path(text).suffix in _YAML else text

    def _filed(self, axis: Axis) -> Axis:
        """Files that an axis over chips or workloads names lie beside the study, too."""

        def filed(key: str, value: str) -> tuple[str, str]:
            return (key, self.file(value)) if key in ("chip", "workload") else (key, value)

        options = tuple(
            replace(option, settings=tuple(filed(*one) for one in option.settings)) for option in axis.options
        )
        return replace(axis, options=options)

    def _mapping(self, raw: Any, *at: str | int) -> dict[Any, Any]:
        if raw is None:
            return {}
        if isinstance(raw, dict):
            return raw
        self.located.problem(at, shown(raw), "a mapping")
        return {}

    def _scenario(self, raw: Any) -> dict[str, str]:
        told = {key: text_of(value) for key, value in self._mapping(raw, "scenario").items()}
        told |= {key: self.file(told[key]) for key in ("accuracy_of",) if key in told}
        kind = told.setdefault("kind", "infer")
        if kind not in SCENARIOS:
            self.located.problem(("scenario", "kind"), f"'{kind}'", likely(kind, SCENARIOS))
            return {}
        for key in told:
            if key != "kind" and key not in SCENARIOS[kind].keys:
                self.located.problem(("scenario", key), "unknown key", likely(key, SCENARIOS[kind].keys))
        return told

    def _scenario_is_complete(self, scenario: dict[str, str], axes: tuple[Axis, ...]) -> None:
        """Can it be asked for, with the first place of each axis?"""
        told = dict(scenario)
        for axis in axes:
            for key, value in axis.at(0.0).settings:
                if key.startswith("scenario."):
                    told[key.removeprefix("scenario.")] = value
        try:
            scenario_asked(told, 0)
        except SpecError as error:
            for problem in error.problems:
                key = problem.file.partition(".")[2]
                at: Path_ = ("scenario", key) if key else ("scenario",)
                self.located.problem(at, problem.found, problem.allowed, problem.fix)

    def _grid_ends(self, axes: tuple[Axis, ...]) -> None:
        for axis in axes:
            if axis.span is not None:
                fix = "say step, times or points, or choose another strategy"
                self.located.problem(
                    ("axes", axis.name), "a grid cannot take all numbers of a range", "", fix
                )
        most = math.prod(max(1, len(axis.options)) for axis in axes)
        if most > MOST_POINTS:
            fix = "choose another strategy"
            self.located.problem(("axes",), f"{most:,} combinations", f"at most {MOST_POINTS:,}", fix)

    def _goals(self, raw: Any) -> tuple[Goal, ...]:
        goals = []
        for figure, sense in self._mapping(raw, "goals").items():
            at = ("goals", figure)
            if self._is_figure(figure, at):
                if sense in ("minimise", "maximise"):
                    goals.append(Goal(figure, sense))
                else:
                    self.located.problem(at, shown(sense), "'minimise' or 'maximise'")
        return tuple(goals)

    def _constraints(self, raw: Any) -> tuple[Constraint, ...]:
        bounds = []
        for figure, bound in self._mapping(raw, "constraints").items():
            at = ("constraints", figure)
            if not self._is_figure(figure, at):
                continue
            told = self._mapping(bound, *at)
            spec = self.values.read(BoundSpec, told, at)
            if spec is None:
                continue
            low, high = spec.at_least, spec.at_most
            if low is None and high is None:
                self.located.problem(at, "bounds nothing", "at_least, at_most, or both")
            elif low is not None and high is not None and low > high:
                found = f"at least {low:g} and at most {high:g}: nothing is"
                self.located.problem(at, found, "", "exchange them")
            bounds.append(Constraint(figure, spec.at_least, spec.at_most))
        return tuple(bounds)

    def _for_each(self, names: tuple[str, ...], axes: dict[str, Axis]) -> None:
        for at, name in enumerate(names):
            axis = axes.get(name)
            if axis is None:
                self.located.problem(("for_each", at), f"'{name}' is no axis", likely(name, axes))
            elif axis.span is not None:
                self.located.problem(
                    ("for_each", at), f"'{name}' has no places", "", "say step, times or points there"
                )

    def _is_figure(self, figure: Any, at: Path_) -> bool:
        if figure in NUMBERS:
            return True
        found = "is a text, not a number" if figure in BY_NAME else "is no figure of a study"
        self.located.problem(at, found, likely(str(figure), NUMBERS))
        return False

    def _strategy(self, raw: Any) -> Strategy:
        told = {"kind": raw} if isinstance(raw, str) else self._mapping(raw, "strategy")
        spec = self.values.read(StrategySpec, told, ("strategy",))
        if spec is None:
            return Strategy()
        if (spec.points is None) != (spec.kind == "grid"):
            found = "missing" if spec.points is None else "given"
            fix = f"'{spec.kind}' needs it" if spec.points is None else "a grid has all points; delete it"
            self.located.problem(("strategy", "points"), found, "", fix)
        return Strategy(spec.kind, spec.points or 0, spec.seed)


def _as_far_as_it_goes(tree: dict[str, Any]) -> StudySpec:
    """What a file with problems says all the same."""
    fields = StudySpec.fields_by_key()
    given = {key: tree[key] for key, (_, field) in fields.items() if key in tree and field.annotation is Any}
    texts = {key: str(tree.get(key, "")) for key in ("name", "chip", "workload")}
    return StudySpec.model_validate({"axes": {}} | given | texts)


def _varied(axes: Any) -> set[str]:
    """Of 'chip' and 'workload', what an axis varies as a whole: then its keys are not known beforehand."""
    text = str(axes)
    return {root for root in ("chip", "workload") if f"'{root}':" in text or f"'key': '{root}'" in text}
