"""Notebooks in docs/ whose outputs are true: code cells are run in order, what they show is compared or written.

`python -m tests.notebooks docs/NAME.ipynb` writes the outputs into the notebook. No kernel is needed: a cell's last
expression is shown as a notebook would, as `_repr_html_` where it has one, else as `repr`, and what is printed, too.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from contextlib import chdir, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Output = dict[str, Any]
ROOT = Path(__file__).parent.parent


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def outputs_of(notebook: Any) -> list[list[Output]]:
    """Of each code cell, run in one namespace in an empty folder."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with TemporaryDirectory() as folder, chdir(folder):
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return [_run("".join(cell["source"]), names, count) for count, cell in enumerate(cells, 1)]


def _run(source: str, names: dict[str, Any], count: int) -> list[Output]:
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with redirect_stdout(printed):
        exec(compile(ast.Module(body, []), "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    found: list[Output] = []
    if printed.getvalue():
        found.append({"name": "stdout", "output_type": "stream", "text": lines(printed.getvalue())})
    if value is not None:
        data = {"text/plain": lines(_plain(value))}
        if hasattr(value, "_repr_html_"):
            data = {"text/html": lines(value._repr_html_()), **data}
        found.append(
            {"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"}
        )
    return found


def _plain(value: Any) -> str:
    """Of what shows itself as HTML, its kind says enough."""
    return f"<{type(value).__name__}>" if hasattr(value, "_repr_html_") else repr(value)


def lines(text: str) -> list[str]:
    """As notebooks keep texts."""
    return text.splitlines(keepends=True)


def written(notebook: Any) -> str:
    """The notebook's text with the outputs that its cells give now."""
    found = outputs_of(notebook)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for count, (cell, outputs) in enumerate(zip(cells, found, strict=True), 1):
        cell |= {"outputs": outputs, "execution_count": count}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = ROOT / name
        path.write_text(written(read(path)), encoding="utf-8")
