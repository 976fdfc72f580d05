"""Index patterns of edges: '[*]', '[3]', '[0:8]', and whole-number arithmetic over a letter ('[i//8]')."""

from __future__ import annotations

import ast

from xbarsim.errors import MappingError
from xbarsim.spec.connect import END


def end(text: str) -> tuple[str, str | None]:
    match = END.match(text)
    assert match is not None  # the reader of `connect` has checked it
    return match["name"], match["index"]


def indices(index: str | None, count: int, text: str) -> list[int]:
    if index in (None, "*", ""):
        return list(range(count))
    assert index is not None
    try:
        if ":" in index:
            low, high = index.split(":")
            return list(range(count))[int(low or 0) : int(high or count)]
        number = int(index)
    except ValueError:
        raise MappingError(
            f"'{text}': index '{index}' is not understood. Write [*], [3], [0:8] or a letter."
        ) from None
    if not 0 <= number < count:
        raise MappingError(f"'{text}': there are {count} of them, 0 to {count - 1}. Lower the index.")
    return [number]


_OPERATORS = {
    ast.Add: int.__add__,
    ast.Sub: int.__sub__,
    ast.Mult: int.__mul__,
    ast.FloorDiv: int.__floordiv__,
    ast.Mod: int.__mod__,
}


def evaluate(index: str, letter: str, value: int, text: str) -> int:
    """Whole-number arithmetic over one letter: i+1, i//8, (i+4)%16."""

    def compute(node: ast.AST) -> int:
        if isinstance(node, ast.Expression):
            return compute(node.body)
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name) and node.id == letter:
            return value
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return int(_OPERATORS[type(node.op)](compute(node.left), compute(node.right)))
        raise MappingError(f"'{text}': index '{index}' may hold {letter}, whole numbers and + - * // %.")

    try:
        return compute(ast.parse(index, mode="eval"))
    except (SyntaxError, ZeroDivisionError):
        raise MappingError(f"'{text}': index '{index}' is not understood.") from None
