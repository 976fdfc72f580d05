"""Reading what a workload YAML says of a mixture of experts: `experts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xbarsim.errors import shown
from xbarsim.spec.loader import Located, likely
from xbarsim.spec.located import Path_
from xbarsim.workload.experts import Experts
from xbarsim.workload.routing import Recorded, Seeded

EXPERTS = ("modules", "top_k", "router")
SEEDED = ("seed", "skew")
RECORDED = ("recorded", "wrap")


@dataclass(frozen=True)
class Mixture:
    """Where the experts are, and who chooses among them."""

    experts: Experts | None = None
    router: Seeded | Recorded | None = None


def read_experts(located: Located, folder: Path) -> Mixture:
    """The key `experts`; what is wrong goes to `located.problems`. folder: of recorded routers."""
    given = located.tree.get("experts")
    if given is None:
        return Mixture()
    if not isinstance(given, dict):
        located.problem(("experts",), shown(given), "a mapping with 'modules' and 'top_k'")
        return Mixture()
    return _Reader(located, folder).read(given)


class _Reader:
    def __init__(self, located: Located, folder: Path):
        self.located, self.folder = located, folder

    def read(self, given: Mapping[str, Any]) -> Mixture:
        self._known(("experts",), given, EXPERTS)
        modules, top_k = given.get("modules"), given.get("top_k")
        if not isinstance(modules, str) or not modules.endswith(".*"):
            found = "missing" if modules is None else shown(modules)
            self._tell(("experts", "modules"), found, "where the experts are, like 'layers.*.experts.*'")
        if isinstance(top_k, bool) or not isinstance(top_k, int) or top_k < 1:
            found = "missing" if top_k is None else shown(top_k)
            self._tell(("experts", "top_k"), found, "how many experts each token goes to, from 1")
        return Mixture(Experts(str(modules), top_k or 1), self._router(given.get("router")))

    def _tell(self, path: Path_, found: str, allowed: str = "", fix: str = "") -> None:
        self.located.problem(path, found, allowed, fix)

    def _known(self, path: Path_, mapping: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for key in mapping:
            if key not in keys:
                self._tell((*path, key), "unknown key", "", likely(str(key), keys))

    def _router(self, given: Any) -> Seeded | Recorded | None:
        path = ("experts", "router")
        if given is None:
            return None
        if not isinstance(given, dict) or not given:
            self._tell(path, shown(given), "{seed: 1}, {seed: 1, skew: 0.8} or {recorded: file.csv}")
            return None
        self._known(path, given, RECORDED if "recorded" in given else SEEDED)
        return self._recorded(path, given) if "recorded" in given else self._seeded(path, given)

    def _seeded(self, path: Path_, given: Mapping[str, Any]) -> Seeded:
        seed, skew = given.get("seed", 0), given.get("skew", 0)
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            self._tell((*path, "seed"), shown(seed), "a whole number from 0")
        if isinstance(skew, bool) or not isinstance(skew, (int, float)) or not 0 <= skew < 100:
            self._tell((*path, "skew"), shown(skew), "an exponent of Zipf's law from 0, which is uniform")
            return Seeded()
        return Seeded(seed, float(skew))

    def _recorded(self, path: Path_, given: Mapping[str, Any]) -> Recorded | None:
        file, wrap = given["recorded"], given.get("wrap", False)
        if not isinstance(wrap, bool):
            self._tell((*path, "wrap"), shown(wrap), "true or false")
        if not isinstance(file, str) or not (self.folder / file).is_file():
            found = f"no file '{file}' beside this one" if isinstance(file, str) else shown(file)
            self._tell((*path, "recorded"), found, "a CSV with 'group,token,expert,expert' as first line")
            return None
        return Recorded(self.folder / file, bool(wrap))
