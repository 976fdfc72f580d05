"""Nothing unknown is taken as nothing: each answer is that of the whole description, or an error with the key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import yaml

from xbarsim.devices.load import load_technology, shipped_technologies
from xbarsim.devices.mtj import Mtj
from xbarsim.devices.technology import Technology
from xbarsim.errors import DeviceError, SpecError

TEXTS = ("kind", "source", "technology", "note", "bits", "after_wear", "levels", "rounds")


def keys(tree: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in tree.items():
        plain = value["value"] if isinstance(value, dict) and "value" in value else value
        if isinstance(plain, dict):
            yield from keys(plain, f"{above}{key}.")
        elif not isinstance(plain, list) and key not in (*TEXTS, "gain_is", "noise_is"):
            yield f"{above}{key}"


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def answers(technology: Technology) -> dict[str, Callable[[], Any]]:
    """Everything one can ask of a technology, as numbers."""
    target = np.linspace(0.2, 0.8, 200)

    def state() -> Any:
        low, high = technology.lowest_usiemens, technology.highest_usiemens
        return technology.program(low + (high - low) * target, rng())

    asked: dict[str, Callable[[], Any]] = {
        "program": lambda: state().programmed_usiemens,
        "single shot": lambda: technology.program(state().programmed_usiemens, rng(), "single_shot").drift,
        "pulses": lambda: technology.program_pulses(state()),
        "energy": lambda: technology.energy_pj(state()),
        "time": lambda: technology.time_ps(state(), 8),
        "remaining": lambda: technology.remaining_writes(state()),
        "pulse": lambda: technology.pulse(state(), 5, 1, rng()).programmed_usiemens,
        "warmer": lambda: technology.at_temperature(320.0) and 0,
    }
    for age_s in (0.0, 0.3, 7e4):
        asked[f"mean at {age_s}"] = lambda age_s=age_s: technology.mean_conductance_usiemens(state(), age_s)
        asked[f"read at {age_s}"] = lambda age_s=age_s: technology.conductance_usiemens(state(), age_s, rng())
    if isinstance(technology, Mtj):
        asked["chance"] = lambda: technology.switching_probability(3e-9)
    return asked


def answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except DeviceError as error:
        return error


CASES = [
    (name, key)
    for name, file in shipped_technologies().items()
    for key in keys(yaml.safe_load(file.read_text()))
]


@pytest.mark.parametrize(("name", "key"), CASES, ids=lambda case: case)
def test_an_unknown_key_gives_the_same_answer_or_an_error(name: str, key: str) -> None:
    whole = answers(load_technology(name))
    try:
        part = answers(load_technology(name, [f"{key}=unknown"]))
    except SpecError:
        return
    for question, ask in part.items():
        found, before = answer(ask), answer(whole[question])
        if isinstance(found, DeviceError):
            assert key in str(found) or isinstance(before, DeviceError), f"{question}: {found}"
        else:
            assert not isinstance(before, DeviceError), question
            assert np.array_equal(found, before, equal_nan=True), f"{question} takes '{key}' as nothing"
