"""What holds for any cells, ages and orders of writes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from xbarsim.devices.load import load_technology

pcm, rram = load_technology("pcm"), load_technology("rram")
ages = st.floats(0, 1e9)


def targets(most: float, least: float = 0.0) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, array_shapes(max_dims=3, max_side=6), elements=st.floats(least, most))


@given(targets(25.0), ages, ages)
def test_phase_change_cells_only_lose_conductance(target: np.ndarray, one: float, other: float) -> None:
    state = pcm.program(target, np.random.default_rng(0))
    early, late = (pcm.mean_conductance_usiemens(state, age) for age in sorted((one, other)))
    assert (late <= early).all() and (late >= 0).all()


@given(targets(40.0, 1.0), st.integers(0, 2**32), ages)
def test_same_generator_same_cells_and_same_reads(target: np.ndarray, seed: int, age_s: float) -> None:
    def read() -> np.ndarray:
        rng = np.random.default_rng(seed)
        return rram.conductance_usiemens(rram.program(target, rng), age_s, rng)

    assert np.array_equal(read(), read())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.sampled_from([-1, 0, 1])), max_size=12))
def test_writes_add_up_over_any_order_of_programming_and_pulses(steps: list[tuple[bool, int, int]]) -> None:
    rng, expected = np.random.default_rng(0), 1
    state = pcm.program(np.full(4, 10.0), rng)
    for programs, count, polarity in steps:
        if programs:
            state, expected = pcm.program(np.full(4, 5.0), rng, before=state), expected + 1
        else:
            state = pcm.pulse(state, count, polarity, rng)
            expected += count * (polarity != 0)
    assert (state.writes == expected).all()
    assert (pcm.remaining_writes(state) == 1e12 - expected).all()


@given(st.floats(0.05, 1.5), st.integers(2, 2000))
def test_endurance_is_log_normal_over_the_cells(spread: float, median: int) -> None:
    technology = pcm.model_copy(update={"endurance": float(median), "endurance_spread": spread})
    drawn = technology.program(np.full(4000, 5.0), np.random.default_rng(0)).endurance
    assert np.median(drawn) == pytest.approx(median, rel=5 * spread / 4000**0.5)
    assert np.log(drawn).std() == pytest.approx(spread, rel=0.06)


@given(st.integers(1, 30))
def test_the_share_of_stuck_cells_is_the_share_whose_endurance_is_spent(writes: int) -> None:
    technology = load_technology("ideal", ["endurance=10", "endurance_spread=0.5"])
    rng, state = np.random.default_rng(0), None
    for _ in range(writes):
        state = technology.program(np.full(500, 20.0), rng, before=state)
    assert state is not None
    assert np.array_equal(state.stuck, state.endurance < writes)
    assert np.array_equal(technology.remaining_writes(state) == 0, np.floor(state.endurance) <= writes)


def test_a_failing_cell_gives_way_where_the_technology_says() -> None:
    for word, stands in (("low", 0.0), ("high", 25.0), ("last", 20.0)):
        technology = load_technology("ideal", ["endurance=2", f"after_wear={word}"])
        rng, state = np.random.default_rng(0), None
        for target in (10.0, 20.0, 5.0, 7.0):
            state = technology.program([target], rng, before=state)
        assert state is not None and state.stuck[0]
        assert technology.conductance_usiemens(state, 1e6, rng)[0] == stands
