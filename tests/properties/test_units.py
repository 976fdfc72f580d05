"""Units: spellings mean what the unit library says, texts and numbers go round, nothing is lost silently."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xbarsim import units
from xbarsim.spec.quantity import LARGEST_WHOLE, Quantity
from xbarsim.units import DATA, DIMENSIONS, DURATION, ENERGY, UnitError, exact, parse, rounding_error, show

ALL = sorted(DIMENSIONS.values(), key=lambda dimension: dimension.name)
SHOWN_PRECISION = 5.01e-4  # four digits


@pytest.mark.parametrize(("unit", "target"), sorted(units._usual()))
def test_the_usual_spellings_are_what_the_unit_library_says(unit: str, target: str) -> None:
    assert units._usual()[unit, target] == units._factor_by_pint(unit, target)


@pytest.mark.parametrize("dimension", ALL, ids=lambda dimension: dimension.name)
def test_the_example_in_messages_is_understood(dimension: units.Dimension) -> None:
    assert parse(dimension.example, dimension) > 0


@given(st.sampled_from(ALL), st.floats(1e-3, 1e17))
def test_what_is_shown_is_read_back_within_the_shown_digits(dimension: units.Dimension, value: float) -> None:
    if dimension.whole:
        value = float(round(value) or 1)
    back = exact(show(value, dimension), dimension)
    assert abs(float(back) - value) <= SHOWN_PRECISION * value


@given(st.integers(1, 10**18))
def test_whole_picoseconds_are_exact_in_any_unit(time_ps: int) -> None:
    for digits, unit in ((0, "ps"), (3, "ns"), (6, "us"), (9, "ms"), (12, "s")):
        text = f"{time_ps // 10**digits}.{time_ps % 10**digits:0{digits}d}" if digits else str(time_ps)
        assert parse(f"{text} {unit}", DURATION) == time_ps
        assert rounding_error(f"{text} {unit}", DURATION) == 0


@given(st.fractions(min_value=Fraction(1, 2), max_value=10**6, max_denominator=10**6))
def test_a_time_is_rounded_once_to_the_nearest_picosecond_and_the_error_is_known(time_ps: Fraction) -> None:
    text = f"{time_ps.numerator / time_ps.denominator:.17e} ps"
    true_ps = exact(text, DURATION)
    rounded_ps = parse(text, DURATION)
    assert isinstance(rounded_ps, int)
    assert abs(rounded_ps - true_ps) <= Fraction(1, 2)
    assert rounding_error(text, DURATION) == pytest.approx(float(abs(rounded_ps - true_ps) / true_ps))


@given(
    st.integers(1, 10**9),
    st.sampled_from([("KiB", 8192), ("kB", 8000), ("B", 8), ("Kibit", 1024), ("bit", 1)]),
)
def test_data_sizes_are_whole_bits(number: int, unit: tuple[str, int]) -> None:
    assert parse(f"{number} {unit[0]}", DATA) == number * unit[1]


@given(st.text(max_size=40), st.sampled_from(ALL))
def test_any_text_is_a_number_or_a_unit_error_on_one_line(text: str, dimension: units.Dimension) -> None:
    try:
        value = Quantity(dimension).parse(text)
    except UnitError as reason:
        assert len(str(reason).splitlines()) == 1
    else:
        assert value >= 0


@given(
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3})?(e[0-9]{1,9})? ?[a-zA-Z*/()^0-9 .µ-]{0,12}", fullmatch=True),
    st.sampled_from(ALL),
)
def test_anything_like_a_quantity_is_read_or_refused_quickly(text: str, dimension: units.Dimension) -> None:
    try:
        value = Quantity(dimension).parse(text)
    except UnitError:
        return
    assert 0 < value < float("inf")


@pytest.mark.parametrize(
    ("text", "dimension", "message"),
    [
        ("0.4 ps", DURATION, "less than half a ps"),
        (f"{LARGEST_WHOLE + 1} ps", DURATION, "far out of range"),
        ("1e9999999999 pJ", ENERGY, "far out of range"),
        ("1 pJ**99", ENERGY, "no known unit"),
        ("64 KB", DATA, "may mean 1000 or 1024"),
    ],
)
def test_what_no_chip_can_mean_is_refused(text: str, dimension: units.Dimension, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        Quantity(dimension).parse(text)


def test_time_of_many_cycles_is_rounded_once() -> None:
    assert units.cycles_ps(3, 3e9) == 1_000
    assert units.cycles_ps(128, 1.28e9) == 100_000
    assert units.cycles_ps(1, 3e9) == 333
