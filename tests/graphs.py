"""Small operation graphs, made by hand."""

from __future__ import annotations

import itertools

from xbarsim.workload.graph import Matrix, Op, OpGraph, OpKind, Same


def one_product(rows: int, columns: int, function: str | None = None) -> OpGraph:
    """One vector times one matrix, with an element-wise function behind it if asked for."""
    ops = [
        Op("x", OpKind.INPUT, "input", positions=1, width=rows),
        Op("fc", OpKind.MVM, "linear", ("x",), (Same(),), 1, columns, macs=rows * columns, matrix="fc"),
    ]
    if function:
        ops.append(Op("f", OpKind.ELEMENTWISE, function, ("fc",), (Same(),), 1, columns, element_ops=columns))
    return OpGraph("one product", tuple(ops), {"fc": Matrix("fc", rows, columns)})


def chain_of_products(widths: list[int], function: str | None = None) -> OpGraph:
    """A multi-layer perceptron for one vector."""
    ops = [Op("x", OpKind.INPUT, "input", positions=1, width=widths[0])]
    matrices = {}
    for i, (rows, columns) in enumerate(itertools.pairwise(widths)):
        name, before = f"fc{i}", ops[-1].name
        ops.append(
            Op(name, OpKind.MVM, "linear", (before,), (Same(),), 1, columns, macs=rows * columns, matrix=name)
        )
        matrices[name] = Matrix(name, rows, columns)
        if function:
            ops.append(
                Op(f"f{i}", OpKind.ELEMENTWISE, function, (name,), (Same(),), 1, columns, element_ops=columns)
            )
    return OpGraph("chain of products", tuple(ops), matrices)
