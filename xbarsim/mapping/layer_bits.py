"""Precision of single layers: which matrix has how many bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Protocol

from xbarsim.errors import MappingError
from xbarsim.spec.located import likely
from xbarsim.workload.graph import Matrix, OpGraph


class Bits(Protocol):
    """What a workload file says of some layers (see `workload.workload_file.LayerBits`)."""

    @property
    def pattern(self) -> str: ...
    @property
    def activations(self) -> int | None: ...
    @property
    def weights(self) -> int | None: ...


def with_layer_bits(graph: OpGraph, asked: Sequence[Bits], input_bits: int) -> OpGraph:
    """The graph with the bits of its matrices; of several patterns that fit a layer, the first counts.

    input_bits: of the numbers that travel on the chip, of which a layer can take no more.
    Raises: MappingError for a pattern that fits no layer, or inputs of more bits than arrive.
    """
    if not asked:
        return graph
    for one in asked:
        _check(graph, one, input_bits)
    matrices = {name: _with_bits(matrix, asked) for name, matrix in graph.matrices.items()}
    told = [_told(one, [name for name in matrices if _first(name, asked) is one]) for one in asked]
    return replace(graph, matrices=matrices, notes=(*graph.notes, *filter(None, told)))


def _check(graph: OpGraph, one: Bits, input_bits: int) -> None:
    at = f"{graph.name}: precision.layers.{one.pattern}"
    if not any(fnmatchcase(name, one.pattern) for name in graph.matrices):
        fix = likely(one.pattern, graph.matrices) or "it has none with weights"
        raise MappingError(f"{at} is no layer with weights; {fix}")
    if one.activations is not None and one.activations > input_bits:
        raise MappingError(
            f"{at}.activations: {one.activations} bits, but numbers on the chip have {input_bits}; raise "
            "precision.activations, of which a layer can take fewer"
        )


def _first(name: str, asked: Sequence[Bits]) -> Bits | None:
    return next((one for one in asked if fnmatchcase(name, one.pattern)), None)


def _with_bits(matrix: Matrix, asked: Sequence[Bits]) -> Matrix:
    own = _first(matrix.name, asked)
    if own is None:
        return matrix
    return replace(matrix, weight_bits=own.weights, activation_bits=own.activations)


def _told(one: Bits, names: Sequence[str]) -> str:
    bits = {"weights": one.weights, "inputs": one.activations}
    said = " and ".join(f"{what} of {count} bits" for what, count in bits.items() if count is not None)
    layers = "1 layer" if len(names) == 1 else f"{len(names)} layers"
    return f"{said} in {layers} ({one.pattern}), as the workload says" if names else ""
