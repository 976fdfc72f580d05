"""Weights that stand on few states and move between them by chance: the discrete state transitions of GXNOR.

Deng, Jiao, Pei, Wu and Li, GXNOR-Net, Neural Networks 100, 49 (2018) (arXiv:1705.09283), and the authors' code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from xbarsim.devices.state import Floats, Wholes

STEEPNESS = 3.0  # m of the chance tanh(m |nu| / L): the authors' code


class Steps(NamedTuple):
    """A wanted change as whole steps (with sign) and the rest, of the same sign, below one step."""

    whole: Wholes
    rest: Floats


def split(weights: Floats, change: Floats, largest: float = 1.0, step: float = 1.0) -> Steps:
    """The wanted change cut where it would leave -largest to largest, in whole steps and the rest, both in steps."""
    held = np.clip(change, -largest - weights, largest - weights) / step
    whole = np.trunc(held)
    return Steps(whole.astype(np.int64), held - whole)


def chance(rest: Floats) -> Floats:
    """Of one step more, for the part of a step that is left: tanh(3 |rest|)."""
    return np.asarray(np.tanh(STEEPNESS * np.abs(rest)))


def moved(
    weights: Floats, change: Floats, rng: np.random.Generator, largest: float = 1.0, step: float = 1.0
) -> Floats:
    """Discrete state transition: whole steps for certain, one more by chance; never beyond the range.

    step: 1 for weights of -1, 0, 1; 2 largest for those of two states.
    """
    whole, rest = split(weights, change, largest, step)
    more = rng.random(np.shape(weights)) < chance(rest)
    return np.asarray(weights + step * (whole + np.sign(rest) * more))


def ternary(values: Floats, threshold: float = 1.0) -> Floats:
    """Activation: -1, 0 or +1. threshold: of the authors' code."""
    return np.where(np.abs(values) >= threshold, np.sign(values), 0.0)
