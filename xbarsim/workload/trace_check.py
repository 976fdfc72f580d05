"""Reading trace files: quickly when they are right, with file and line of every fault when not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from math import prod
from pathlib import Path
from typing import Any

import yaml

from xbarsim.spec.loader import load_located
from xbarsim.spec.located import Path_, likely
from xbarsim.workload.graph import (
    Causal,
    ExpertGroup,
    Matrix,
    Need,
    Op,
    OpGraph,
    OpKind,
    Part,
    Resample,
    Same,
    Slice,
    Whole,
    Window,
)
from xbarsim.workload.growth import Context, Growth, numbers
from xbarsim.workload.trace_rules import CONTEXT, EXPERTS, GRAPH, GROWTH, MATRIX, OP, Rule, whole

NEEDS: dict[str, type[Need]] = {
    "same": Same,
    "whole": Whole,
    "causal": Causal,
    "slice": Slice,
    "window": Window,
    "part": Part,
    "resample": Resample,
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_tree(path: Path) -> Any:
    """The file's plain content.

    Raises: SpecError where it is not YAML.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (yaml.YAMLError, UnicodeDecodeError):
        load_located(path).raise_problems()
        raise


@dataclass
class Checked:
    """One trace being turned into a graph; problems are collected, lines found only if there are any."""

    path: Path
    tree: Any
    format: int
    problems: list[tuple[Path_, str, str, str]] = field(default_factory=list)

    def graph(self) -> OpGraph:
        """The graph; raises SpecError with all problems."""
        if not isinstance(self.tree, dict):
            self._raise([((), "not a trace", "a mapping with 'format' and 'ops'", "")])
        found = self.tree.get("format")
        if found != self.format:
            self._raise([(("format",), f"{found!r}", f"{self.format}", "save the trace anew")])
        self._check((), self.tree, GRAPH, ("name", "ops"))
        matrices = [self._made(Matrix, ("matrices", i), one, MATRIX) for i, one in self._items("matrices")]
        ops = [self._op(("ops", i), one) for i, one in self._items("ops")]
        context = self._context(ops)
        groups = [self._made(ExpertGroup, ("experts", i), one, EXPERTS) for i, one in self._items("experts")]
        if not self.problems:
            self._references(ops, {matrix.name for matrix in matrices}, {one.name: one for one in groups})
        if self.problems:
            self._raise(self.problems)
        top = {key: value for key, value in self.tree.items() if key != "format"}
        top["notes"], top["context"] = tuple(top.get("notes", ())), context
        top["experts"] = {group.name: group for group in groups}
        return OpGraph(**{**top, "ops": tuple(ops), "matrices": {matrix.name: matrix for matrix in matrices}})

    def _items(self, key: str) -> list[tuple[int, Any]]:
        found = self.tree.get(key)
        return list(enumerate(found)) if isinstance(found, list) else []

    def _tell(self, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        self.problems.append((path, found, allowed, fix))

    def _check(
        self, path: Path_, entry: Mapping[str, Any], rules: Mapping[str, Rule], wanted: tuple[str, ...]
    ) -> bool:
        before = len(self.problems)
        for key, value in entry.items():
            if key not in rules:
                self._tell((*path, key), "unknown key", "", likely(str(key), rules))
            elif not rules[key].holds(value):
                self._tell((*path, key), f"{value!r} is not {rules[key].words}")
        for key in wanted:
            if key not in entry:
                self._tell((*path, key), "missing", rules[key].words)
        return len(self.problems) == before

    def _made(self, cls: type, path: Path_, entry: Any, rules: Mapping[str, Rule]) -> Any:
        if not isinstance(entry, dict):
            self._tell(path, f"{entry!r} is not a mapping", f"keys {', '.join(rules)}")
            return None
        wanted = tuple(one.name for one in fields(cls) if one.default is MISSING and one.name in rules)
        return cls(**entry) if self._check(path, entry, rules, wanted) else None

    def _op(self, path: Path_, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return self._made(Op, path, entry, OP)
        needs = entry.get("needs", ())
        read = (
            [self._need((*path, "needs", i), one) for i, one in enumerate(needs)]
            if isinstance(needs, list)
            else []
        )
        growth = self._growth((*path, "growth"), entry["growth"], read) if _mapping(entry, "growth") else None
        op = self._made(Op, path, entry, OP)
        if op is None:
            return None
        changed = {
            "kind": OpKind(op.kind),
            "inputs": tuple(op.inputs),
            "needs": tuple(read),
            "growth": growth,
            "expert": tuple(op.expert) if op.expert else None,
        }
        return Op(**{**entry, **changed})

    def _growth(self, path: Path_, entry: Any, needs: list[Need]) -> Growth | None:
        growth = self._made(Growth, path, entry, GROWTH)
        if growth is None:
            return None
        slopes = tuple(map(tuple, growth.needs))
        sizes = [len(numbers(need)) if need else 0 for need in needs]
        if slopes and (
            len(slopes) != len(sizes)
            or any(len(one) not in (0, size) for one, size in zip(slopes, sizes, strict=True))
        ):
            self._tell(
                (*path, "needs"),
                f"{growth.needs!r} does not fit the needs",
                f"{' and '.join(map(str, sizes))} numbers",
            )
        return replace(growth, needs=slopes)

    def _context(self, ops: list[Op | None]) -> Context | None:
        """The context, which operations that grow must have."""
        given = self.tree.get("context")
        if isinstance(given, dict):
            return self._made(Context, ("context",), given, CONTEXT)
        for i, op in enumerate(ops):
            if op is not None and op.growth is not None:
                self._tell(("ops", i, "growth"), "there is no context to grow by", "", "give 'context'")
        return None

    def _need(self, path: Path_, entry: Any) -> Any:
        word, values = (
            next(iter(entry.items())) if isinstance(entry, dict) and len(entry) == 1 else (entry, [])
        )
        cls = NEEDS.get(word) if isinstance(word, str) else None
        if cls is None:
            self._tell(path, f"{entry!r} is not a need", "", likely(str(word), NEEDS))
            return None
        pairs = ["tuple" in str(one.type) for one in fields(cls)]
        least = sum(one.default is MISSING for one in fields(cls))
        given = list(values) if isinstance(values, list) else [values]
        right = all(_pair(one) if pair else whole(one) for one, pair in zip(given, pairs, strict=False))
        if not (right and least <= len(given) <= len(pairs)):
            names = ", ".join(one.name for one in fields(cls))
            self._tell(path, f"{given!r} does not fit '{word}'", f"[{names}]")
            return None
        made: Any = cls
        return made(*(tuple(one) if isinstance(one, list) else one for one in given))

    def _references(self, ops: list[Op], matrices: set[str], groups: Mapping[str, ExpertGroup]) -> None:
        """Operations read earlier ones, in a way that these can serve."""
        made: dict[str, Op] = {}
        for i, op in enumerate(ops):
            self._reads(("ops", i), op, made)
            if op.matrix is not None and op.matrix not in matrices:
                self._tell(("ops", i, "matrix"), f"no matrix '{op.matrix}'", "", likely(op.matrix, matrices))
            if op.expert is not None:
                self._belongs(("ops", i, "expert"), *op.expert, groups)
            if op.name in made:
                self._tell(("ops", i, "name"), f"'{op.name}' is taken by an earlier operation")
            made[op.name] = op

    def _belongs(self, path: Path_, name: str, number: int, groups: Mapping[str, ExpertGroup]) -> None:
        if name not in groups:
            self._tell(path, f"no group of experts '{name}'", "", likely(name, groups))
        elif number >= groups[name].count:
            self._tell(
                path, f"expert {number} of {groups[name].count}", f"from 0 to {groups[name].count - 1}"
            )

    def _reads(self, path: Path_, op: Op, made: Mapping[str, Op]) -> None:
        if len(op.inputs) != len(op.needs):
            self._tell((*path, "needs"), f"{len(op.needs)} needs", f"{len(op.inputs)}, one for each input")
            return
        for i, (name, need) in enumerate(zip(op.inputs, op.needs, strict=True)):
            if name not in made:
                self._tell((*path, "inputs", i), f"no earlier operation '{name}'", "", likely(name, made))
                continue
            if not _serves(need, op.positions, made[name].positions):
                have = f"{made[name].positions} positions of '{name}'"
                self._tell((*path, "needs", i), f"{op.positions} positions cannot be read so from {have}")

    def _raise(self, problems: list[tuple[Path_, str, str, str]]) -> None:
        located = load_located(self.path)
        for path, found, allowed, fix in problems:
            located.problem(path, found, allowed, fix)
        located.raise_problems()


def _mapping(entry: Mapping[str, Any], key: str) -> bool:
    return isinstance(entry.get(key), dict)


def _pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(whole(one) for one in value)


def _serves(need: Need, positions: int, read: int) -> bool:
    """Whether the need is one of so many positions, of so many that there are."""
    if isinstance(need, (Window, Resample)):
        sizes = (*need.input_size, *need.output_size)
        if min(sizes) < 1 or prod(need.input_size) != read or prod(need.output_size) != positions:
            return False
    last = need.last_needed(positions)
    return bool(last.min() >= -1 and last.max() < read)
