"""Pulse trains: what they amount to on average, how they clip, and that lines draw once for all their cells."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.devices import constant_steps
from xbarsim.training.array import PulsedArray
from xbarsim.training.trains import KINDS, Pulsing, drawn, plan

X, D, STEP = np.array([0.9, -0.3, 0.0, 0.05]), np.array([0.5, -1.0, 0.2]), 0.001


@pytest.mark.parametrize("balance", [True, False])
@pytest.mark.parametrize("fit_length", [True, False])
def test_mean_update_is_the_outer_product(fit_length: bool, balance: bool) -> None:
    """T5."""
    rate, samples = 0.007, 4000
    pulsing = Pulsing(10 if balance else 40, fit_length, balance)
    asked = plan(np.tile(X, (samples, 1)), np.tile(D, (samples, 1)), rate, STEP, pulsing)
    assert set(asked.slots) == {7} if fit_length else {pulsing.longest}
    trains = drawn(asked, np.random.default_rng(0))
    array = PulsedArray(
        constant_steps(step=STEP, low=-1e3, high=1e3), (3, 4), np.random.default_rng(1), np.float64
    )
    array.apply(trains)
    wanted = rate * np.multiply.outer(D, X)
    pulses = np.abs(wanted) / STEP
    error = STEP * np.sqrt(pulses / samples)  # of counts that come and go by chance, at most
    assert (np.abs(array.values / samples - wanted) <= 3 * error + 1e-15).all()
    assert (np.abs(array.pulses / samples - pulses) <= 3 * np.sqrt(pulses / samples) + 1e-15).all()


def test_the_other_side_is_cut_where_the_longest_train_is_too_short() -> None:
    """T6: k = 0.9 / 0.001 * rate = 90, of which 10 fit."""
    asked = plan(X[np.newaxis], D[np.newaxis], 0.1, STEP, Pulsing(10))
    assert asked.slots.tolist() == [10]
    share = 10 / 90
    assert np.abs(asked.inputs).max() == pytest.approx(1.0) == np.abs(asked.outputs).max()
    assert asked.inputs[0] / asked.inputs[0, 0] == pytest.approx(X / X[0])  # x as it was
    meeting = 10 * np.multiply.outer(asked.outputs[0], asked.inputs[0])
    assert meeting == pytest.approx(0.1 / STEP * np.multiply.outer(np.clip(D, -share, share), X), rel=1e-12)
    assert np.abs(meeting).max() == pytest.approx(10)


def test_a_negative_rate_turns_polarities_and_nothing_asks_for_nothing() -> None:
    up, down = (plan(X[np.newaxis], D[np.newaxis], rate, STEP, Pulsing(31)) for rate in (0.01, -0.01))
    assert np.array_equal(up.outputs, -down.outputs) and np.array_equal(up.inputs, down.inputs)
    for x, d, rate in ((0 * X, D, 0.1), (X, 0 * D, 0.1), (X, D, 0.0)):
        for pulsing in (Pulsing(5), Pulsing(5, fit_length=False)):
            nothing = plan(x[np.newaxis], d[np.newaxis], rate, STEP, pulsing)
            assert nothing.slots.tolist() == [0]
            assert len(drawn(nothing, np.random.default_rng(0)).fired) == 0


def test_lines_draw_once_for_all_their_cells() -> None:
    """T7: the pulses of one slot are the outer product of which lines fired, so of rank one."""
    rng = np.random.default_rng(0)
    x, d = rng.standard_normal((1, 12)), rng.standard_normal((1, 9))
    trains = drawn(plan(x, d, 0.05, 0.01, Pulsing(31)), rng)
    array = PulsedArray(constant_steps(), (9, 12), rng, np.float64)
    several = 0
    for fired, signs in zip(trains.fired, trains.signs, strict=True):
        before = array.values.copy()
        array.apply(type(trains)(fired[np.newaxis], signs[np.newaxis], np.array([1])))
        change = np.rint((array.values - before) / 0.02)
        assert np.array_equal(change, np.multiply.outer(signs, fired))
        several += np.abs(change).sum() > 1
    assert several > 3


@pytest.mark.parametrize("kind", KINDS[1:])
def test_counted_trains(kind: str) -> None:
    """Lines fire so often as asked; where counts are whole, coincidences are within one of the product."""
    x, d = np.array([[1.0, 0.5, -0.25, 0.0]]), np.array([[1.0, -0.5, 0.125]])
    asked = plan(x, d, 0.08, 0.01, Pulsing(8, kind=kind))  # type: ignore[arg-type]
    trains = drawn(asked, np.random.default_rng(0), kind)  # type: ignore[arg-type]
    assert asked.slots.tolist() == [8]
    assert trains.fired.sum(axis=0).tolist() == [8, 4, -2, 0] and trains.signs.sum(axis=0).tolist() == [
        8,
        -4,
        1,
    ]
    meeting = trains.signs.T.astype(int) @ trains.fired.astype(int)
    assert np.abs(meeting - 8 * np.multiply.outer(d[0], x[0])).max() <= 1
    again = drawn(asked, np.random.default_rng(9), kind)  # type: ignore[arg-type]
    assert np.array_equal(again.fired, trains.fired)  # nothing is left to chance here


def test_rounding_by_chance_keeps_means() -> None:
    x, d = np.full((3000, 1), 0.3), np.full((3000, 1), 1.0)
    asked = plan(x, d, 0.0125, 0.001, Pulsing(5, fit_length=False, kind="rounded"))
    times = drawn(asked, np.random.default_rng(0), "rounded").fired.sum() / 3000
    assert times == pytest.approx(5 * abs(asked.inputs[0, 0]), abs=3 * 0.5 / 3000**0.5)


def test_coincidences_by_sample() -> None:
    rng = np.random.default_rng(0)
    trains = drawn(plan(rng.random((6, 5)), rng.random((6, 4)), 0.01, 0.002, Pulsing(9)), rng)
    ends = np.cumsum(trains.slots)
    for k, (start, end) in enumerate(zip(ends - trains.slots, ends, strict=True)):
        both = np.abs(trains.signs[start:end].T.astype(int)) @ np.abs(trains.fired[start:end].astype(int))
        assert trains.coincidences()[k] == both.sum()


@pytest.mark.parametrize(
    "wrong, text", [({"longest": 0}, "longest is 0"), ({"longest": 3, "kind": "even"}, "'even'")]
)
def test_messages(wrong: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Pulsing(**wrong)  # type: ignore[arg-type]
