"""Saved operation graphs: YAML with one operation a line, written and read without torch."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from xbarsim.files import write_whole
from xbarsim.workload.graph import Matrix, Need, Op, OpGraph
from xbarsim.workload.trace_check import NEEDS, Checked, read_tree

FORMAT = 1
_NEED_WORDS = {cls: word for word, cls in NEEDS.items()}


def save_trace(graph: OpGraph, path: str | Path) -> None:
    """Write the graph; a reader never sees a half-written file."""
    write_whole(path, trace_text(graph))


def is_trace(head: str) -> bool:
    """Whether a file that begins like this is a trace."""
    return head.startswith("format: ") and "\nname: " in head and "\nsource: " in head


def load_trace(path: str | Path) -> OpGraph:
    """The graph in a trace file.

    Raises: SpecError with every problem of the file; FileNotFoundError.
    """
    path = Path(path)
    graph = _graph(path, sha256(path.read_bytes()).digest())
    return replace(graph, matrices=dict(graph.matrices), experts=dict(graph.experts))


@lru_cache(maxsize=32)
def _graph(path: Path, digest: bytes) -> OpGraph:
    """Of a file with this content: a sweep loads the same few networks over and over."""
    return Checked(path, read_tree(path), FORMAT).graph()


def trace_text(graph: OpGraph) -> str:
    """The graph as the text of a trace file."""
    lines = [f"format: {FORMAT}", f"name: {_flow(graph.name)}", f"source: {_flow(graph.source)}"]
    lines += [f"parameters: {graph.parameters}"]
    lines += [f"context: {_flow(_fields(graph.context, always=('name', 'at')))}"] if graph.context else []
    groups = [_flow(_fields(group, always=())) for group in graph.experts.values()]
    lines += _listed("experts", groups) if groups else []
    lines += _listed("notes", [_flow(note) for note in graph.notes])
    lines += _listed("matrices", [_flow(_matrix(matrix)) for matrix in graph.matrices.values()])
    lines += _listed("ops", [_flow(_op(op)) for op in graph.ops])
    return "\n".join(lines) + "\n"


def _listed(key: str, items: list[str]) -> list[str]:
    return [f"{key}:", *(f"- {item}" for item in items)] if items else [f"{key}: []"]


def _matrix(matrix: Matrix) -> dict[str, Any]:
    return _fields(matrix, always=("name", "rows", "columns"))


def _op(op: Op) -> dict[str, Any]:
    entry = _fields(op, always=("name", "kind", "function", "positions", "width"))
    entry["kind"] = op.kind.value
    if op.needs:
        entry["needs"] = [_need(need) for need in op.needs]
    if op.growth is not None:
        entry["growth"] = _fields(op.growth, always=())
    return entry


def _need(need: Need) -> dict[str, Any] | str:
    word = _NEED_WORDS[type(need)]
    values = [getattr(need, one.name) for one in fields(need)]
    return {word: values} if values else word


def _fields(value: Any, always: tuple[str, ...]) -> dict[str, Any]:
    """The fields that are not at their default."""
    found = ((one.name, getattr(value, one.name), one.default) for one in fields(value))
    return {name: got for name, got, default in found if name in always or got != default}


def _flow(value: Any) -> str:
    """A value on one line, as YAML and nearly as JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    return json.dumps(value)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else _escaped(one) for one in quoted)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
