"""Text with a unit to numbers in base units, and back: the only place a unit string is understood.

Base units: integer picoseconds and bits; floats in Hz, pJ, uW, um2, um, V, fF, uS, ohm, pJ/bit.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xbarsim.errors import shown

if TYPE_CHECKING:
    import pint

WORDS = ("ideal", "unknown", "included")

_PREFIXES = """
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = μ- = u-
milli- = 1e-3 = m-
kilo- = 1e3 = k- = K-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
peta- = 1e15 = P-
kibi- = 1024 = Ki-
mebi- = 1048576 = Mi-
gibi- = 1073741824 = Gi-
"""
_UNITS = """
second = [time] = s = sec
minute = 60 * second = min
hour = 60 * minute = h
day = 24 * hour = d
year = 365.25 * day
hertz = 1 / second = Hz
meter = [length] = m
gram = [mass] = g
kelvin = [temperature]
ampere = [current] = A
joule = 1000 * gram * meter ** 2 / second ** 2 = J
watt = joule / second = W
volt = watt / ampere = V
ohm = volt / ampere = Ω
siemens = ampere / volt = S
farad = ampere * second / volt = F
bit = [information] = b = bits
byte = 8 * bit = B = bytes
operation = [operation] = OPS = OP
"""


@dataclass(frozen=True)
class Dimension:
    """A physical dimension as xbarsim stores it: base unit, name suffix, an example for errors."""

    name: str
    unit: str
    suffix: str
    example: str
    whole: bool = False


DURATION = Dimension("duration", "ps", "_ps", "1.25 ns", whole=True)
FREQUENCY = Dimension("frequency", "Hz", "_hz", "400 MHz")
ENERGY = Dimension("energy", "pJ", "_pj", "2.1 pJ")
POWER = Dimension("power", "uW", "_uw", "1.5 mW")
AREA = Dimension("area", "um**2", "_um2", "0.083 mm2")
LENGTH = Dimension("length", "um", "_um", "0.5 mm")
NODE = Dimension("technology node", "nm", "_nm", "14 nm")
DATA = Dimension("data size", "bit", "_bits", "64 KiB", whole=True)
BANDWIDTH = Dimension("bandwidth", "bit/s", "_bits_per_s", "6.4 GB/s")
VOLTAGE = Dimension("voltage", "V", "_v", "0.2 V")
CAPACITANCE = Dimension("capacitance", "fF", "_ff", "104 fF")
CONDUCTANCE = Dimension("conductance", "uS", "_usiemens", "25 uS")
AGE = Dimension("age", "s", "_s", "20 s")
TEMPERATURE = Dimension("temperature", "kelvin", "_kelvin", "300 kelvin")
ENERGY_PER_BIT = Dimension("energy per bit", "pJ/bit", "_pj_per_bit", "0.08 pJ/bit")
ENERGY_PER_BIT_LENGTH = Dimension("energy per bit and length", "pJ/bit/mm", "_pj_per_bit_mm", "0.1 pJ/bit/mm")
# Of published figures. The field writes "TOPS" for operations per second: a second goes without saying.
OPERATIONS = Dimension("throughput in operations", "OPS", "_ops_per_s", "63.1 TOPS")
OPERATIONS_PER_ENERGY = Dimension("energy efficiency", "OPS/W", "_ops_per_j", "9.76 TOPS/W")
OPERATIONS_PER_AREA = Dimension("area efficiency", "OPS/mm**2", "_ops_per_s_per_mm2", "1.55 TOPS/mm2")
DATA_PER_AREA = Dimension("storage density", "bit/mm**2", "_bits_per_mm2", "0.74 MiB/mm2")
ENERGY_PER_OPERATION = Dimension("energy per operation", "pJ/OP", "_pj_per_op", "25 fJ/OP")

DIMENSIONS = {d.suffix: d for d in list(globals().values()) if isinstance(d, Dimension)}

_LARGEST_EXPONENT = 60
_NUMBER = re.compile(r"^\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$", re.DOTALL)
_UNIT_TEXT = re.compile(r"[A-Za-zµμΩ][A-Za-zµμΩ0-9*/^. ()-]{0,39}")
_POWER_WITHOUT_STARS = re.compile(r"(?<=[A-Za-zµμ])([23])\b")
_LARGE_POWER = re.compile(r"\d{2}")


class UnitError(ValueError):
    """A text that is not a quantity of the wanted dimension: what was found, what is allowed, what to do."""

    def __init__(self, found: str, allowed: str = "", fix: str = ""):
        self.found, self.allowed, self.fix = found, allowed, fix
        tail = (found, f"allowed: {allowed}" if allowed else "", fix)
        super().__init__("; ".join(part for part in tail if part))


# --- units ---------------------------------------------------------------------------------------

_DECIMAL = dict(zip("fpnuµμm", (-15, -12, -9, -6, -6, -6, -3), strict=True)) | {"": 0}
_DECIMAL |= {"k": 3, "M": 6, "G": 9, "T": 12, "P": 15}
_BINARY = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}
# unit -> (target, powers of ten between them)
_COMMON = {
    "s": ("ps", 12),
    "Hz": ("Hz", 0),
    "J": ("pJ", 12),
    "W": ("uW", 6),
    "V": ("V", 0),
    "F": ("fF", 15),
    "S": ("uS", 6),
    "J/bit": ("pJ/bit", 12),
    "bit/s": ("bit/s", 0),
    "bit": ("bit", 0),
}


@lru_cache(maxsize=1)
def _usual() -> dict[tuple[str, str], Fraction]:
    """Factors of the usual spellings, so that most files need no pint (a test compares them)."""
    ten, factors = Fraction(10), {}
    for prefix, power in _DECIMAL.items():
        for unit, (target, apart) in _COMMON.items():
            factors[prefix + unit, target] = ten ** (power + apart)
        for tail in ("", "/s"):
            factors[f"{prefix}B{tail}", f"bit{tail}"] = 8 * ten**power
            factors[f"{prefix}b{tail}", f"bit{tail}"] = ten**power
        factors[prefix + "m", "um"], factors[prefix + "m", "nm"] = ten ** (power + 6), ten ** (power + 9)
        factors[prefix + "m2", "um**2"] = ten ** (2 * power + 12)
    for prefix, size in _BINARY.items():
        for tail in ("", "/s"):
            factors[f"{prefix}B{tail}", f"bit{tail}"] = Fraction(8 * size)
            factors[f"{prefix}bit{tail}", f"bit{tail}"] = Fraction(size)
    return factors


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    registry: pint.UnitRegistry[Any] = pint.UnitRegistry(None, non_int_type=Fraction)
    registry.load_definitions([line for line in (_PREFIXES + _UNITS).splitlines() if line])
    return registry


@lru_cache(maxsize=1024)
def _factor(unit: str, target: str) -> Fraction | None:
    """What one `unit` is in `target`; None if it has another dimension. Raises: LookupError for no unit."""
    known = _usual().get((unit, target))
    return known if known is not None else _factor_by_pint(unit, target)


def _factor_by_pint(unit: str, target: str) -> Fraction | None:
    import pint

    if not _UNIT_TEXT.fullmatch(unit) or _LARGE_POWER.search(unit):
        raise LookupError(unit)
    registry = _registry()
    text = _POWER_WITHOUT_STARS.sub(r"**\1", unit)
    try:
        one = registry.Quantity(Fraction(1), registry.parse_units(text, case_sensitive=True))
        return Fraction(one.to(target).magnitude)
    except pint.DimensionalityError:
        return None
    except Exception:  # pint raises many kinds (tokenizer, attribute, definition) for a bad unit text
        raise LookupError(unit) from None


# --- text to number ------------------------------------------------------------------------------


def split(text: str) -> tuple[Fraction, str] | None:
    """The number and the unit of a text like '1.25 ns'; None if it does not start with a (sane) number."""
    found = _NUMBER.match(text)
    if found is None:
        return None
    digits, _, exponent = found[1].lower().partition("e")
    if len(digits) > _LARGEST_EXPONENT or len(exponent) > 4 or abs(int(exponent or 0)) > _LARGEST_EXPONENT:
        return None
    return Fraction(found[1].replace("_", "")), found[2]


@lru_cache(maxsize=4096)
def exact(text: str, dimension: Dimension) -> Fraction:
    """The exact value of a text in the dimension's base unit.

    Raises: UnitError, which says what was found and how to write it.
    """
    parts = split(text)
    hint = f"write it like '{dimension.example}'"
    if parts is None:
        found = "is far out of range" if _NUMBER.match(text) else "is not a number with a unit"
        raise UnitError(f"{shown(text)} {found}", dimension.name, hint)
    number, unit = parts
    if not unit:
        raise UnitError(f"{shown(text)} has no unit", dimension.name, hint)
    if dimension is DATA and unit[:1] == "K" and unit[1:] in ("B", "b", "bit", "bits"):
        raise UnitError(f"{shown(text)} may mean 1000 or 1024", "", f"write 'k{unit[1:]}' or 'Ki{unit[1:]}'")
    try:
        factor = _factor(unit, dimension.unit)
    except LookupError:
        raise UnitError(
            f"{shown(unit)} in {shown(text)} is no known unit", "", _like(unit, dimension)
        ) from None
    if factor is None:
        other = _other_dimension(unit)
        found = (
            f"{with_article(other.name)}, not {with_article(dimension.name)}"
            if other
            else f"no {dimension.name}"
        )
        raise UnitError(f"{shown(text)} is {found}", "", hint)
    return number * factor


def parse(text: str, dimension: Dimension) -> int | float:
    """A text with a unit in base units; whole dimensions are rounded once, here."""
    value = exact(text, dimension)
    return round(value) if dimension.whole else float(value)


def rounding_error(text: str, dimension: Dimension) -> float:
    """Relative error that rounding to whole base units makes; 0 for other dimensions."""
    value = exact(text, dimension)
    return abs(float((round(value) - value) / value)) if dimension.whole and value else 0.0


def with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _other_dimension(unit: str) -> Dimension | None:
    return next((d for d in DIMENSIONS.values() if _factor(unit, d.unit) is not None), None)


def _like(unit: str, dimension: Dimension) -> str:
    """The usual unit that a misspelt one resembles, or an example."""
    small = "fpnumµμ" if dimension in (FREQUENCY, DATA, BANDWIDTH) else "μ"
    usual = [
        spelling
        for spelling, target in _usual()
        if target == dimension.unit and spelling[0] not in small + "P"
    ]
    same = [spelling for spelling in usual if spelling.lower() == unit.lower()]
    same.sort(key=lambda spelling: sum(a != b for a, b in zip(spelling, unit, strict=True)))
    close = same or difflib.get_close_matches(unit[:40], usual, n=1, cutoff=0.75)
    return f"did you mean '{close[0]}'?" if close else f"write it like '{dimension.example}'"


# --- arithmetic ----------------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def cycles_ps(cycles: int, clock_hz: float) -> int:
    """Duration of a number of clock cycles, rounded once to whole picoseconds; none on an ideal clock (0)."""
    if not clock_hz:
        return 0
    return round(Fraction(cycles) * 10**12 / Fraction(clock_hz))


def beats(bits: int, width_bits: int) -> int:
    """Transfers of `width_bits` that carry `bits`; one where the width is ideal (0)."""
    if not width_bits:
        return 1
    return -(-bits // width_bits)


# --- number to text ------------------------------------------------------------------------------

_SCALES = [
    (float(f"1e{power}"), prefix) for prefix, power in reversed(_DECIMAL.items()) if prefix not in ("µ", "μ")
]
_SI = {
    "ps": (1e-12, "s"),
    "s": (1.0, "s"),
    "kelvin": (1.0, "kelvin"),
    "Hz": (1.0, "Hz"),
    "pJ": (1e-12, "J"),
    "uW": (1e-6, "W"),
    "bit/s": (1.0, "bit/s"),
    "V": (1.0, "V"),
    "fF": (1e-15, "F"),
    "uS": (1e-6, "S"),
    "um": (1e-6, "m"),
    "nm": (1e-9, "m"),
    "pJ/bit": (1e-12, "J/bit"),
    "pJ/bit/mm": (1e-12, "J/bit/mm"),
    "OPS": (1.0, "OPS"),
    "OPS/W": (1.0, "OPS/W"),
    "OPS/mm**2": (1.0, "OPS/mm2"),
    "pJ/OP": (1e-12, "J/OP"),
}
_SIZES = ((8 * 1024**3, "GiB"), (8 * 1024**2, "MiB"), (8 * 1024, "KiB"), (1, "bit"))


def show(value: float, dimension: Dimension) -> str:
    """A value in base units as a short text with a fitting prefix: 1250 ps -> '1.25 ns'."""
    if dimension is AREA:
        return f"{value / 1e6:.4g} mm2" if value >= 1e4 else f"{value:.4g} um2"
    if dimension is DATA:
        size, name = next(((s, n) for s, n in _SIZES if value >= s), (1, "bit"))
        return f"{value / size:.4g} {name}"
    if dimension is DATA_PER_AREA:
        return f"{value / (8 * 1024**2):.4g} MiB/mm2"
    factor, unit = _SI[dimension.unit]
    si = value * factor
    for scale, prefix in _SCALES:
        if abs(si) >= scale * (1 - 1e-12):
            return f"{si / scale:.4g} {prefix}{unit}"
    return f"0 {unit}" if si == 0 else f"{si:.4g} {unit}"
