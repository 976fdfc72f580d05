"""Values that depend on how the chip is run: on its supply voltage, or on the numbers that it handles."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from xbarsim import units
from xbarsim.errors import shown
from xbarsim.spec.chip import NumberSource
from xbarsim.spec.component import Spec, annotation
from xbarsim.spec.header import Header
from xbarsim.spec.located import Located, Path_, Told, dotted, likely
from xbarsim.spec.quantity import Number, Quantity, Resolved, Voltage, Whole, is_word, unwrap
from xbarsim.units import UnitError

if TYPE_CHECKING:
    from xbarsim.spec.values import Values

Kind = Quantity | Whole | Number
Points = list[tuple[float, float]]
LEVEL = Number(0.0)


class Dependence(Spec):
    """Keys of a value that depends on how the chip is run; `source` and `note` may stand beside them."""

    value: str | None = Field(None, description="the value at `at_supply`")
    by_output: Mapping[str, Any] | None = Field(
        None,
        description="in place of `value`: mean output -> value; straight lines between, an error outside",
    )
    at_supply_v: Voltage | None = Field(None, description="supply voltage at which the value holds")
    exponent: Annotated[float, Number(-20.0)] | None = Field(
        None, description="the value goes with (supply / at_supply) to this power"
    )


OWN_KEYS = ("by_output", "at_supply", "exponent")
KEYS = (*Dependence.fields_by_key(), "source", "note")


WANTED = {"supply": "'at_supply' and 'exponent'", "data": "'by_output'"}  # by key of the header


def depends(raw: Any) -> bool:
    """Whether a raw value says that it depends on something."""
    return isinstance(raw, dict) and any(key in raw for key in OWN_KEYS)


def dependent(values: Values, kind: Kind, raw: dict[str, Any], at: Path_) -> Resolved:
    """The value as the chip is run, with a row for it and for every number it comes from. Raises: Told."""
    if not isinstance(kind, Quantity):
        raise values.tell(at, "a plain number that depends on how the chip is run", kind.allowed)
    for key in raw:
        if key not in KEYS:
            raise values.tell((*at, key), "unknown key", "", likely(key, KEYS))
    if ("value" in raw) == ("by_output" in raw):
        found = "both 'value' and 'by_output'" if "value" in raw else "neither 'value' nor 'by_output'"
        raise values.tell(at, found, "exactly one of them")
    values.remarks(raw, at)
    with values.within(raw, at):
        read = _at_output if "by_output" in raw else _value
        base, of_output = read(values, kind, raw, at)
        factor, of_supply = _at_supply(values, raw, at)
    said = ", ".join(filter(None, (of_output, of_supply)))
    result = _checked(values, kind, base * factor, said, at)
    text = f"{units.show(result, kind.dimension)} ({said})"
    row = NumberSource(dotted(at), text, values.source(raw, at), str(values.located.mark(at)), "given")
    values.numbers.append(row)
    return Resolved(result)


def _checked(values: Values, kind: Quantity, result: float, said: str, at: Path_) -> float:
    """The same rules as for a value that is written out. Raises: Told."""
    try:
        kind.check(f"{result:.4g} {kind.dimension.unit}", Fraction(result))
    except UnitError as reason:
        raise values.tell(at, reason.found, reason.allowed, f"it comes {said}") from None
    except OverflowError:
        raise values.tell(at, "is far out of range", "", f"it comes {said}") from None
    return result


def _value(values: Values, kind: Quantity, raw: dict[str, Any], at: Path_) -> tuple[float, str]:
    return _number(values, kind, raw["value"], (*at, "value")), f"from {unwrap(raw['value'])}"


def check_conditions(located: Located, values: Values) -> None:
    """Tell what is said of how the chip is run, but changes nothing; once all else is right."""
    for key, wanted in WANTED.items():
        if key in located.tree and key not in values.asked_for and not located.problems:
            located.problem(
                (key,),
                "no value of the chip depends on it",
                "",
                f"give a value {wanted}, or take '{key}' away",
            )


# --- the numbers that are handled ---------------------------------------------------------------------


def _at_output(values: Values, kind: Quantity, raw: dict[str, Any], at: Path_) -> tuple[float, str]:
    """The value at the mean output that the file states. Raises: Told."""
    given, place = raw["by_output"], (*at, "by_output")
    if not isinstance(given, dict) or len(given) < 2:
        found = "one point" if isinstance(given, dict) and given else shown(given)
        raise values.tell(place, found, "at least two points, like {0: 3.4 pJ, 15: 7.8 pJ}")
    points = sorted(
        (_level(values, level, (*place, level)), _number(values, kind, item, (*place, level)))
        for level, item in given.items()
    )
    if any(left == right for (left, _), (right, _) in pairwise(points)):
        raise values.tell(place, "two values for the same output", "one for each")
    output = _mean_output(values, at)
    if not points[0][0] <= output <= points[-1][0]:
        raise values.tell(
            place,
            f"no value for a mean output of {output:g}",
            f"{points[0][0]:g} to {points[-1][0]:g}",
            "give a point there, or another data.mean_output",
        )
    return interpolated(points, output), f"from a mean output of {output:g}"


def interpolated(points: Points, x: float) -> float:
    """On the straight line between the two points around x; points in order, x between first and last."""
    for (left, low), (right, high) in pairwise(points):
        if x <= right:
            return low + (high - low) * (x - left) / (right - left)
    raise ValueError(f"{x:g} lies beyond the last point")


def _level(values: Values, level: Any, at: Path_) -> float:
    if not is_word(level):
        with suppress(UnitError):
            return LEVEL.parse(level)
    raise values.tell(at, f"{shown(level)} is no output", "a number of at least 0")


def _mean_output(values: Values, at: Path_) -> float:
    values.asked_for.add("data")
    header = _header(values)
    data = header.data
    if data is None or is_word(values.located.tree["data"]["mean_output"]):
        raise values.tell(
            at,
            "depends on the mean output, which nobody gave",
            "",
            "say it at the top of the file, like 'data: {mean_output: 6}', or with --set data.mean_output=6",
        )
    return data.mean_output


# --- supply voltage -----------------------------------------------------------------------------------


def _at_supply(values: Values, raw: dict[str, Any], at: Path_) -> tuple[float, str]:
    """(supply / at_supply) to the power `exponent`, and how to say it; 1 without. Raises: Told."""
    if "at_supply" not in raw and "exponent" not in raw:
        return 1.0, ""
    for key, other in (("at_supply", "exponent"), ("exponent", "at_supply")):
        if key not in raw:
            raise values.tell(at, f"'{other}' without '{key}'", "", "give both")
    fields = Dependence.fields_by_key()
    measured, exponent = (
        _number(values, annotation(fields[key][1]), raw[key], (*at, key)) for key in ("at_supply", "exponent")
    )
    values.asked_for.add("supply")
    header = _header(values)
    supply = header.supply_v
    if not supply:
        raise values.tell(
            at,
            f"holds at {measured:g} V, and nobody said at which voltage the chip is run",
            "",
            f"say it at the top of the file, like 'supply: {measured:g} V'",
        )
    said = "" if supply == measured else f"at {measured:g} V, to {supply:g} V by the power {exponent:g}"
    try:
        factor = (supply / measured) ** exponent
    except OverflowError:
        factor = inf  # told where the result is looked at
    return factor, said or f"at {measured:g} V"


def _header(values: Values) -> Header:
    if values.header is None:
        raise Told  # what is wrong in it is told
    return values.header


def _number(values: Values, kind: Kind | None, raw: Any, at: Path_) -> float:
    """A number that is none of the words. Raises: Told."""
    assert kind is not None
    if is_word(raw):
        raise values.tell(
            at, f"a number is needed here, not '{raw}'", "", "write the word in place of it all"
        )
    return float(kind.parse(values.number(kind, raw, at)))
