"""What a key of a chip file is: dimension, range, meaning; and in a given chip its value and source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from xbarsim.errors import Problem, SpecError
from xbarsim.spec.chip import Chip, NumberSource
from xbarsim.spec.component import ComponentSpec, Spec, annotation, kinds
from xbarsim.spec.connect import TopologyEntry
from xbarsim.spec.dependent import Dependence
from xbarsim.spec.header import Header
from xbarsim.spec.located import likely
from xbarsim.spec.quantity import Number, Quantity, Whole
from xbarsim.spec.readers import read_by
from xbarsim.spec.values import expected

ROOT_KEYS = {
    "components": "the parts of the chip by name, each with a 'kind'",
    "connect": "how parts are joined: a list of topologies, and edges like 'a[*] -> b[*]'",
    "cells": "memory cell technologies by name, for the 'cell' of an array",
    "unstated": "words (ideal, unknown, included) for keys that components need and do not give",
    "modes": "named sets of values, e.g. one per way of reading; `mode` says which is on",
    "include": "a file, or a list of files, whose keys are taken over; the file's own keys win",
}


@dataclass(frozen=True)
class Explanation:
    """All there is to say of one key. Texts are empty where nothing is to say."""

    key: str
    kind: str  # kind of the component it belongs to
    dimension: str
    allowed: str
    description: str
    example: str
    value: str = ""
    source: str = ""
    where: str = ""  # file:line
    status: str = ""  # given, model, calibrated, ideal, unknown, included, default, needed
    read_by: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()  # for a kind or part: its keys and what they mean


@dataclass(frozen=True)
class _Place:
    """A description, the spec in a chip if there is one, and what its keys are called."""

    name: str
    cls: type[Spec]
    spec: Spec | None = None


def explain(key: str, chip: Chip | None = None) -> Explanation:
    """Explain a path in a chip ('tile.adc.rate'), a kind ('adc.sar') or its key ('adc.sar.rate'), a root key.

    Raises: SpecError with the nearest known key.
    """
    places = list(_places(chip))
    known = {place.name: place for place in reversed(places)}
    if key in known and key:
        return _whole(known[key], chip)
    for place in places:
        if key.startswith(f"{place.name}.") or not place.name:
            found = _field(place, key.removeprefix(place.name).lstrip("."), chip)
            if found is not None:
                return found
    if key in ROOT_KEYS:
        return Explanation(key, "", "", "", ROOT_KEYS[key], "")
    raise SpecError([Problem("explain", 0, key, "no such key", "", _nearest(key, places))])


def _places(chip: Chip | None) -> Iterator[_Place]:
    """Everything that has keys; the chip's own parts first, the longest names first."""
    if chip is not None:
        yield from sorted(_of_chip(chip), key=lambda place: -len(place.name))
    for name, cls in sorted(kinds().items(), key=lambda item: -len(item[0])):
        yield _Place(name, cls)
    yield _Place("connect", TopologyEntry)
    yield _Place("", Header, chip.header if chip else None)
    yield _Place("", Dependence)


def _of_chip(chip: Chip) -> Iterator[_Place]:
    for part in chip.root.walk():
        if part.spec is not None and part.path:
            yield _Place(part.path, type(part.spec), part.spec)
        for connection in part.connect:
            entry = f"{part.path}.connect" if part.path else "connect"
            label = f"{entry}[{connection.label.rpartition('connect')[2]}]"
            wires = "bus" if connection.topology == "bus" else "link"
            for piece, spec in ((wires, connection.channel), ("router", connection.router)):
                if spec is not None:
                    yield _Place(f"{label}.{piece}", type(spec), spec)
    for name, cell in chip.cells.items():
        yield _Place(f"cells.{name}", type(cell), cell)


def _whole(place: _Place, chip: Chip | None) -> Explanation:
    """A kind or a part: what it is, and its keys."""
    keys = [(key, field.description or "") for key, (_, field) in place.cls.fields_by_key().items()]
    part = chip.parts.get(place.name) if chip else None
    keys += (
        [(child.name, f"a part: {child.spec.kind if child.spec else 'ideal'}") for child in part.children]
        if part
        else []
    )
    summary = (place.cls.__doc__ or "").strip().partition("\n")[0]
    return Explanation(place.name, _kind_of(place), "", "", summary, "", keys=tuple(keys))


def _field(place: _Place, rest: str, chip: Chip | None) -> Explanation | None:
    """One key, also inside a nested mapping ('weight.bits'); None if there is none."""
    cls, spec, holder, pieces = place.cls, place.spec, "", rest.split(".")
    for piece in pieces[:-1]:
        found = cls.fields_by_key().get(piece)
        inner = _nested(found[1]) if found else None
        if found is None or inner is None:
            return None
        below = getattr(spec, found[0], None)
        spec, holder, cls = below if isinstance(below, Spec) else None, piece, inner
    found = cls.fields_by_key().get(pieces[-1])
    if found is None:
        return None
    return _explained(place, rest, cls, found, spec, holder, chip)


def _explained(
    place: _Place,
    rest: str,
    cls: type[Spec],
    found: tuple[str, FieldInfo],
    spec: Spec | None,
    holder: str,
    chip: Chip | None,
) -> Explanation:
    attribute, field = found
    kind = annotation(field)
    key = f"{place.name}.{rest}" if place.name else rest
    inner = _nested(field)
    value, source, where, status = _here(key, attribute, field, spec, chip)
    return Explanation(
        key,
        _kind_of(place),
        _dimension(kind, field),
        expected(field.annotation, kind),
        field.description or "",
        _example(rest.rpartition(".")[2], kind),
        value,
        source,
        where,
        status,
        read_by(cls, attribute, holder or ("header" if cls is Header else "")),
        tuple((name, item.description or "") for name, (_, item) in inner.fields_by_key().items())
        if inner
        else (),
    )


def _here(
    key: str, attribute: str, field: FieldInfo, spec: Spec | None, chip: Chip | None
) -> tuple[str, str, str, str]:
    """Value, source, place and status in the chip; without one, the default."""
    row: NumberSource | None = next((row for row in chip.numbers if row.key == key), None) if chip else None
    if row is not None:
        return row.value, row.source, row.where, row.status
    if spec is not None and attribute in spec.model_fields_set:
        return _text(getattr(spec, attribute)), "", "", "given"
    if field.is_required():
        return "", "", "", "needed"
    return _text(field.get_default(call_default_factory=True)), "", "", "default"


def _text(value: Any) -> str:
    if value is None or value in ((), {}):
        return "not given"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Spec):
        return ", ".join(
            f"{key}: {_text(getattr(value, name))}" for key, (name, _) in value.fields_by_key().items()
        )
    return ", ".join(map(_text, value)) if isinstance(value, tuple | dict) else str(value)


def _dimension(kind: Quantity | Whole | Number | None, field: FieldInfo) -> str:
    if isinstance(kind, Quantity):
        return kind.dimension.name
    if kind is not None:
        return "whole number" if isinstance(kind, Whole) else "number"
    said = expected(field.annotation, None)
    return "a choice" if " or '" in said else said


def _example(key: str, kind: Quantity | Whole | Number | None) -> str:
    if isinstance(kind, Quantity):
        return f"{key}: {kind.dimension.example}"
    return f"{key}: {max(kind.least, 8):g}" if kind else ""


def _kind_of(place: _Place) -> str:
    return place.cls.kind_name if issubclass(place.cls, ComponentSpec) else ""


def _nested(field: FieldInfo) -> type[Spec] | None:
    """The class of a nested mapping, or of the items of a list of mappings."""
    hint: Any = field.annotation
    if get_origin(hint) in (tuple, Union, UnionType):
        hint = get_args(hint)[0]
    return hint if isinstance(hint, type) and issubclass(hint, Spec) else None


def _nearest(key: str, places: list[_Place]) -> str:
    known = [*ROOT_KEYS]
    for place in places:
        known += [place.name] * bool(place.name) + _keys_below(place)
    said = likely(key, known)
    if said.startswith("did"):
        return said
    return f"name a kind, its key, or a path in a chip; {likely(key, kinds())}"


def _keys_below(place: _Place) -> list[str]:
    """All keys of a description, with those of its nested mappings."""
    keys = []
    for key, (_, field) in place.cls.fields_by_key().items():
        inner = _nested(field)
        keys += [key] + ([f"{key}.{name}" for name in inner.fields_by_key()] if inner else [])
    return [f"{place.name}.{key}" if place.name else key for key in keys]
