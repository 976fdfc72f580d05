"""What the fields of a trace file may hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xbarsim.workload.graph import OpKind
from xbarsim.workload.growth import GROWING


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True)
class Rule:
    """What a field may hold."""

    words: str
    holds: Callable[[Any], bool]


def count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


TEXT = Rule("a text", lambda v: isinstance(v, str))
COUNT = Rule("a whole number from 0", count)
SIZE = Rule("a whole number from 1", lambda v: count(v) and v > 0)
FLAG = Rule("true or false", lambda v: isinstance(v, bool))
TEXTS = Rule("a list of texts", lambda v: isinstance(v, list) and all(isinstance(one, str) for one in v))
LIST = Rule("a list", lambda v: isinstance(v, list))
WHOLE = Rule("a whole number", whole)
SLOPES = Rule(
    "a list of lists of whole numbers, one for each need",
    lambda v: isinstance(v, list) and all(isinstance(one, list) and all(map(whole, one)) for one in v),
)
EXPERT = Rule(
    "a group of experts and a number",
    lambda v: isinstance(v, list) and len(v) == 2 and isinstance(v[0], str) and count(v[1]),
)
MAPPING = Rule("a mapping", lambda v: isinstance(v, dict))
KIND = Rule(f"one of {', '.join(OpKind)}", lambda v: isinstance(v, str) and v in set(OpKind))

MATRIX = {"name": TEXT, "rows": SIZE, "columns": SIZE, "groups": SIZE, "bias": FLAG}
OP = {
    "name": TEXT,
    "kind": KIND,
    "function": TEXT,
    "inputs": TEXTS,
    "needs": LIST,
    "positions": SIZE,
    "width": SIZE,
    "macs": COUNT,
    "element_ops": COUNT,
    "matrix": TEXT,
    "table_parameters": COUNT,
    "inner": COUNT,
    "free": FLAG,
    "state": TEXT,
    "growth": MAPPING,
    "expert": EXPERT,
}
GROWTH = {**dict.fromkeys(GROWING, WHOLE), "needs": SLOPES}
EXPERTS = {"name": TEXT, "count": SIZE, "top_k": SIZE}
CONTEXT = {"name": TEXT, "at": SIZE, "most": SIZE}
GRAPH = {
    "format": COUNT,
    "name": TEXT,
    "source": TEXT,
    "parameters": COUNT,
    "context": MAPPING,
    "experts": LIST,
    "notes": TEXTS,
    "matrices": LIST,
    "ops": LIST,
}
