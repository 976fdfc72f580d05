"""Networks on digital elements: which precision they take, and what is known of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from xbarsim.errors import MappingError
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
    """The graph with the activity of its weights, if costs depend on it and the workload names weights.

    Raises: MappingError if the workload asks for other weights than the elements take.
    """
    held: int = array.weight.bits  # type: ignore[attr-defined]
    if work.weight_bits not in (None, held):
        path = chip.arrays()[0].path
        raise MappingError(
            f"{graph.name} on {chip.name}: the workload asks for weights of {work.weight_bits} bits, the elements of "
            f"{path} take {held}. Set {path}.weight.bits, and its energy, or take another workload"
        )
    if not (array.needs_activity and work.weights):
        return graph
    from xbarsim.workload.weight_activity import with_activity  # imports torch

    return with_activity(graph, work.network(), array.words, array.weight_rows, array.weight_columns)
