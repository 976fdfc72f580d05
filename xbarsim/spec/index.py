"""Index patterns of edges: '*', '3', '0:8', a letter, and arithmetic over that letter ('i//8')."""

from __future__ import annotations

import ast
import re

Wrong = tuple[str, str, str]  # found, allowed, fix

FORMS = "[*], [3], [0:8] or a letter"
_RANGE = re.compile(r"\s*(\d{0,9})\s*:\s*(\d{0,9})\s*")
_LETTER = re.compile(r"[A-Za-z_]\w*")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


def index_problem(
    index: str | None, count: int | None, letter: str | None, source: bool
) -> tuple[Wrong | None, str | None]:
    """What is wrong with an index into `count` instances, and the letter that the source binds."""
    text = (index or "*").strip()
    if text == "*":
        return None, None
    bounds = _RANGE.fullmatch(text)
    if bounds:
        return _range_problem(int(bounds[1] or 0), bounds[2], count), None
    if re.fullmatch(r"\d{1,9}", text):
        beyond = count is not None and int(text) >= count
        return (_beyond(int(text), count) if beyond else None), None
    if source:
        if _LETTER.fullmatch(text):
            return None, text
        return (
            f"the index '{text}' is not understood",
            FORMS,
            "arithmetic like 'i//8' stands on the right",
        ), None
    return _formula_problem(text, letter), None


def _beyond(number: int, count: int | None) -> Wrong:
    if count == 1:
        return "there is only one", "index 0", "raise its 'count', or leave the index away"
    return f"there is no number {number}", f"0 to {(count or 1) - 1}", "raise its 'count', or lower the index"


def _range_problem(low: int, high_text: str, count: int | None) -> Wrong | None:
    high = int(high_text) if high_text else count
    if high is None:
        return None
    if low >= high:
        return "the range is empty", "first:one-past-the-last, like 0:8", ""
    return _beyond(high - 1, count) if count is not None and high > count else None


def _formula_problem(text: str, letter: str | None) -> Wrong | None:
    """Whole-number arithmetic over the letter that the source binds."""
    if letter is None:
        fix = "give the left side a letter: 'a[i] -> b[i//8]'" if _LETTER.search(text) else ""
        return f"the index '{text}' is not understood", FORMS, fix
    try:
        tree = ast.parse(text, mode="eval") if len(text) <= 80 else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None or not _is_formula(tree.body, letter):
        return f"the index '{text}' is not understood", f"'{letter}', whole numbers and + - * // %", ""
    return None


def _is_formula(node: ast.expr, letter: str) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    if isinstance(node, ast.Name):
        return node.id == letter
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, _OPERATORS):
        return False
    divides_by_zero = (
        isinstance(node.op, ast.FloorDiv | ast.Mod)
        and isinstance(node.right, ast.Constant)
        and node.right.value == 0
    )
    return not divides_by_zero and _is_formula(node.left, letter) and _is_formula(node.right, letter)
