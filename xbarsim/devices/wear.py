"""Wear: how many writes each cell survives, and what becomes of it then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xbarsim.devices.state import Flags, Floats, State

if TYPE_CHECKING:
    from xbarsim.devices.technology import Scheme, Technology


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


def rewritten(
    technology: Technology, state: State, times: int, rng: np.random.Generator, scheme: Scheme
) -> State:
    """The state after so many programmings to its targets, in the time of a few.

    Between two programmings only writes and worn-out cells matter, and those follow as soon as it is no longer a
    matter of chance which cells a programming writes. So writes and stuck cells are those of one programming after
    another; where a cell is stuck at what it held last, that is a landing of its own draw.
    """
    while times > 0:
        state, times = technology.program(state.target_usiemens, rng, scheme, state), times - 1
        each = technology.written_again(state)
        if each is not None and times > 1:
            state, times = _counted(technology, state, each, times - 1), 1
    return state


def _counted(technology: Technology, state: State, each: Flags, times: int) -> State:
    return worn(technology, replace(state, writes=np.asarray(state.writes + times * each)), state)
