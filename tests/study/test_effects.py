"""What an axis explains by itself, checked where the answer is known in closed form."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from xbarsim.study.axes import ABSENT
from xbarsim.study.effects import effects
from xbarsim.study.explored import Outcome

WEIGHTS = some.floats(-100, 100).filter(lambda weight: abs(weight) > 1e-3)


def outcomes(figures: dict[tuple[str, ...], float | None]) -> list[Outcome]:
    return [
        Outcome(number, dict(zip("abc", labels, strict=False)), {"energy_pj": value, "status": "done"})
        for number, (labels, value) in enumerate(figures.items(), 1)
    ]


@given(some.tuples(WEIGHTS, WEIGHTS))
def test_of_a_sum_the_shares_are_the_variances_of_its_terms(weights: tuple[float, float]) -> None:
    """y = p a + q b on a grid: an axis's share is its term's variance in that of both, and nothing is missing."""
    p, q = weights
    table = outcomes({(str(a), str(b)): p * a + q * b for a, b in product(range(4), range(3))})
    first, second = effects(table, "ab", ["energy_pj"])
    variances = (p * p * 1.25, q * q * 2 / 3)  # of 0 to 3 and of 0 to 2, each place as likely
    assert first.share == pytest.approx(variances[0] / sum(variances), abs=1e-9)
    assert second.share == pytest.approx(variances[1] / sum(variances), abs=1e-9)


def test_of_a_product_of_centred_axes_neither_explains_anything_alone() -> None:
    table = outcomes({(str(a), str(b)): float(a * b) for a, b in product((-1, 1), (-1, 1))})
    assert [one.share for one in effects(table, "ab", ["energy_pj"])] == [0.0, 0.0]


def test_levels_tell_mean_and_extremes_of_the_points_that_are_known() -> None:
    table = outcomes(
        {("4", "1"): 1.0, ("4", "2"): 5.0, ("6", "1"): 8.0, ("6", "2"): None, (ABSENT, "1"): 70.0}
    )
    (effect,) = effects(table, "a", ["energy_pj"])
    told = [(level.label, level.mean, level.least, level.most, level.points) for level in effect.levels]
    assert told == [("4", 3.0, 1.0, 5.0, 2), ("6", 8.0, 8.0, 8.0, 1)]


def test_an_axis_with_one_place_and_a_figure_that_never_varies_explain_nothing() -> None:
    table = outcomes({("4", "1"): 3.0, ("4", "2"): 3.0})
    (effect,) = effects(table, "ab", ["energy_pj"])
    assert (effect.axis, effect.share) == ("b", None)
