"""What every technology must keep, as checks that run on any of them; a stranger's, too.

    from xbarsim.devices.conformance import CHECKS
    for check in CHECKS:
        check(technology)

Each raises AssertionError with what is wrong. They need no particular technology, and look at no private name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from xbarsim.devices.state import Floats, State
from xbarsim.devices.technology import SCHEMES, Technology
from xbarsim.errors import DeviceError

SHAPE = (9, 7)
MANY = (30, 30)
AGES_S = (1.0, 60.0, 3600.0, 86400.0)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _targets(technology: Technology, seed: int = 1) -> Floats:
    return _rng(seed).uniform(technology.lowest_usiemens, technology.highest_usiemens, SHAPE)


def _programmed(technology: Technology, seed: int = 2) -> State:
    return technology.program(_targets(technology), _rng(seed))


def _ages(technology: Technology, state: State) -> list[float]:
    """Ages at which it can be read: those it says nothing of are an error, not a guess."""
    known = [0.0]
    for age_s in AGES_S:
        try:
            technology.mean_conductance_usiemens(state, age_s)
        except DeviceError:
            continue
        known.append(age_s)
    return known


def _same(one: State, other: State) -> bool:
    mine, theirs = one.arrays(), other.arrays()
    return mine.keys() == theirs.keys() and all(
        np.array_equal(mine[name], theirs[name], equal_nan=mine[name].dtype.kind == "f") for name in mine
    )


def check_every_array_has_the_shape_of_the_targets(technology: Technology) -> None:
    for shape in ((), (5,), SHAPE, (2, 3, 4)):
        state = technology.program(np.full(shape, technology.highest_usiemens), _rng())
        for name, array in state.arrays().items():
            assert array.shape == shape, f"{name} has the shape {array.shape}, not {shape}"
        assert technology.conductance_usiemens(state, 0.0, _rng()).shape == shape


def check_same_generator_same_result(technology: Technology) -> None:
    assert _same(_programmed(technology), _programmed(technology)), "program is not repeatable"
    state = _programmed(technology)
    for age_s in _ages(technology, state):
        one, other = (technology.conductance_usiemens(state, age_s, _rng(3)) for _ in range(2))
        assert np.array_equal(one, other), f"reading at {age_s} s is not repeatable"


def check_reading_changes_nothing(technology: Technology) -> None:
    state, untouched = _programmed(technology), _programmed(technology)
    for age_s in _ages(technology, state):
        read = technology.conductance_usiemens(state, age_s, _rng())
        read += 1.0
        technology.mean_conductance_usiemens(state, age_s)[:] = -1.0
        assert _same(state, untouched), f"reading at {age_s} s changed the state"


def check_at_age_zero_nothing_has_drifted(technology: Technology) -> None:
    state = _programmed(technology)
    assert np.array_equal(technology.mean_conductance_usiemens(state, 0.0), state.programmed_usiemens)


def check_without_a_generator_there_is_no_noise(technology: Technology) -> None:
    state = _programmed(technology)
    for age_s in _ages(technology, state):
        quiet = technology.conductance_usiemens(state, age_s)
        assert np.array_equal(quiet, technology.mean_conductance_usiemens(state, age_s))


def check_no_conductance_is_negative(technology: Technology) -> None:
    state = technology.program(np.full((50, 50), technology.lowest_usiemens), _rng())
    for age_s in _ages(technology, state):
        assert technology.conductance_usiemens(state, age_s, _rng()).min() >= 0, f"negative at {age_s} s"


def check_an_age_for_each_cell(technology: Technology) -> None:
    state = _programmed(technology)
    ages = np.resize(_ages(technology, state), SHAPE)
    together = technology.mean_conductance_usiemens(state, ages)
    for age_s in np.unique(ages):
        alone = technology.mean_conductance_usiemens(state, float(age_s))
        assert np.allclose(together[ages == age_s], alone[ages == age_s], rtol=1e-12, atol=0)


def check_impossible_arguments_are_errors(technology: Technology) -> None:
    for target in (2 * technology.highest_usiemens, -1.0, float("nan")):
        assert _refuses(partial(technology.program, [target], _rng())), f"takes a target of {target}"
    state = _programmed(technology)
    assert _refuses(lambda: technology.mean_conductance_usiemens(state, -1.0)), "takes a negative age"
    assert _refuses(lambda: technology.pulse(state, -1, 1, _rng())), "takes a negative number of pulses"
    wrong = "twice"
    assert _refuses(lambda: technology.program([0.0], _rng(), wrong)), "takes any scheme"  # type: ignore[arg-type]
    assert _refuses(lambda: technology.program([0.0], _rng(), before=state)), "takes another shape"


def check_writing_again_counts_on(technology: Technology) -> None:
    first = _programmed(technology)
    second = technology.program(_targets(technology, 8), _rng(4), before=first)
    wrote = ~(second.pulses == 0)
    assert np.array_equal(second.writes, first.writes + wrote), "writes do not add up"
    for name, array in first.arrays().items():
        if name == "endurance" or name.startswith("born."):
            assert np.array_equal(array, second.arrays()[name]), f"{name} was drawn again"


def check_worn_out_cells_are_stuck(technology: Technology) -> None:
    low = np.full(SHAPE, technology.lowest_usiemens)
    state = replace(technology.program(low, _rng()), endurance=np.full(SHAPE, 3.0))
    for turn in range(12):
        target = np.full(SHAPE, technology.highest_usiemens) if turn % 2 == 0 else low
        state = technology.program(target, _rng(turn), before=state)
        assert np.array_equal(state.stuck, state.writes > 3), (
            "stuck where the endurance is not exceeded, or not where it is"
        )
    assert state.stuck.all(), "12 writes with an endurance of 3 left cells that are not stuck"
    held = {"low": technology.lowest_usiemens, "high": technology.highest_usiemens}.get(technology.after_wear)
    if held is not None:
        assert np.array_equal(state.programmed_usiemens, np.full(SHAPE, held)), (
            "stuck elsewhere than after_wear says"
        )
    again = technology.program(low, _rng(), before=state)
    assert np.array_equal(again.programmed_usiemens, state.programmed_usiemens), "a stuck cell moved"
    for age_s in _ages(technology, state):
        assert np.array_equal(technology.mean_conductance_usiemens(state, age_s), state.programmed_usiemens)


def check_many_rewrites_at_once_wear_as_one_by_one(technology: Technology) -> None:
    for scheme in SCHEMES:
        try:
            new = technology.program(_targets(technology), _rng(), scheme)
        except DeviceError:
            continue
        fragile = replace(new, endurance=np.floor(_rng(5).uniform(1, 60, SHAPE)))
        for times in (0, 1, 2, 3, 40):
            one_by_one, rng = fragile, _rng(6)
            for _ in range(times):
                one_by_one = technology.program(fragile.target_usiemens, rng, scheme, one_by_one)
            at_once = technology.rewrite(fragile, times, _rng(6), scheme)
            for name in ("writes", "stuck", "endurance"):
                assert np.array_equal(getattr(at_once, name), getattr(one_by_one, name)), (
                    f"{times} rewrites at once leave other {name} than one by one ({scheme})"
                )
    assert _refuses(lambda: technology.rewrite(_programmed(technology), -1, _rng())), "takes -1 rewrites"


def check_pulses_move_the_cells_they_reach(technology: Technology) -> None:
    middle = np.full(MANY, (technology.lowest_usiemens + technology.highest_usiemens) / 2)
    state = technology.program(middle, _rng())
    polarity = np.resize([1, -1, 0], MANY)
    try:
        after = technology.pulse(state, 100, polarity, _rng())
    except DeviceError:
        return
    still = polarity == 0
    assert np.array_equal(after.programmed_usiemens[still], state.programmed_usiemens[still]), (
        "moved unreached cells"
    )
    assert np.array_equal(after.writes, state.writes + 100 * ~still), "a pulse is a write"
    change = after.programmed_usiemens - state.programmed_usiemens
    assert change[polarity > 0].mean() >= 0 >= change[polarity < 0].mean(), "pulses move the wrong way"
    assert after.programmed_usiemens.min() >= 0


def check_what_is_unknown_is_an_error_with_its_key(technology: Technology) -> None:
    state = _programmed(technology)
    wanted: dict[str, Callable[[], object]] = {
        "write_energy": lambda: technology.energy_pj(state),
        "write_pulse": lambda: technology.time_ps(state),
        "endurance": lambda: technology.remaining_writes(state),
        "endurance_spread": lambda: technology.remaining_writes(state),
        "temperature": lambda: technology.at_temperature(350.0),
    }
    for key, ask in wanted.items():
        if technology.knows(key):
            continue
        try:
            ask()
        except DeviceError as error:
            assert str(error).startswith(f"{technology.kind}."), f"the error names no key: {error}"
        else:
            raise AssertionError(f"{key} is unknown and used all the same")


def check_costs_are_those_of_the_pulses(technology: Technology) -> None:
    for scheme in SCHEMES:
        try:
            state = technology.program(_targets(technology), _rng(), scheme)
            pulses, energy, time = (
                technology.program_pulses(state),
                technology.energy_pj(state),
                technology.time_ps(state),
            )
        except DeviceError:
            continue
        assert pulses == state.pulses.sum() and energy == pulses * technology.write_energy_pj
        assert time >= technology.time_ps(state, 8) >= technology.time_ps(state, state.pulses.size)


def _refuses(action: Callable[[], object]) -> bool:
    try:
        action()
    except DeviceError:
        return True
    return False


CHECKS = tuple(value for name, value in list(globals().items()) if name.startswith("check_"))
