"""JSON Schema of a chip file, for editors: completes and checks while one types.

It is a little more lenient than `load_chip`: it sees one file without its includes, and knows no names.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from xbarsim.spec.build import NAME, NOT_A_PART
from xbarsim.spec.component import ComponentSpec, Spec, annotation, kinds, models, yaml_name
from xbarsim.spec.connect import TOPOLOGIES, TopologyEntry
from xbarsim.spec.dependent import Dependence
from xbarsim.spec.explain import ROOT_KEYS
from xbarsim.spec.header import Header
from xbarsim.spec.quantity import Number, Quantity, Whole
from xbarsim.spec.roles import Composite
from xbarsim.spec.values import required
from xbarsim.units import VOLTAGE, WORDS

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
WORD: Schema = {"enum": list(WORDS)}
TITLE = "xbarsim chip"
INCLUDE: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}], "description": ROOT_KEYS["include"]}
QUANTITY = r"^\s*[0-9.][0-9._]*([eE][-+]?[0-9]+)?\s*[A-Za-zµμΩ]"


def chip_schema() -> Schema:
    """The whole schema, as plain data."""
    header = _properties(Header)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "type": "object",
        "properties": header
        | {
            "components": _named(_ref("part"), ROOT_KEYS["components"]),
            "connect": _ref("connect") | {"description": ROOT_KEYS["connect"]},
            "cells": _named(_cell(), ROOT_KEYS["cells"]),
            "unstated": _named({"anyOf": [WORD, _sourced(WORD)]}, ROOT_KEYS["unstated"]),
            "modes": _named({"type": "object"}, ROOT_KEYS["modes"]),
            "include": INCLUDE,
        },
        "additionalProperties": False,
        **_needs([*_needed(Header), "components"]),
        "$defs": _definitions(),
    }


def is_chip_schema(head: str) -> bool:
    """Whether a file that begins like this is such a schema."""
    return head.startswith("{") and f'"title": "{TITLE}"' in head


def _definitions() -> Schema:
    described: list[type[Spec]] = [Header, *kinds().values()]
    found: Schema = {f"kind.{name}": _kind(cls) for name, cls in sorted(kinds().items())}
    return (
        found
        | {"part": _part(), "connect": _connect()}
        | {
            f"number.{kind.dimension.name}": _quantity(kind)
            for cls in described
            for _, field in cls.fields_by_key().values()
            if isinstance(kind := annotation(field), Quantity)
        }
    )


# --- components ----------------------------------------------------------------------------------


def _kind(cls: type[ComponentSpec]) -> Schema:
    """The keys of one kind; a composite also holds parts, under any other name."""
    composite = issubclass(cls, Composite)
    properties = _properties(cls) | {"include": INCLUDE}
    if composite:
        properties["connect"] = _ref("connect") | {"description": ROOT_KEYS["connect"]}
    names: Schema = {"propertyNames": {"pattern": f"^{NAME.pattern}$"}} if composite else {}
    needed = [key for key in _needed(cls) if key != "kind"]  # given, or said by where it stands
    return {
        "description": cls.summary,
        "type": "object",
        "properties": properties,
        "additionalProperties": _ref("part") if composite else False,
        **names,
        **_needs(needed),
    }


def _part() -> Schema:
    """A part: 'ideal', or a mapping whose kind decides what else it may hold."""
    names = sorted(name for name, cls in kinds().items() if cls.role not in NOT_A_PART)
    kind: Schema = {"enum": names, "description": "which kind of component this is"}
    cases = [
        {"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": _ref(f"kind.{name}")}
        for name in names
    ]
    return {
        "if": {"type": "string"},
        "then": {"const": "ideal"},
        "else": {"type": "object", "properties": {"kind": kind}, "allOf": cases, **_needs(["kind"])},
    }


def _cell() -> Schema:
    """A cell technology: of the plain kind, or of the one it names."""
    names = sorted(name for name, cls in kinds().items() if cls.role == "cell")
    cases = [
        {"if": {"properties": {"kind": {"const": name}}, "required": ["kind"]}, "then": _ref(f"kind.{name}")}
        for name in names
    ]
    kind: Schema = {"enum": names, "description": "which kind of technology this is"}
    return {
        "type": "object",
        "properties": {"kind": kind},
        "if": {"required": ["kind"]},
        "then": {"allOf": cases},
        "else": {"anyOf": [_ref("kind.cell"), {"required": ["include"]}]},
    }


def _connect() -> Schema:
    """Edges as texts, edges with a link, topologies, and included entries."""

    def piece(kind: str) -> Schema:
        return {"anyOf": [{"const": "ideal"}, _ref(f"kind.{kind}")], "description": kinds()[kind].summary}

    topology = _properties(TopologyEntry)
    topology["topology"] = {"enum": list(TOPOLOGIES), "description": "how the members are joined"}
    topology["of"] = {"anyOf": [TEXT, {"type": "array", "items": TEXT}], "description": "what hangs on it"}
    entry: Schema = {
        "type": "object",
        "properties": topology
        | {
            "edge": {**TEXT, "description": "'source[*] -> target[*]', or '<->' for both ways"},
            "link": piece("link"),
            "bus": piece("bus"),
            "router": piece("router"),
            "include": INCLUDE,
        },
        "additionalProperties": False,
        "anyOf": [{"required": [key]} for key in ("edge", "topology", "include")],
    }
    return {"type": "array", "items": {"anyOf": [{"type": "string", "pattern": "->"}, entry]}}


# --- fields --------------------------------------------------------------------------------------


def _properties(cls: type[Spec], known: Schema | None = None) -> Schema:
    """The keys of a description; `known` are those whose form is not told by their type."""
    return {
        key: ((known or {}).get(key) or _field(field)) | {"description": field.description or ""}
        for key, (_, field) in cls.fields_by_key().items()
    }


def _needed(cls: type[Spec]) -> list[str]:
    """Required keys that `unstated` cannot fill."""
    return [
        key
        for key, (_, field) in cls.fields_by_key().items()
        if field.is_required() and not isinstance(annotation(field), Quantity | Number)
    ]


def _needs(keys: list[str]) -> Schema:
    """Required keys, unless they may stand in an included file."""
    return {"anyOf": [{"required": keys}, {"required": ["include"]}]} if keys else {}


def _field(field: FieldInfo) -> Schema:
    kind = annotation(field)
    if isinstance(kind, Quantity):
        return _ref(f"number.{kind.dimension.name}")
    return _plain(kind) if kind is not None else _hint(field.annotation)


def _hint(hint: Any) -> Schema:
    hint, _ = required(hint)
    kind = next(
        (item for item in getattr(hint, "__metadata__", ()) if isinstance(item, Whole | Number)), None
    )
    origin, args = get_origin(hint), get_args(hint)
    if kind is not None:
        return _plain(kind)
    if origin is Literal:
        choice: Schema = {"enum": list(args)}
        return {"anyOf": [choice, _sourced(choice)]}
    if origin is tuple:
        return {"type": "array", "items": _hint(args[0])}
    if origin is not None:
        return {"type": "object", "additionalProperties": _hint(args[1])}
    if isinstance(hint, type) and issubclass(hint, Spec):
        return {
            "type": "object",
            "properties": _properties(hint) | {"include": INCLUDE},
            "additionalProperties": False,
            **_needs(_needed(hint)),
        }
    if hint is str:
        return {"anyOf": [TEXT, _sourced(TEXT)]}
    return {"anyOf": [{"type": "boolean"}, _sourced({"type": "boolean"})]} if hint is bool else {}


def _plain(kind: Whole | Number) -> Schema:
    number: Schema = {"type": "integer" if isinstance(kind, Whole) else "number"}
    if isfinite(kind.least):
        number["minimum"] = kind.least
    if isinstance(kind, Whole) and kind.most is not None:
        number["maximum"] = kind.most
    if isinstance(kind, Number):
        number = {"anyOf": [number, WORD, {"type": "string", "pattern": r"^[0-9.]+[eE][-+]?[0-9]+$"}]}
    return {"anyOf": [number, _sourced(number)]}


def _quantity(kind: Quantity) -> Schema:
    """A text with unit, a word, either with its source, one that depends on how the chip is run, or a model."""
    text: Schema = {"type": "string", "pattern": QUANTITY, "examples": [kind.dimension.example]}
    either: Schema = {"anyOf": [WORD, text]}
    priced = [item for (_, covers), item in models().items() if covers == kind.dimension.name]
    models_of_it = [_model(priced)] if priced else []
    options = [*either["anyOf"], _sourced(either), _dependent(text), *models_of_it]
    return {"title": kind.dimension.name, "anyOf": options}


def _dependent(text: Schema) -> Schema:
    """Keys of `Dependence`; its values have the dimension of the field."""
    value: Schema = {"anyOf": [text, _sourced(text)]}
    points: Schema = {"type": "object", "additionalProperties": value, "minProperties": 2}
    own = _properties(Dependence, {"value": value, "by_output": points, "at_supply": _sourced_text()})
    return {
        "type": "object",
        "properties": own | {"source": TEXT, "note": TEXT},
        "additionalProperties": False,
        "anyOf": [{"required": ["by_output"]}, {"required": ["value", "at_supply", "exponent"]}],
        "dependentRequired": {"at_supply": ["exponent"], "exponent": ["at_supply"]},
    }


def _sourced_text() -> Schema:
    text: Schema = {"type": "string", "pattern": QUANTITY, "examples": [VOLTAGE.example]}
    return {"anyOf": [text, _sourced(text)]}


def _model(priced: list[Any]) -> Schema:
    parameters = {
        yaml_name(name): {"description": f"parameter {yaml_name(name)}"}
        for m in priced
        for name in m.parameters
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["model"],
        "properties": {"model": {"enum": sorted(item.name for item in priced)}, "note": TEXT, **parameters},
    }


def _sourced(value: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {"value": value, "source": TEXT, "note": TEXT},
        "required": ["value"],
        "additionalProperties": False,
    }


def _named(value: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": value, "description": description}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name.replace(' ', '%20')}"}
