"""The notebooks in docs/ show what their cells give, in our own run of them and in a kernel's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.notebooks import ROOT, outputs_of, read

NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))
pytest.importorskip("sklearn", reason="the digits come with scikit-learn")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_those_of_the_cells(path: Path) -> None:
    notebook = read(path)
    stored = [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(stored) > 3
    for before, now in zip(stored, outputs_of(notebook), strict=True):
        assert now == before, "python -m tests.notebooks docs/NAME.ipynb writes what the cells give now"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_kernel_gives_the_same(path: Path, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="pip install 'xbarsim[dev]'")
    nbclient = pytest.importorskip("nbclient", reason="pip install 'xbarsim[dev]'")
    pytest.importorskip("ipykernel", reason="pip install 'xbarsim[dev]'")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    stored = [_shown(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]
    resources = {"metadata": {"path": str(tmp_path)}}
    done = nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    assert [_shown(cell.outputs) for cell in done.cells if cell.cell_type == "code"] == stored


def _shown(outputs: list[Any]) -> list[Any]:
    """What a reader sees: HTML where there is some."""
    found = []
    for output in outputs:
        data = output.get("data", {})
        found.append(data.get("text/html") or data.get("text/plain") or output.get("text"))
    return found
