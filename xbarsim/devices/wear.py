"""Wear: how many writes each cell survives, and what becomes of it then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xbarsim.devices.state import Floats, State

if TYPE_CHECKING:
    from xbarsim.devices.technology import Technology


def drawn_endurance(
    technology: Technology, shape: tuple[int, ...], rng: np.random.Generator
) -> Floats | None:
    """Log-normal over the cells, its median the technology's endurance; None where that is unknown."""
    if not technology.knows("endurance", "endurance_spread"):
        return None
    if technology.is_ideal("endurance"):
        return np.full(shape, np.inf)
    if not technology.endurance_spread:
        return np.full(shape, technology.endurance)
    return technology.endurance * np.exp(technology.endurance_spread * rng.standard_normal(shape))


def worn(technology: Technology, state: State, before: State | None) -> State:
    """The state with cells stuck that were before, or whose writes now exceed their endurance."""
    if state.endurance is None:
        return state
    failing = (state.writes > state.endurance) & ~state.stuck
    if not failing.any() and not state.stuck.any():
        return state
    held = np.full(state.shape, technology.lowest_usiemens) if before is None else before.programmed_usiemens
    where = {"low": technology.lowest_usiemens, "high": technology.highest_usiemens, "last": held}
    conductance = np.where(failing, where[technology.after_wear], state.programmed_usiemens)
    return replace(
        state,
        programmed_usiemens=np.where(state.stuck, held, conductance),
        drift=np.where(failing | state.stuck, 0.0, state.drift),
        stuck=np.asarray(state.stuck | failing),
    )
