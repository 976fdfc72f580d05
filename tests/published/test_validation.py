"""What `xbarsim validate` says of every published chip: its measures, and what is predicted."""

from __future__ import annotations

import pytest

from tests.validations import validation_of
from xbarsim.spec.figures import MEASURES
from xbarsim.validation.measures import FUNCTIONS
from xbarsim.validation.outcome import Row, Validation


@pytest.fixture(scope="module")
def hermes() -> Validation:
    return validation_of("hermes64")


def row(found: Validation, figure: str, mode: str) -> Row:
    return next(row for row in found.rows if row.figure == figure and row.mode == mode)


def test_every_measure_is_there_and_no_other() -> None:
    assert set(FUNCTIONS) == set(MEASURES)


def test_hermes_is_fitted_to_seven_numbers(hermes: Validation) -> None:
    assert (hermes.parameters, hermes.numbers) == (6, 7)


def test_hermes_lstm_step_comes_out_of_the_events(hermes: Validation) -> None:
    """Product, 252 values in series down four cores of a column, three hops and one to the GDPU slice, which takes
    a value a clock and so ends one clock and one wire behind the last: nothing else on the way."""
    for mode, product_ns in (("one_phase", 133), ("four_phase", 520)):
        serial_ns, hop_ns, clock_ns = 252 * 2.5, 25 * 2.5, 2.5
        expected_ns = product_ns + serial_ns + 3 * hop_ns + (hop_ns - clock_ns) + clock_ns
        assert row(hermes, "latency of a caption LSTM step", mode).simulated == expected_ns * 1_000
