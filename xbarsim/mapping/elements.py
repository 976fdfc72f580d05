"""Networks on digital elements: which precision they take, and what is known of the weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from xbarsim.mapping.floor import Floor
from xbarsim.spec.chip import Chip
from xbarsim.spec.digital import DigitalArray
from xbarsim.workload.graph import OpGraph

if TYPE_CHECKING:
    from xbarsim.workload.trained import Network


class Weighted(Protocol):
    """What is asked of a workload (see `workload.load.Workload`)."""

    @property
    def weight_bits(self) -> int | None: ...
    @property
    def weights(self) -> object: ...
    def network(self, weights: str = "") -> Network: ...


def digital_array(chip: Chip) -> DigitalArray | None:
    """The array of a chip, if it is digital."""
    arrays = chip.arrays()
    spec = arrays[0].spec if len(arrays) == 1 else None
    return spec if isinstance(spec, DigitalArray) else None


def counted(graph: OpGraph, work: Weighted, chip: Chip, array: DigitalArray) -> OpGraph:
    """The graph with the bits that the workload asks for, and the activity of its weights, if costs depend on it and it
    names weights.
    """
    held: int = array.weight.bits  # type: ignore[attr-defined]
    if work.weight_bits not in (None, held):
        graph = _all_of(graph, work.weight_bits)
    if not (array.needs_activity and work.weights):
        return graph
    from xbarsim.workload.weight_activity import with_activity  # imports torch

    return with_activity(graph, work.network(), Floor(chip).array_of)


def _all_of(graph: OpGraph, bits: int | None) -> OpGraph:
    """Every matrix that has no bits of its own with these."""
    matrices = {
        name: matrix if matrix.weight_bits is not None else replace(matrix, weight_bits=bits)
        for name, matrix in graph.matrices.items()
    }
    note = f"weights are stored with {bits} bits, as the workload says"
    return replace(graph, matrices=matrices, notes=(*graph.notes, note))
