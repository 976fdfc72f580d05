"""What trained weights are on digital elements: their zeros, and the bits that change. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import nn

from xbarsim.quantise.activity import activity
from xbarsim.quantise.grid import Quantiser, stored_scale
from xbarsim.workload.graph import Matrix, OpGraph


class Elements(Protocol):
    """What is asked of the elements (see `spec.digital.DigitalArray`)."""

    @property
    def words(self) -> Quantiser: ...
    @property
    def weight_rows(self) -> int: ...
    @property
    def weight_columns(self) -> int: ...


def with_activity(graph: OpGraph, network: nn.Module, elements_of: Callable[[Matrix], Any]) -> OpGraph:
    """The graph with the activity of every matrix that a layer of the network holds.

    elements_of: gives the `Elements` of a matrix. Each matrix is quantised by itself: weights that stand on levels
    already keep them, others take their largest weight as scale. Normalisations behind it are not folded in.
    """
    held = dict(_weights(network))
    matrices = dict(graph.matrices)
    for name, matrix in graph.matrices.items():
        if name in held and held[name].size == matrix.weights:
            own: Elements = elements_of(matrix)
            words = own.words.quantise(_laid_out(held[name], matrix), stored_scale(own.words, held[name]))
            matrices[name] = replace(matrix, activity=activity(words, own.weight_rows, own.weight_columns))
    known = [matrix for matrix in matrices.values() if matrix.activity is not None]
    zeros = sum(m.weights * m.activity.zero_share for m in known if m.activity is not None)
    share = zeros / max(1, sum(matrix.weights for matrix in known))
    counted = f"{len(known)} of {len(matrices)} matrices counted"
    note = f"{share:.2%} of the weights are zero as the chip stores them, {counted}"
    return replace(graph, matrices=matrices, notes=(*graph.notes, note))


def _weights(network: nn.Module) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Weights of the layers by the place of each."""
    for path, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d) and weight is not None:
            yield path, weight.detach().double().numpy()


def _laid_out(weights: NDArray[np.float64], matrix: Matrix) -> NDArray[np.float64]:
    """(outputs, inputs of a group, kernel...) as (groups, outputs of each, inputs of each)."""
    return weights.reshape(matrix.groups, matrix.columns, matrix.rows)
