"""Digital units: vector unit, matrix unit for activations, accumulator of partial sums."""

from __future__ import annotations

from pydantic import Field

from xbarsim.spec.component import Action, Service, component
from xbarsim.spec.quantity import Count, Cycles, Energy, Frequency
from xbarsim.spec.roles import Accumulator, MatrixUnit, VectorUnit
from xbarsim.units import cycles_ps

CLASSES = ("elementwise", "normalisation", "softmax", "pooling", "move", "gather")


@component("vector_unit")
class VectorProcessor(VectorUnit):
    """Lanes that do one scalar operation each per cycle."""

    ENERGY_KEYS = ("energy",)

    lanes: Count = Field(description="scalar operations per clock cycle of one unit")
    clock_hz: Frequency = Field(description="clock of the unit")
    latency_cycles: Cycles = Field(
        0, description="pipeline depth: cycles from the first operand to its result"
    )
    operations: tuple[str, ...] = Field(
        description="functions it can do ('relu', 'add'), or whole classes: "
        + ", ".join(CLASSES)
        + "; 'partial_sums': it adds them too, in turn with the rest, where its tile has no accumulator"
    )
    streams: bool = Field(
        False,
        description="true: takes the values of a vector as they come over its link, not only when all are there",
    )
    energy_pj: Energy | None = Field(None, description="one scalar operation")

    def can(self, function: str, op_kind: str) -> bool:
        return function in self.operations or op_kind in self.operations

    def compute(self, element_ops: int) -> Service:
        cycles = -(-element_ops // (self.lanes * self.count)) + self.latency_cycles
        return Service(
            cycles_ps(cycles, self.clock_hz), (Action("operation", element_ops, self.energy_pj or 0.0),)
        )


@component("matrix_unit")
class MatrixProcessor(MatrixUnit):
    """Digital multiply-accumulate units for products of activations (attention)."""

    ENERGY_KEYS = ("energy",)

    macs_per_cycle: Count = Field(description="multiply-accumulates per clock cycle of one unit")
    clock_hz: Frequency = Field(description="clock of the unit")
    latency_cycles: Cycles = Field(0, description="pipeline depth")
    energy_pj: Energy | None = Field(None, description="one multiply-accumulate")

    def multiply(self, macs: int) -> Service:
        cycles = -(-macs // (self.macs_per_cycle * self.count)) + self.latency_cycles
        return Service(cycles_ps(cycles, self.clock_hz), (Action("mac", macs, self.energy_pj or 0.0),))


@component("accumulator")
class PartialSumAccumulator(Accumulator):
    """Adders for partial sums of matrices that are higher than one array."""

    ENERGY_KEYS = ("energy",)

    lanes: Count = Field(description="additions per clock cycle of one unit")
    clock_hz: Frequency = Field(description="clock of the unit")
    latency_cycles: Cycles = Field(0, description="pipeline depth")
    energy_pj: Energy | None = Field(None, description="one addition")

    def add(self, values: int) -> Service:
        cycles = -(-values // (self.lanes * self.count)) + self.latency_cycles
        return Service(cycles_ps(cycles, self.clock_hz), (Action("addition", values, self.energy_pj or 0.0),))
