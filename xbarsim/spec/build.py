"""From a located YAML tree to a Chip: kinds looked up, parts nested, all problems collected."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from xbarsim.errors import shown
from xbarsim.spec.chip import Chip, Connection, Part
from xbarsim.spec.component import ComponentSpec, kinds
from xbarsim.spec.connect import Scope, read_connections
from xbarsim.spec.dependent import check_conditions
from xbarsim.spec.header import Header
from xbarsim.spec.located import Located, Path_, Told, closest, likely
from xbarsim.spec.modes import apply_mode
from xbarsim.spec.names import check_names
from xbarsim.spec.quantity import unwrap
from xbarsim.spec.roles import Cell, Composite
from xbarsim.spec.values import Values
from xbarsim.units import WORDS

ROOT_EXTRAS = ("components", "connect", "cells", "unstated", "modes", "include")
ROLES = (
    "dac",
    "adc",
    "sample_hold",
    "shift_add",
    "router",
    "buffer",
    "bus",
    "input_register",
    "output_register",
    "vector_unit",
    "matrix_unit",
    "accumulator",
    "memory",
    "io",
    "pulse_generator",
    "monitor",
    "code_memory",
    "weight_memory",
)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
NOT_A_PART = {"cell": "stands under `cells`", "link": "stands in a `connect` entry"}


def build_chip(located: Located, path: str = "") -> Chip:
    """Validate a whole chip description. Raises: SpecError with every problem found."""
    apply_mode(located)
    builder = _Builder(located)
    header, root, cells = builder.header(), builder.root(), builder.cells()
    check_names(located, root, builder.values, builder.failed)
    check_conditions(located, builder.values)
    located.raise_problems()
    assert header is not None and root is not None
    calibrated = header.calibrated
    numbers = tuple(
        replace(row, status="calibrated") if row.key in calibrated else row for row in builder.values.numbers
    )
    return Chip(header, root, cells, numbers, builder.values.roundings, located.sha256, path)


class _Builder:
    def __init__(self, located: Located):
        self.located = located
        self.tree: dict[str, Any] = located.tree
        self.values = Values(located)
        self.failed: set[str] = set()  # paths of parts that have problems of their own
        self.unstated = self._unstated()

    # --- the file's own keys -------------------------------------------------------------------

    def header(self) -> Header | None:
        own = {key: value for key, value in self.tree.items() if key not in ROOT_EXTRAS}
        known = Header.fields_by_key()
        for key in [key for key in own if key not in known]:
            value = own.pop(key)
            if isinstance(value, dict) and "kind" in value:
                self.located.problem((key,), "a part at the top of the file", "", "put it under `components`")
            else:
                self.located.problem((key,), "unknown key", "", likely(key, [*known, *ROOT_EXTRAS]))
        self.values.header = self.values.read(Header, own, ())
        return self.values.header

    def _unstated(self) -> dict[str, Any]:
        """`unstated: {area: unknown}`: words for keys that components need and do not give.

        A wrong entry is told here, and still counts as given, so that not every component repeats it.
        """
        known = {key for cls in kinds().values() for key in cls.fields_by_key()}
        raw = self.tree.get("unstated", {})
        if isinstance(raw, list):
            self.located.problem(
                ("unstated",), "a list", "", "write it like {area: unknown, idle_power: unknown}"
            )
            return {key: "unknown" for key in raw if isinstance(key, str)}
        good = {}
        for key, entry in self._mapping("unstated").items():
            word, wrong = unwrap(entry), ("", "", "")
            close = key if key in known else closest(key, known)
            if key not in known:
                wrong = "no component has this key", "", likely(key, known)
            elif not isinstance(word, str) or word not in WORDS:
                allowed = ", ".join(f"'{w}'" for w in WORDS)
                wrong = shown(word), allowed, "a value that is known stands at its component"
            if wrong[0]:
                self.located.problem(("unstated", key), *wrong)
                word = "unknown"
            source = entry.get("source") if isinstance(entry, dict) else None
            good[close or key] = {
                "value": word,
                "source": str(source or "stated once for all under `unstated`"),
            }
        return good

    def cells(self) -> dict[str, Cell]:
        cells: dict[str, Cell] = {}
        for name, raw in self._mapping("cells").items():
            at: Path_ = ("cells", name)
            if not isinstance(raw, dict):
                self.located.problem(at, shown(raw), "a mapping with technology, bits, write_pulse, ...")
                continue
            spec = self.component_spec({"kind": "cell", **raw}, at)
            if isinstance(spec, Cell):
                cells[name] = spec
            elif spec is not None:
                self.located.problem(
                    (*at, "kind"), f"'{spec.kind}' is no cell technology", "", "leave 'kind' away"
                )
        return cells

    def root(self) -> Part | None:
        raw = self.tree.get("components")
        allowed = "the parts of the chip, each with a 'kind'"
        if not isinstance(raw, dict) or not raw:
            found = "missing" if raw is None else "is empty" if raw == {} else shown(raw)
            self.located.problem(("components",), found, allowed)
            return None
        children = self.children(raw, ("components",), "")
        connect = self.connections(self.tree, (), "", children)
        return Part("chip", "", _root_spec(), "composite", children, connect)

    def _mapping(self, key: str) -> dict[str, Any]:
        raw = self.tree.get(key, {})
        if isinstance(raw, dict):
            return raw
        self.located.problem((key,), shown(raw), "a mapping of names")
        return {}

    # --- parts ---------------------------------------------------------------------------------

    def children(self, raw: dict[str, Any], at: Path_, path: str) -> tuple[Part, ...]:
        parts = []
        for name, value in raw.items():
            here = f"{path}.{name}" if path else name
            try:
                self._check_name(name, (*at, name), path)
                parts.append(self.part(name, value, (*at, name), here))
            except Told:
                self.failed.add(here)
        return tuple(parts)

    def _check_name(self, name: str, at: Path_, path: str) -> None:
        if not NAME.fullmatch(name):
            raise self.values.tell(
                at,
                f"{shown(name)} is no name of a part",
                "letters, digits and _",
                "say how many with 'count'" if "[" in name else "",
            )
        if not path and (name in ROOT_EXTRAS or name in Header.fields_by_key()):
            raise self.values.tell(
                at,
                f"'{name}' is a key of the file itself",
                "",
                "put it beside `components`, or give the part another name",
            )

    def part(self, name: str, raw: Any, at: Path_, path: str) -> Part:
        """One part with all inside it. Raises: Told."""
        if raw == "ideal":
            if name in ROLES:
                return Part(name, path, None, name)
            raise self.values.tell(at, f"'ideal' does not say what '{name}' is", "", likely(name, ROLES))
        if not isinstance(raw, dict):
            raise self.values.tell(at, shown(raw), "a mapping with a 'kind', or 'ideal'")
        cls = self._kind(raw, at)
        if cls is None:
            inside = {key: value for key, value in raw.items() if isinstance(value, dict) and "kind" in value}
            self.children(inside, at, path)
            raise Told
        if cls.role in NOT_A_PART:
            raise self.values.tell(
                (*at, "kind"), f"'{raw['kind']}' is no part", "", f"it {NOT_A_PART[cls.role]}"
            )
        if issubclass(cls, Composite):
            return self._composite(name, raw, at, path, cls)
        return Part(name, path, self._told(self.component_spec(raw, at)), cls.role)

    def _composite(
        self, name: str, raw: dict[str, Any], at: Path_, path: str, cls: type[ComponentSpec]
    ) -> Part:
        fields = cls.fields_by_key()
        own = {key: value for key, value in raw.items() if key in fields and not _misnamed(value)}
        parts = {key: value for key, value in raw.items() if key not in fields and key != "connect"}
        for key in [key for key, value in raw.items() if key in fields and _misnamed(value)]:
            self.located.problem(
                (*at, key), f"'{key}' is a key of '{cls.kind_name}'", "", "give the part another name"
            )
        for key in [key for key, value in parts.items() if not isinstance(value, dict) and value != "ideal"]:
            close = closest(key, fields)
            self.located.problem(
                (*at, key),
                "unknown key",
                "" if close else f"parts with a 'kind', or {', '.join(fields)}",
                f"did you mean '{close}'?" if close else "",
            )
            del parts[key]
        with self.values.within(raw, at):
            spec = self.component_spec(own, at)
            children = self.children(parts, at, path)
            connect = self.connections(raw, at, path, children)
        return Part(name, path, self._told(spec), cls.role, children, connect)

    def _told(self, spec: ComponentSpec | None) -> ComponentSpec:
        if spec is None:
            raise Told
        return spec

    def _kind(self, raw: dict[str, Any], at: Path_) -> type[ComponentSpec] | None:
        kind = raw.get("kind")
        if kind is None:
            self.located.problem((*at, "kind"), "missing", "", "say what it is, e.g. 'kind: tile'")
            return None
        found = kinds().get(kind) if isinstance(kind, str) else None
        if found is None:
            known = [name for name, cls in kinds().items() if (cls.role == "cell") == (at[:1] == ("cells",))]
            fix = likely(kind if isinstance(kind, str) else "", known)
            self.located.problem((*at, "kind"), f"{shown(kind)} is no known kind", "", fix)
        return found

    def component_spec(self, raw: dict[str, Any], at: Path_) -> ComponentSpec | None:
        """The description of one component, gaps filled by `unstated`; None after its problems are told."""
        cls = self._kind(raw, at)
        if cls is None:
            return None
        fields = cls.fields_by_key()
        gaps = {
            key: word
            for key, word in self.unstated.items()
            if key in fields and fields[key][1].is_required() and key not in raw
        }
        return self.values.read(cls, {**raw, **gaps}, at)

    def connections(
        self, raw: dict[str, Any], at: Path_, path: str, children: tuple[Part, ...]
    ) -> tuple[Connection, ...]:
        if "connect" not in raw:
            return ()
        scope = Scope(path, children, self.failed)
        return read_connections(raw["connect"], (*at, "connect"), scope, self.values, self.component_spec)


def _misnamed(value: Any) -> bool:
    """A mapping with a 'kind' is a part, whatever key it stands at."""
    return isinstance(value, dict) and "kind" in value


def _root_spec() -> Composite:
    return Composite.model_validate({"kind": "chip", "area": "ideal", "idle_power": "ideal"})
