"""Field types of component descriptions: physical quantities and counts, as pydantic understands them.

A quantity in YAML is a text with a unit ('2.1 pJ'), `{value: 2.1 pJ, source: "paper, table"}`, one of the
words `ideal` (taken as zero on purpose), `unknown` (nobody published it: counted as zero, and said so in
every result) or `included` (its cost stands in another number), or `{model: name, ...}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from xbarsim import units
from xbarsim.errors import shown
from xbarsim.units import DATA, WORDS, Dimension, UnitError

LARGEST_COUNT = 10**9
LARGEST_WHOLE = 2**62  # so that sums still fit the engine's 64-bit times
WORDS_TEXT = "'ideal', 'unknown' or 'included'"


@dataclass(frozen=True)
class Resolved:
    """A value that a named model gave, already in base units."""

    value: float


def unwrap(raw: Any) -> Any:
    """The value of `{value: ..., source: ...}`, or the thing itself."""
    return raw["value"] if isinstance(raw, dict) and "value" in raw else raw


def is_word(raw: Any) -> bool:
    return isinstance(unwrap(raw), str) and unwrap(raw) in WORDS


class _Checked:
    """Pydantic calls `parse` for the field."""

    def parse(self, raw: Any) -> Any:
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)


@dataclass(frozen=True)
class Quantity(_Checked):
    """Annotation of a field: which dimension its text must have."""

    dimension: Dimension

    @property
    def allowed(self) -> str:
        return f"{units.with_article(self.dimension.name)} like '{self.dimension.example}', or {WORDS_TEXT}"

    def parse(self, raw: Any) -> float | int:
        """A raw YAML value in base units. Raises: UnitError."""
        value = unwrap(raw)
        if isinstance(value, Resolved):
            return round(value.value) if self.dimension.whole else value.value
        if isinstance(value, str) and value in WORDS:
            return 0
        hint = f"write it like '{self.dimension.example}'"
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise UnitError(f"{shown(value)} is no {self.dimension.name}", "", hint)
        if not isinstance(value, str):
            raise UnitError(f"{shown(value)} has no unit", self.dimension.name, hint)
        exact = units.exact(value, self.dimension)
        self.check(value, exact)
        return round(exact) if self.dimension.whole else float(exact)

    def check(self, text: str, exact: Fraction) -> None:
        """Raises: UnitError if it is zero, negative, or beyond what whole base units can hold."""
        name, base = self.dimension.name, self.dimension.unit
        if exact < 0:
            raise UnitError(f"{shown(text)} is negative", f"{name} above zero", "take the minus sign away")
        if exact == 0:
            raise UnitError(
                f"{shown(text)} is zero",
                f"{name} above zero",
                "write 'ideal' to take it as nothing, 'unknown' if nobody published it",
            )
        if not self.dimension.whole:
            return
        if round(exact) == 0:
            raise UnitError(
                f"{shown(text)} is less than half a {base}",
                f"{name} of at least 1 {base}",
                "write 'ideal' to take it as nothing",
            )
        if exact > LARGEST_WHOLE:
            raise UnitError(
                f"{shown(text)} is far out of range",
                f"{name} of at most {units.show(LARGEST_WHOLE, self.dimension)}",
            )
        if self.dimension is DATA and exact.denominator != 1:
            raise UnitError(f"{shown(text)} is {float(exact):.6g} bits", "a whole number of bits")


@dataclass(frozen=True)
class Whole(_Checked):
    """Annotation of a whole number of at least `least`, plain or as `{value, source}`."""

    least: int = 1
    most: int | None = None

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.least}" + (f" to {self.most}" if self.most is not None else "")

    def parse(self, raw: Any) -> int:
        value = unwrap(raw)
        if isinstance(value, bool) or not isinstance(value, int):
            quoted = isinstance(value, str) and value.strip().isdigit()
            raise UnitError(shown(value), self.allowed, "write it without quotes" if quoted else "")
        if value < self.least or (self.most is not None and value > self.most):
            raise UnitError(f"{shown(value)} is out of range", self.allowed)
        if value > LARGEST_COUNT:
            raise UnitError(f"{shown(value)} is out of range", f"at most {LARGEST_COUNT}")
        return value


@dataclass(frozen=True)
class Number(_Checked):
    """Annotation of a plain number (a ratio, a mean count, a coefficient), at least `least`."""

    least: float = 0.0

    @property
    def allowed(self) -> str:
        bound = f" of at least {self.least:g}" if isfinite(self.least) else ""
        return f"a number{bound}, or {WORDS_TEXT}"

    def parse(self, raw: Any) -> float:
        value = unwrap(raw)
        if isinstance(value, str) and value in WORDS:
            return 0.0
        number = _float(value)
        if number is None:
            raise UnitError(shown(value), self.allowed)
        if not isfinite(number) or number < self.least:
            raise UnitError(f"{shown(value)} is out of range", self.allowed)
        return number


def _float(value: Any) -> float | None:
    """A number, also where YAML 1.1 reads it as text (1e9)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


Duration = Annotated[int, Quantity(units.DURATION)]
Frequency = Annotated[float, Quantity(units.FREQUENCY)]
Energy = Annotated[float, Quantity(units.ENERGY)]
Power = Annotated[float, Quantity(units.POWER)]
Voltage = Annotated[float, Quantity(units.VOLTAGE)]
Area = Annotated[float, Quantity(units.AREA)]
Data = Annotated[int, Quantity(units.DATA)]
Bandwidth = Annotated[float, Quantity(units.BANDWIDTH)]
Length = Annotated[float, Quantity(units.LENGTH)]
Node = Annotated[float, Quantity(units.NODE)]
EnergyPerBit = Annotated[float, Quantity(units.ENERGY_PER_BIT)]
Count = Annotated[int, Whole(1)]
Cycles = Annotated[int, Whole(0)]
Bits = Annotated[int, Whole(1, 64)]
MeanCount = Annotated[float, Number(0.0)]
Coefficient = Annotated[float, Number(-inf)]
Conductance = Annotated[float, Quantity(units.CONDUCTANCE)]
Age = Annotated[float, Quantity(units.AGE)]
Temperature = Annotated[float, Quantity(units.TEMPERATURE)]
