"""Published figures: what a paper reported about a chip, and in which words the description says so."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from xbarsim.spec.component import Spec
from xbarsim.units import (
    AREA,
    DATA,
    DATA_PER_AREA,
    DURATION,
    ENERGY,
    ENERGY_PER_OPERATION,
    FREQUENCY,
    OPERATIONS,
    OPERATIONS_PER_AREA,
    OPERATIONS_PER_ENERGY,
    POWER,
    Dimension,
    UnitError,
    exact,
    split,
)

FLEET = "fleet energy efficiency"
SAME_AS = "same as "  # under `calibrated`: a parameter that always has the value of another
_COMPARED = ("identity", "calibrated", "blind", "uncalibrated", "prediction")
Kind = Literal["identity", "calibrated", "blind", "uncalibrated", "prediction", "needs_data", "context"]


@dataclass(frozen=True)
class Measure:
    """A figure that the simulator can give: its dimension (None: a plain number or a share in %)."""

    dimension: Dimension | None
    means: str
    timing: bool = False  # it follows from time or counts alone, so it is held to the closer bar
    parts: int = 0  # of these it needs in `of`, at least


MEASURES: dict[str, Measure] = {
    "peak throughput": Measure(OPERATIONS, "all arrays multiply all the time", True),
    "peak power": Measure(
        POWER, "the same, every component at its active power; of one instance of `of` or of all"
    ),
    "peak energy efficiency": Measure(OPERATIONS_PER_ENERGY, "peak throughput by peak power"),
    "peak area efficiency": Measure(OPERATIONS_PER_AREA, "peak throughput by the area of the parts in `of`"),
    "latency": Measure(DURATION, "one request alone on the idle chip", True),
    "layer latency": Measure(DURATION, "first start to last end of the first matrix product", True),
    "layer energy": Measure(
        ENERGY, "what the first matrix product's layer spends, and the static power over its latency"
    ),
    "product time": Measure(DURATION, "time in which the arrays and converters of a product are taken", True),
    "product energy": Measure(ENERGY, "arrays, DACs and ADCs, and the static power over the product's time"),
    "product energy efficiency": Measure(
        OPERATIONS_PER_ENERGY, "operations of the product by its product energy"
    ),
    "energy": Measure(ENERGY, "of one request alone, of the parts in `of` or of all"),
    "energy per operation": Measure(ENERGY_PER_OPERATION, "the same by two operations a multiply-accumulate"),
    "energy efficiency": Measure(OPERATIONS_PER_ENERGY, "its inverse"),
    FLEET: Measure(
        OPERATIONS_PER_ENERGY,
        "of several workloads, each on a chip of its own, as often as `run` says: 'one x2, other x0.5'",
    ),
    "power": Measure(POWER, "mean of the pipelined run, of the parts in `of` or of all"),
    "throughput": Measure(FREQUENCY, "requests a second in steady state", True),
    "operations per second": Measure(OPERATIONS, "the same in operations", True),
    "run time": Measure(DURATION, "of all requests together, until the chip is as it was before", True),
    "operations per second of the run": Measure(
        OPERATIONS, "of all requests together, by that time: filling and draining count", True
    ),
    "interval": Measure(DURATION, "time between two completions in steady state", True),
    "area": Measure(AREA, "of one instance of `of` with its parts, or of the whole chip"),
    "chip power": Measure(POWER, "everything at its active power, of one instance of `of` or of all"),
    "count": Measure(None, "actions of the parts in `of` for one request", True),
    "count per MAC": Measure(None, "the same by its multiply-accumulates", True),
    "power with network": Measure(
        POWER,
        "peak power of one instance of `of`, and its share of the links and routers between its like",
        parts=1,
    ),
    "area with network": Measure(AREA, "its area with that share", parts=1),
    "power share": Measure(
        None, "of all parts in `of` but the last in that of the last, with its network", parts=2
    ),
    "area share": Measure(None, "the same of area", parts=2),
    "storage": Measure(DATA, "weights that fit all arrays"),
    "storage density": Measure(DATA_PER_AREA, "the same by the chip's area"),
    "layer interval": Measure(
        DURATION, "from the start of the first matrix product to that of the second", True
    ),
    "input map": Measure(DATA, "the whole input of the first matrix product's layer", True),
    "least buffer": Measure(DATA, "what the fullest tile's buffer must hold for the network to go on", True),
}


OF_RUNS = (
    "energy", "energy per operation", "energy efficiency", FLEET, "power", "count", "count per MAC",
)  # fmt: skip


class Reported(Spec):
    """One figure that was published about the chip."""

    figure: str = Field(description="what was measured or claimed")
    value: str | None = Field(None, description="the published value with its unit; none of a prediction")
    source: str = Field(description="paper and place")
    mode: str | None = Field(None, description="mode of the chip it holds for")
    note: str | None = Field(None, description="a remark for the reader")
    kind: Kind | None = Field(
        None,
        description="identity: arithmetic of what was published; calibrated: used in the fit; blind: predicted; "
        "uncalibrated: the generic component library alone; prediction: nothing was published; needs_data: cannot "
        "be simulated without data that are not there; context: not comparable",
    )
    measure: str | None = Field(None, description="how the simulator gives it: " + ", ".join(MEASURES))
    of: tuple[str, ...] = Field((), description="parts that the measure looks at; all if none")
    run: str | None = Field(
        None,
        description="what is run: a workload, 'product 2016x224', 'product 256x256 x64', 'chain 64x32x10 relu', "
        "'conv 64x3x112' (maps, kernel, side)",
    )
    requests: int = Field(1, ge=1, description="pipelined requests of that run")
    batch: int = Field(1, ge=1, description="requests that go through each phase together, as after --batch")
    set: Mapping[str, str | int | float | bool] = Field({}, description="settings for this figure only")
    because: str | None = Field(
        None, description="why it cannot be compared, or is off: as far as that was measured"
    )

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        """A kind needs what it is told by: a value and a measure, or a reason."""
        wrong = []
        if self.value is None and self.kind != "prediction":
            wrong.append(("value", "missing", "'reported' needs it (the published value with its unit)"))
        if self.kind in _COMPARED and self.measure is None:
            wrong.append(
                ("measure", f"missing, but the figure is '{self.kind}'", f"allowed: {', '.join(MEASURES)}")
            )
        if self.kind in ("needs_data", "context") and self.because is None:
            wrong.append(
                (
                    "because",
                    f"missing, but the figure is '{self.kind}'",
                    "say what is missing or why it differs",
                )
            )
        if self.because is not None and not self.because.strip():
            wrong.append(("because", "says nothing", "leave it out, or say what was measured"))
        if self.measure is not None and self.kind is None:
            wrong.append(
                ("kind", "missing, but the figure has a measure", "say identity, calibrated or blind")
            )
        return wrong + self._misread()

    def _misread(self) -> list[tuple[str, str, str]]:
        """A measure that is none, or a value that is not of its dimension."""
        if self.measure is not None and self.measure not in MEASURES:
            close = difflib.get_close_matches(self.measure, MEASURES, n=1)
            fix = f"did you mean '{close[0]}'?" if close else f"allowed: {', '.join(MEASURES)}"
            return [("measure", f"'{self.measure}' is no measure", fix)]
        try:
            value = published(self)
        except UnitError as error:
            return [("value", error.found, error.fix or f"allowed: {error.allowed}")]
        if value == 0 and self.kind in _COMPARED:
            return [("value", "is 0, of which no error can be a share", "make it a figure of kind context")]
        return self._misused()

    def _misused(self) -> list[tuple[str, str, str]]:
        """A measure that lacks the parts it looks at, or is asked of several requests."""
        wrong = []
        needed = MEASURES[self.measure].parts if self.measure is not None else 0
        if len(self.of) < needed:
            wrong.append(
                ("of", f"'{self.measure}' needs it", f"at least {needed} parts, like [tile.adc, tile]")
            )
        if self.measure == FLEET and self.run is None:
            wrong.append(("run", f"'{FLEET}' needs it", "write it like 'first x2, second x0.5'"))
        if self.requests > 1 and str(self.measure).startswith(("product", "layer")):
            wrong.append(("requests", f"'{self.measure}' is of one request", "leave it out"))
        return wrong


def published(row: Reported) -> float | None:
    """The published value in the base unit of its measure; shares and counts as plain numbers.

    Raises: UnitError if it is no such value.
    """
    if row.value is None or row.measure is None:
        return None
    dimension = MEASURES[row.measure].dimension
    if dimension is not None:
        return float(exact(row.value, dimension))
    number = split(row.value)
    if number is None or number[1] not in ("", "%"):
        raise UnitError(f"'{row.value}' is no plain number", "a number, or a share like '58 %'")
    return float(number[0]) / (100 if number[1] == "%" else 1)
