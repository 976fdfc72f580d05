"""Measures of what flows between layers: steps of a pipeline, buffers, actions for each multiply-accumulate."""

from __future__ import annotations

from xbarsim.errors import MappingError
from xbarsim.mapping.plan import map_network
from xbarsim.validation.measures import count, known, measure
from xbarsim.validation.subject import Asked
from xbarsim.workload.graph import OpKind


@measure("layer interval")
def layer_interval_ps(asked: Asked) -> float:
    """From the start of the first matrix product to that of the second: what one layer keeps its reader waiting."""
    starts = [row.start_ps for row in asked.result.layers if row.kind == OpKind.MVM]
    if len(starts) < 2:
        raise MappingError(
            f"{asked.chip.name}: '{asked.row.figure}' needs two products behind one another as `run`"
        )
    return starts[1] - starts[0]


@measure("input map")
def input_map_bits(asked: Asked) -> float:
    """All that the first matrix product's layer reads of its input, kept at once."""
    graph = asked.graph
    op = next((op for op in graph.ops if op.kind is OpKind.MVM), None)
    if op is None:
        raise MappingError(f"{asked.chip.name}: '{asked.row.figure}' needs a matrix product as `run`")
    read = graph.by_name[op.inputs[0]]
    return read.elements * asked.chip.header.precision.activations


@measure("least buffer")
def least_buffer_bits(asked: Asked) -> float:
    """What the fullest tile's buffer must have room for, or the network could never go on."""
    return max(map_network(asked.chip, asked.graph).buffer_demand_bits.values(), default=0)


@measure("count per MAC")
def count_per_mac(asked: Asked) -> float:
    return count(asked) / known(asked, asked.result.macs_per_request)
