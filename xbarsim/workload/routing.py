"""Routers of mixtures of experts: which experts a token goes to, drawn from a seed or read from a record."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import shake_128
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from xbarsim.errors import Problem, SpecError, WorkloadError
from xbarsim.spec.located import likely
from xbarsim.workload.graph import ExpertGroup

Groups = Mapping[str, ExpertGroup]
Floats = NDArray[np.float64]


class Router(Protocol):
    """Decides for each token; asked twice, in whatever order, it says the same."""

    def chosen(self, group: str, request: int, token: int) -> tuple[int, ...]:
        """Numbers of the experts of a group, ascending, for the token at this place (prompt and answer)."""
        ...


@dataclass(frozen=True)
class Seeded:
    """A random router: its draws hang on seed, group, request and token, on nothing else.

    skew: exponent of Zipf's law: the expert of rank r is asked for in proportion to (r + 1) ** -skew,
    ranks being drawn for each group; 0 is uniform.
    """

    seed: int = 0
    skew: float = 0.0

    def router(self, groups: Groups) -> SeededRouter:
        return SeededRouter(groups, self.seed, self.skew)


@dataclass(frozen=True)
class Recorded:
    """A router that was recorded elsewhere, as a CSV: group,token, then a column for each expert chosen.

    wrap: whether the record starts again after its last token; else that is an error.
    """

    path: Path
    wrap: bool = False

    def router(self, groups: Groups) -> RecordedRouter:
        """Raises: SpecError with all problems of the record."""
        return RecordedRouter(_Record(self.path, groups).read(), self)


@dataclass(frozen=True)
class SeededRouter:
    """Draws without putting back, in proportion to the experts' popularity."""

    groups: Groups
    seed: int
    skew: float
    _popular: dict[str, Floats] = field(default_factory=dict, compare=False)

    def chosen(self, group: str, request: int, token: int) -> tuple[int, ...]:
        one: ExpertGroup = _known(group, self.groups)
        # The smallest of exponential waits at these rates: the order of draws without putting back.
        waits = -np.log(_uniform(f"{self.seed}/{group}/{request}/{token}", one.count)) / self.popularity(
            group
        )
        return tuple(sorted(int(n) for n in np.argsort(waits, kind="stable")[: one.top_k]))

    def popularity(self, group: str) -> Floats:
        """Probability of each expert of a group to be drawn first."""
        if group not in self._popular:
            ranks = np.argsort(np.argsort(_uniform(f"{self.seed}/{group}", self.groups[group].count)))
            weights = (ranks + 1.0) ** -self.skew
            self._popular[group] = weights / weights.sum()
        return self._popular[group]


def _uniform(key: str, count: int) -> Floats:
    """Numbers above 0, up to 1, that are the same on every machine."""
    drawn = np.frombuffer(shake_128(key.encode()).digest(8 * count), dtype="<u8")
    return ((drawn >> np.uint64(11)).astype(np.float64) + 1.0) / 2.0**53


@dataclass(frozen=True)
class RecordedRouter:
    """The same record for every request."""

    record: Mapping[str, tuple[tuple[int, ...], ...]]
    source: Recorded

    def chosen(self, group: str, request: int, token: int) -> tuple[int, ...]:
        tokens: tuple[tuple[int, ...], ...] = _known(group, self.record)
        if token < len(tokens) or self.source.wrap:
            return tokens[token % len(tokens)]
        raise WorkloadError(
            f"{self.source.path.name}: {len(tokens)} tokens of '{group}' are recorded, request {request} asks"
            f" for token {token} (from 0); record more, or let the record start again with 'wrap: true'"
        )


def router_text(router: Router | None) -> str:
    """Where the choice of experts comes from, in a few words."""
    if router is None:
        return "none"
    seed = getattr(router, "seed", None)
    if seed is not None:
        return f"seed {seed}, skew {getattr(router, 'skew', 0.0):g}"
    return f"recorded: {getattr(router, 'source', router)!r}"


def _known(group: str, groups: Mapping[str, Any]) -> Any:
    if group in groups:
        return groups[group]
    raise WorkloadError(f"no group of experts '{group}'; {likely(group, groups)}")


@dataclass
class _Record:
    """A CSV being read; what is wrong is told at once."""

    path: Path
    groups: Groups
    problems: list[Problem] = field(default_factory=list)
    found: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)

    def read(self) -> dict[str, tuple[tuple[int, ...], ...]]:
        if not self.path.is_file():
            raise SpecError([Problem(str(self.path), 0, "", "no such file")])
        for line, row in self._rows():
            self._row(line, row)
        if not self.problems:
            for name in self.groups.keys() - self.found.keys():
                self._tell(0, "", f"no token of '{name}'", "a row for each token of each group")
        if self.problems:
            raise SpecError(self.problems)
        return {name: tuple(tokens) for name, tokens in self.found.items()}

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """All rows after the header, with their line numbers."""
        with self.path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = [cell.strip() for cell in next(reader, [])]
            if header[:2] != ["group", "token"]:
                wanted = "group,token,expert,expert"
                self._tell(1, "", f"'{','.join(header)}'", f"a first line like '{wanted}'")
                return
            for row in reader:
                if row:
                    yield reader.line_num, [cell.strip() for cell in row]

    def _row(self, line: int, row: list[str]) -> None:
        group = self.groups.get(row[0])
        if group is None:
            self._tell(line, "group", f"'{row[0]}'", "", likely(row[0], self.groups))
            return
        tokens = self.found.setdefault(group.name, [])
        if row[1:2] != [str(len(tokens))]:
            found = f"'{row[1]}'" if len(row) > 1 else "missing"
            self._tell(line, "token", found, f"{len(tokens)}: tokens of a group in their order, from 0")
        tokens.append(self._experts(line, row[2:], group))

    def _experts(self, line: int, cells: list[str], group: ExpertGroup) -> tuple[int, ...]:
        numbers = sorted({int(cell) for cell in cells if cell.isdecimal() and int(cell) < group.count})
        if len(numbers) != len(cells) or len(cells) != group.top_k:
            allowed = f"{group.top_k} different experts from 0 to {group.count - 1}"
            self._tell(line, "expert", f"'{','.join(cells)}'", allowed)
        return tuple(numbers)

    def _tell(self, line: int, key: str, found: str, allowed: str, fix: str = "") -> None:
        self.problems.append(Problem(self.path.name, line, key, found, allowed, fix))
