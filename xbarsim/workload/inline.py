"""Small workloads in one line of text: products and chains of products, for figures that need no network."""

from __future__ import annotations

import itertools
import re

from xbarsim.errors import WorkloadError
from xbarsim.workload.graph import Matrix, Op, OpGraph, OpKind, Same, Window

# An LSTM unit's whole step from its four gate sums: four gate functions, the state (product, fused
# multiply-add), its function, the output's product.
LSTM_STEP, LSTM_GATES, LSTM_STEP_OPS = "lstm_step", 4, 8
_FORMS = (
    "'product 2016x224', 'product 256x256 x64', 'product 1008x2016 lstm_step', 'chain 64x32x10 relu' or "
    "'conv 64x3x112' (maps, kernel, side)"
)
_TEXT = re.compile(r"(product|chain|conv)\s+(\d+(?:x\d+)+)(?:\s+x(\d+))?(?:\s+([a-z_]+))?")


def is_inline(text: str) -> bool:
    return text.split()[:1] in (["product"], ["chain"], ["conv"])


def read_inline(text: str) -> OpGraph:
    """The operation graph of such a text. Raises: WorkloadError that says how to write it."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise WorkloadError(f"'{text}' is no workload in one line; write it like {_FORMS}")
    widths = [int(width) for width in found[2].split("x")]
    side_by_side = int(found[3] or 1)
    if 0 in (*widths, side_by_side):
        raise WorkloadError(f"'{text}' has a width of 0; write it like {_FORMS}")
    if found[1] == "product":
        if len(widths) != 2:
            raise WorkloadError(f"'{text}': a product has two widths; write it like {_FORMS}")
        return products(text, widths[0], widths[1], side_by_side, found[4])
    if found[1] == "conv" and (len(widths) != 3 or side_by_side > 1 or found[4]):
        raise WorkloadError(
            f"'{text}': a convolution has maps, kernel and side alone; write it like {_FORMS}"
        )
    if found[1] == "conv":
        return convolution(text, *widths)
    if side_by_side > 1:
        raise WorkloadError(f"'{text}': only products stand side by side; write it like {_FORMS}")
    return chain(text, widths, found[4])


def products(
    name: str, rows: int, columns: int, side_by_side: int = 1, function: str | None = None
) -> OpGraph:
    """One vector times matrices of their own, all independent; with a function behind each if asked for."""
    ops = [Op("x", OpKind.INPUT, "input", positions=1, width=rows)]
    matrices = {}
    for i in range(side_by_side):
        fc = "fc" if side_by_side == 1 else f"fc{i}"
        matrices[fc] = Matrix(fc, rows, columns)
        ops += _layer(fc, "x", rows, columns, function)
    return OpGraph(name, tuple(ops), matrices)


def chain(name: str, widths: list[int], function: str | None = None) -> OpGraph:
    """A multi-layer perceptron for one vector."""
    ops = [Op("x", OpKind.INPUT, "input", positions=1, width=widths[0])]
    matrices = {}
    for i, (rows, columns) in enumerate(itertools.pairwise(widths)):
        matrices[f"fc{i}"] = Matrix(f"fc{i}", rows, columns)
        ops += _layer(f"fc{i}", ops[-1].name, rows, columns, function)
    return OpGraph(name, tuple(ops), matrices)


def convolution(name: str, maps: int, kernel: int, side: int) -> OpGraph:
    """One convolution of square maps, as many out as in, of the same size."""
    window = Window((side, side), (side, side), (kernel, kernel), padding=(kernel // 2, kernel // 2))
    rows, positions = maps * kernel**2, side**2
    macs = positions * rows * maps
    ops = (
        Op("x", OpKind.INPUT, "input", positions=positions, width=maps),
        Op("conv", OpKind.MVM, "conv2d", ("x",), (window,), positions, maps, macs=macs, matrix="conv"),
    )
    return OpGraph(name, ops, {"conv": Matrix("conv", rows, maps)})


def _layer(name: str, before: str, rows: int, columns: int, function: str | None) -> list[Op]:
    product = Op(
        name, OpKind.MVM, "linear", (before,), (Same(),), 1, columns, macs=rows * columns, matrix=name
    )
    if function is None:
        return [product]
    width, each = columns, 1
    if function == LSTM_STEP:
        width, each = columns // LSTM_GATES, LSTM_STEP_OPS
    behind = f"{name}.{function}"
    step = Op(behind, OpKind.ELEMENTWISE, function, (name,), (Same(),), 1, width, element_ops=each * width)
    return [product, step]
