"""Numbers as people read them: three digits, an SI prefix, a unit; `unknown` where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

UNKNOWN = "unknown"
_PREFIXES = {
    -18: "a",
    -15: "f",
    -12: "p",
    -9: "n",
    -6: "µ",
    -3: "m",
    0: "",
    3: "k",
    6: "M",
    9: "G",
    12: "T",
    15: "P",
}
_LONG_TIMES_S = ((31_557_600.0, "years"), (86_400.0, "days"), (3_600.0, "h"), (60.0, "min"))
_LONG_TIME_FROM_S = 120.0


def format_quantity(value: float | None, unit: str, digits: int = 3) -> str:
    """`format_quantity(1.234e-5, "s")` is `12.3 µs`; long times read in min, h, days, years."""
    if value is None:
        return UNKNOWN
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f} {unit}"
    if unit == "s" and abs(value) >= _LONG_TIME_FROM_S:
        size_s, name = next(step for step in _LONG_TIMES_S if abs(value) >= step[0])
        return f"{format_number(value / size_s, digits)} {name}"
    rounded = Decimal(f"{value:.{digits - 1}e}")
    power = thousands_power(rounded)
    return f"{rounded.scaleb(-power):f} {_PREFIXES[power]}{unit}"


def thousands_power(value: Decimal | float) -> int:
    """The power of ten (a multiple of three that has a prefix) in which a value reads best."""
    exponent = Decimal(value).adjusted()
    return max(min(_PREFIXES), min(max(_PREFIXES), exponent - exponent % 3))


def prefix_of(power: int) -> str:
    return _PREFIXES[power]


def format_number(value: float | None, digits: int = 3) -> str:
    """A plain number with thousands separators and at least `digits` significant digits."""
    if value is None:
        return UNKNOWN
    if value == 0 or not math.isfinite(value):
        return f"{value:.0f}"
    decimals = max(0, digits - 1 - Decimal(f"{value:.{digits - 1}e}").adjusted())
    return f"{value:,.{min(decimals, 12)}f}"


def format_count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def format_share(share: float | None) -> str:
    """A share of one as a percentage."""
    if share is None:
        return UNKNOWN
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share * 100:.1f} %" if share < 0.9995 or share > 1.0005 else "100 %"


def format_ps(duration_ps: int | None) -> str:
    return UNKNOWN if duration_ps is None else format_quantity(duration_ps * 1e-12, "s")


def format_pj(energy_pj: float | None) -> str:
    return UNKNOWN if energy_pj is None else format_quantity(energy_pj * 1e-12, "J")


def format_area(area_um2: float | None) -> str:
    if area_um2 is not None and area_um2 >= 1e4:
        return f"{format_number(area_um2 / 1e6)} mm²"
    return UNKNOWN if area_um2 is None else f"{format_number(area_um2)} µm²"


def format_percentile(samples_ps: Sequence[int], share: float) -> str:
    """Nearest-rank percentile: a time that was really measured, never one between two."""
    rank = max(1, math.ceil(share * len(samples_ps)))
    return format_ps(sorted(samples_ps)[rank - 1])


def divided(numerator: float, denominator: float) -> float | None:
    """None where there is nothing to divide by: shown as unknown, not as infinite."""
    return numerator / denominator if denominator else None
