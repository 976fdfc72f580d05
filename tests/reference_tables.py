"""Tables of the guides, made of the registry, so that they cannot say anything else than the code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_args

from xbarsim.devices.cell import MemoryCell
from xbarsim.devices.technology import Technology
from xbarsim.spec.component import ComponentSpec, Spec, annotation, kinds, models, yaml_name
from xbarsim.spec.connect import TopologyEntry
from xbarsim.spec.dependent import Dependence
from xbarsim.spec.figures import MEASURES, Reported
from xbarsim.spec.header import Header, MappingChoices, Precision
from xbarsim.spec.values import expected
from xbarsim.study.axis_file import AxisSpec
from xbarsim.study.columns import COLUMNS
from xbarsim.study.figures import FIGURES
from xbarsim.study.scenarios import SCENARIOS
from xbarsim.study.study_file import StudySpec
from xbarsim.units import DIMENSIONS
from xbarsim.workload.load import load_workload, shipped_names

PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
WORDS = ", or 'ideal', 'unknown' or 'included'"
GROUPS = (
    ("Holding other parts", "composite"), ("Arrays", "array"), ("Driving the word lines", "dac"),
    ("Keeping column results", "sample_hold"), ("Converting column results", "adc"),
    ("Putting slices together", "shift_add"),
    ("Buffers and registers", "buffer", "input_register", "output_register", "weight_memory"),
    ("Digital units", "vector_unit", "matrix_unit", "accumulator"), ("Writing weights", "pulse_generator"),
    ("Correcting weights", "monitor", "code_memory"),
    ("Training in place", "trainer", "learning_array", "update_unit", "update_memory"),
    ("Cells", "cell"),
    ("The outside", "memory", "io"), ("What carries data", "bus", "link", "router"),
)  # fmt: skip


def with_tables(text: str) -> str:
    """A document with its tables made anew."""
    return PLACE.sub(lambda place: f"{place[1]}{TABLES[place[2]]()}{place[3]}", text)


def _kinds() -> str:
    """A heading and a table for each kind; the keys that all have are told once."""
    parts = []
    for title, *roles in GROUPS:
        parts.append(f"### {title}\n")
        for name, cls in sorted(kinds().items()):
            if cls.role in roles and cls.__module__.startswith("xbarsim."):
                parts.append(f"#### `{name}`\n\n{_summary(cls)}\n\n{_own_keys(cls)}")
                if cls is MemoryCell:
                    shared = _keys_beyond(Technology, MemoryCell)
                    parts.append(f"All kinds below have the keys of `cell`, and these:\n\n{shared}")
    return "\n".join(parts)


def _summary(cls: type[Spec]) -> str:
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


def _own_keys(cls: type[ComponentSpec]) -> str:
    return _keys_beyond(cls, Technology if issubclass(cls, Technology) else ComponentSpec)


def _keys_beyond(cls: type[ComponentSpec], base: type[ComponentSpec]) -> str:
    """A table of the keys that `base` does not have, or does not need."""
    common = base.fields_by_key()
    own = {key: field for key, (_, field) in cls.fields_by_key().items()
           if key not in common or field.is_required() != common[key][1].is_required()}  # fmt: skip
    return _table(own) if own else "No keys of its own.\n"


def _common() -> str:
    return _table({key: field for key, (_, field) in ComponentSpec.fields_by_key().items()})


def _file() -> str:
    nested = {"precision": Precision, "mapping": MappingChoices, "reported": Reported}
    rows: list[tuple[str, ...]] = []
    for key, (_, field) in Header.fields_by_key().items():
        rows += _rows(key, field, nested.get(key))
    return _markdown(rows)


def _dependence() -> str:
    return _table({key: field for key, (_, field) in Dependence.fields_by_key().items()})


def _topologies() -> str:
    return _table({key: field for key, (_, field) in TopologyEntry.fields_by_key().items()})


def _models() -> str:
    rows = [(f"`{item.name}`", covers, ", ".join(f"`{yaml_name(name)}`" for name in item.parameters), item.validity,
             item.source) for (_, covers), item in sorted(models().items())]  # fmt: skip
    return _markdown(rows, ("model", "gives", "takes", "validity", "source"))


def _units() -> str:
    rows = [(item.name, f"`{item.example}`") for item in DIMENSIONS.values()]
    return _markdown(rows, ("dimension", "write it like"))


def _measures() -> str:
    rows = [
        (f"`{name}`", measure.dimension.name if measure.dimension else "a number", measure.means)
        for name, measure in MEASURES.items()
    ]
    return _markdown(rows, ("measure", "dimension", "what it is"))


def _networks() -> str:
    rows = []
    for work in map(load_workload, shipped_names()):
        rows.append(
            (f"`{work.name}`", work.description, f"{work.graph.macs:,}", f"{work.graph.parameters:,}")
        )
    return _markdown(rows, ("name", "network", "MACs", "parameters"))


def _points() -> str:
    """Columns of the store of points."""
    return _markdown([(f"`{c.name}`", c.type, c.means) for c in COLUMNS], ("column", "type", "meaning"))


def _table(fields: dict[str, Any]) -> str:
    return _markdown([row for key, field in fields.items() for row in _rows(key, field)])


def _rows(key: str, field: Any, nested: type[Spec] | None = None) -> list[tuple[str, ...]]:
    """One row for a key, and one for each key of a mapping below it."""
    inner = nested or _inner(field.annotation)
    allowed = (
        "a list" if key == "reported" else expected(field.annotation, annotation(field)).removesuffix(WORDS)
    )
    rows = [
        (
            f"`{key}`",
            "a mapping" if inner and key != "reported" else allowed,
            _default(field),
            field.description or "",
        )
    ]
    for name, (_, item) in inner.fields_by_key().items() if inner else ():
        rows += _rows(f"{key}.{name}", item)
    return rows


def _inner(hint: Any) -> type[Spec] | None:
    options = [hint, *get_args(hint)]
    return next((option for option in options if isinstance(option, type) and issubclass(option, Spec)), None)


def _default(field: Any) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in (None, "", (), 0.0) or isinstance(value, Spec | dict) else str(value)


def _markdown(
    rows: Iterable[tuple[str, ...]],
    head: tuple[str, ...] = ("key", "what stands there", "if left away", "meaning"),
) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _described(spec: type[Spec]) -> str:
    rows = [(f"`{key}`", field.description or "") for key, (_, field) in spec.fields_by_key().items()]
    return _markdown(rows, ("key", "meaning"))


def _scenarios() -> str:
    told = [(kind, key, means) for kind, one in SCENARIOS.items() for key, means in one.keys.items()]
    return _markdown([(kind, f"`{key}`", means) for kind, key, means in told], ("kind", "key", "meaning"))


def _figures() -> str:
    better = {"less": "↓", "more": "↑", "": ""}
    return _markdown(
        ((f"`{f.name}`", better[f.better], f.means) for f in FIGURES), ("figure", "better", "meaning")
    )


TABLES = {
    "study": lambda: _described(StudySpec),
    "axis": lambda: _described(AxisSpec),
    "scenarios": _scenarios,
    "figures": _figures,
    "kinds": _kinds,
    "common": _common,
    "dependence": _dependence,
    "file": _file,
    "topology": _topologies,
    "models": _models,
    "units": _units,
    "measures": _measures,
    "networks": _networks,
    "points": _points,
}
