"""Measures: how each published figure is read from the chip and its run. Names as in `spec.figures.MEASURES`."""

from __future__ import annotations

from collections.abc import Callable

from xbarsim.errors import MappingError
from xbarsim.spec.figures import MEASURES
from xbarsim.validation.subject import Asked

Function = Callable[[Asked], float]
FUNCTIONS: dict[str, Function] = {}
_ARRAY_SIDE = ("array", "dac", "sample_hold", "adc", "shift_add")


def measure(name: str) -> Callable[[Function], Function]:
    """Enter a function as the measure of that name; it gives the base unit of its dimension."""
    assert name in MEASURES, f"{name} is not in spec.figures.MEASURES"

    def enter(function: Function) -> Function:
        FUNCTIONS[name] = function
        return function

    return enter


# --- peaks ----------------------------------------------------------------------------------------


@measure("peak throughput")
def peak_throughput(asked: Asked) -> float:
    return asked.result.peak.ops_per_s


@measure("peak energy efficiency")
def peak_energy_efficiency(asked: Asked) -> float:
    return known(asked, asked.result.peak.tops_per_w) * 1e12


@measure("peak area efficiency")
def peak_area_efficiency(asked: Asked) -> float:
    """Operations per second and mm2."""
    area_um2 = sum(row.area_um2 for row in asked.result.area if asked.concerns(row.component))
    return asked.result.peak.ops_per_s / (known(asked, area_um2) / 1e6)


# --- one request alone ----------------------------------------------------------------------------


@measure("latency")
def latency_ps(asked: Asked) -> float:
    return asked.result.latency.alone_ps


@measure("layer latency")
def layer_latency_ps(asked: Asked) -> float:
    """From the first product's start to the end of its last partial sum, and of what is done behind it."""
    return max(row.end_ps for row in asked.layer) - asked.layer[0].start_ps


@measure("layer energy")
def layer_energy_pj(asked: Asked) -> float:
    """What the first product's layer spends, and the chip's static power as long as it lasts."""
    return sum(row.energy_pj for row in asked.layer) + asked.static_power_uw * layer_latency_ps(asked) * 1e-6


@measure("product time")
def product_time_ps(asked: Asked) -> float:
    """First start to last end at the stations of arrays, converters and shift-and-add, from the timeline."""
    near = _array_side(asked)
    component = {row.path: row.component for row in asked.result.stations}
    timeline = asked.result.timeline
    assert timeline is not None
    spans = [
        (s.start_ps, s.end_ps)
        for s in timeline.slices
        if s.depth == 1 and s.name == asked.layer[0].name and component.get(s.track) in near
    ]
    if not spans:
        raise MappingError(
            f"{asked.chip.name}: '{asked.row.figure}' needs a product to be run; give it as `run`"
        )
    return max(end for _, end in spans) - min(start for start, _ in spans)


@measure("product energy")
def product_energy_pj(asked: Asked) -> float:
    near = _array_side(asked)
    dynamic = sum(row.energy_pj for row in asked.result.energy if row.component in near and not row.static)
    return dynamic + asked.static_power_uw * product_time_ps(asked) * 1e-6


@measure("product energy efficiency")
def product_energy_efficiency(asked: Asked) -> float:
    return _operations(asked) / (known(asked, product_energy_pj(asked)) * 1e-12)


@measure("energy")
def energy_pj(asked: Asked) -> float:
    """Of one request; of a run of several, their mean, filling and draining of the pipeline included."""
    total = sum(row.energy_pj for row in asked.result.energy if asked.concerns(row.component))
    return total / asked.result.requests


@measure("energy per operation")
def energy_pj_per_op(asked: Asked) -> float:
    return energy_pj(asked) / known(asked, _operations(asked))


@measure("energy efficiency")
def energy_efficiency(asked: Asked) -> float:
    return _operations(asked) / (known(asked, energy_pj(asked)) * 1e-12)


@measure("count")
def count(asked: Asked) -> float:
    actions = (row for row in asked.result.energy if row.per_action_pj is not None)
    return sum(row.count for row in actions if asked.concerns(row.component)) / asked.result.requests


# --- many requests --------------------------------------------------------------------------------


@measure("power")
def power_uw(asked: Asked) -> float:
    total = sum(row.energy_pj for row in asked.result.energy if asked.concerns(row.component))
    return total / known(asked, asked.result.elapsed_ps) * 1e6


@measure("throughput")
def throughput_hz(asked: Asked) -> float:
    return asked.result.throughput.per_s


@measure("operations per second")
def operations_per_s(asked: Asked) -> float:
    return _operations(asked) * asked.result.throughput.per_s


@measure("run time")
def run_time_ps(asked: Asked) -> float:
    return asked.result.elapsed_ps


@measure("operations per second of the run")
def run_operations_per_s(asked: Asked) -> float:
    return _operations(asked) * asked.result.requests / (known(asked, asked.result.elapsed_ps) * 1e-12)


@measure("interval")
def interval_ps(asked: Asked) -> float:
    return asked.result.throughput.interval_ps


def _operations(asked: Asked) -> float:
    """Of one request; a multiply-accumulate is two."""
    return 2 * asked.result.macs_per_request


def _array_side(asked: Asked) -> set[str]:
    """Paths of the arrays and of what drives and reads them."""
    return {part.path for part in asked.chip.root.walk() if part.role in _ARRAY_SIDE}


def known(asked: Asked, value: float | None) -> float:
    """The value. Raises: MappingError where there is none."""
    if not value:
        raise MappingError(
            f"{asked.chip.name}: '{asked.row.measure}' is unknown or nothing: what it is made of has no numbers. "
            f"Give them to the parts, or look at others with `of`"
        )
    return value
