"""Do the keys of a study lead anywhere? Looked up in the chip's and the workload's files before anything runs."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from xbarsim.errors import SpecError
from xbarsim.spec.load import load_chip, located_chip
from xbarsim.spec.loader import Located, likely, load_located
from xbarsim.spec.located import Path_, closest
from xbarsim.spec.place import Missing, find, parts_of
from xbarsim.study.scenarios import SCENARIOS
from xbarsim.study.study import CHIP, MAPPING, ROOTS, SCENARIO, SEED, WORKLOAD
from xbarsim.workload.load import shipped_path, split_weights
from xbarsim.workload.workload_file import KEYS, PRECISION


class Keys:
    """Checks keys of one study; what is wrong goes to its `located`.

    varied: which of 'chip' and 'workload' an axis varies as a whole; their keys are then taken on trust.
    """

    def __init__(self, located: Located, chip: str, workload: str, scenario: str, varied: set[str]):
        self.located, self.chip, self.workload = located, chip, workload
        self.scenario, self.varied = scenario, varied

    def check(self, key: str, at: Path_) -> bool:
        """Whether a key like 'chip.tile.adc.bits' leads somewhere; tells if not."""
        root, dot, rest = str(key).partition(".")
        if root not in ROOTS:
            close = closest(root, ROOTS)
            allowed = f"did you mean '{close}'?" if close else ""
            return self._told(
                at, "sets nothing", allowed, "keys begin with chip., workload., mapping. or scenario."
            )
        if not dot:
            return root in (CHIP, WORKLOAD, SEED) or self._told(
                at, f"'{root}' alone", f"a key in it, like {root}.…"
            )
        if root == SCENARIO:
            keys = SCENARIOS[self.scenario].keys if self.scenario in SCENARIOS else {}
            return rest in keys or self._told(at, f"unknown key '{rest}'", likely(rest, keys))
        if root == WORKLOAD:
            return WORKLOAD in self.varied or self._in_workload(rest, at)
        return CHIP in self.varied or self._in_chip(key if root == MAPPING else rest, at)

    def _told(self, at: Path_, found: str, allowed: str = "", fix: str = "") -> bool:
        self.located.problem(at, found, allowed, fix)
        return False

    def _in_chip(self, key: str, at: Path_) -> bool:
        if not self.chip or self._chip is None or key.startswith((MAPPING, "data")):
            return True
        try:
            holder, parts = find(self._chip.tree, parts_of(key))
        except Missing as reason:
            return self._told(at, reason.found, "", reason.fix)
        is_there = isinstance(holder, list) or parts[-1] in holder
        return is_there or self._may_be(key, at)

    def _may_be(self, key: str, at: Path_) -> bool:
        """Of a key that the file does not have: is it one that could stand there?"""
        try:
            load_chip(self.chip, [f"{key}=unknown"])
        except SpecError as error:
            for problem in error.problems:
                if problem.key == key and problem.found.startswith("unknown key"):
                    return self._told(at, problem.found, problem.allowed, problem.fix)
        return True

    def _in_workload(self, key: str, at: Path_) -> bool:
        top, _, rest = key.partition(".")
        if top not in KEYS or top in ("name", "trace"):
            return self._told(
                at, f"unknown key '{top}' of a workload", likely(top, set(KEYS) - {"name", "trace"})
            )
        if top == "precision" and rest.partition(".")[0] not in PRECISION:
            return self._told(at, f"unknown key '{rest}'", likely(rest, PRECISION))
        return True

    @cached_property
    def _chip(self) -> Located | None:
        try:
            return located_chip(self.chip)
        except SpecError as error:
            self._unread(CHIP, error)
            return None

    def demand_files(self) -> None:
        """Tells if the chip or the workload is not there."""
        if CHIP not in self.varied and self.chip:
            self._chip  # noqa: B018 - looks
        if WORKLOAD not in self.varied and self.workload:
            path = Path(split_weights(self.workload)[0])
            try:
                load_located(path if path.suffix else shipped_path(str(path)))
            except SpecError as error:
                self._unread(WORKLOAD, error)

    def _unread(self, root: str, error: SpecError) -> None:
        for problem in error.problems:
            self.located.problem((root,), f"{problem.file}: {problem.found}", problem.allowed, problem.fix)
