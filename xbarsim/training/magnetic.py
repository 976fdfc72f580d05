"""Synapses of two magnetic junctions: ternary weights that are read as gated XNOR and written by chance, column by
column.

Greenberg-Toledo, Perach, Hubara, Soudry and Kvatinsky, Training of quantized deep neural networks using a magnetic
tunnel junction-based synapse, Semicond. Sci. Technol. 36, 114003 (2021) (arXiv:1912.12636), of which the abstract and
the patent application US 2021/0174182 could be read. Read there: two junctions with tied fixed layers, gated XNOR,
the output current through both. Recalled or inferred: the signs of both terminals, which junction gets which pulse,
how widths follow.

A weight is junction 1 minus junction 2, each 1 parallel or 0 antiparallel: (P, AP) = +1, (AP, P) = -1, and two zeros:
(AP, AP) weak, (P, P) strong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from xbarsim.devices.mtj import Mtj
from xbarsim.devices.state import Floats, State, Wholes
from xbarsim.training.gxnor import STEEPNESS, split

Assignment = Literal["both", "either", "second"]
_NEVER = 1e-9  # expected events below which none is drawn
ASSIGNMENTS: tuple[Assignment, ...] = ("both", "either", "second")


@dataclass(frozen=True)
class Width:
    """Length of a pulse for a part |nu| of a step: start_s + |nu| span_s, and none for nothing. A whole step: |nu| =
    1."""

    start_s: float
    span_s: float

    def of(self, part: Floats) -> Floats:
        size = np.abs(part)
        return np.where(size > 0, self.start_s + size * self.span_s, 0.0)

    @property
    def longest_s(self) -> float:
        return self.start_s + self.span_s


@dataclass(frozen=True)
class Inverse:
    """The length at which a junction switches with chance tanh(3 |nu|) exactly, in whole units of the timer.

    Small steps need it: the affine width switches with some 5 % however small a step is.
    unit_s: of the timer; 0: any length. What is nearest to no unit gets no pulse.
    """

    mtj: Mtj
    unit_s: float = 0.0

    def of(self, part: Floats) -> Floats:
        from scipy.special import erfcinv  # here, as a chip that is only read needs none of it

        mtj, wanted = self.mtj, np.tanh(STEEPNESS * np.abs(part))
        some = wanted > 0
        reach = erfcinv(np.where(some, wanted, 0.5))
        exact = np.log(np.pi / 2 * np.sqrt(mtj.stability) / reach) / mtj.rate_hz
        lengths = np.where(some, np.maximum(exact, 0.0), 0.0)
        return np.asarray(lengths if not self.unit_s else self.unit_s * np.rint(lengths / self.unit_s))

    @property
    def longest_s(self) -> float:
        return float(self.of(np.ones(1))[0])


def fitted_width(mtj: Mtj) -> Width:
    """The affine width whose chance to switch comes nearest (least squares) to tanh(3 |nu|).

    Far from its start the law of switching goes like 1 - C exp(-b t), tanh(3 u) like 1 - 2 exp(-6 u); so its span is
    near 6 / b, and its start an incubation time.
    """
    from scipy.optimize import least_squares  # here, as a chip that is only read needs none of it

    rate_hz = mtj.rate_hz
    parts = np.linspace(0.005, 1, 200)

    def misfit(times: Floats) -> Floats:
        width = Width(times[0] / rate_hz, times[1] / rate_hz)
        return mtj.switching_probability(width.of(parts)) - np.tanh(STEEPNESS * parts)

    start, span = least_squares(misfit, (2.0, 2 * STEEPNESS)).x
    return Width(float(start) / rate_hz, float(span) / rate_hz)


class MagneticSynapses:
    """Ternary weights (rows, columns): a column is an input, a row an output.

    width: of pulses; by default the exact one.
    assignment: which junctions get the pulse of a part of a step:
        "both" get it (default), "either" one of the two gets it by chance, "second" only the second one; the first
        one then moves by whole steps alone (recalled as the paper's own, with little confidence).
    """

    def __init__(
        self,
        mtj: Mtj,
        weights: Floats,
        rng: np.random.Generator,
        width: Width | Inverse | None = None,
        assignment: Assignment = "both",
    ):
        if assignment not in ASSIGNMENTS:
            raise ValueError(f"assignment {assignment!r}; allowed: {', '.join(map(repr, ASSIGNMENTS))}")
        if not np.isin(weights, (-1, 0, 1)).all():
            raise ValueError("weights: allowed: -1, 0 and 1")
        self.mtj, self.width, self.assignment, self._rng = mtj, width or Inverse(mtj), assignment, rng
        self.junctions: State = self._placed(np.stack([weights > 0, weights < 0]))

    def _placed(self, parallel: np.ndarray) -> State:
        target = np.where(parallel, self.mtj.highest_usiemens, self.mtj.lowest_usiemens)
        return self.mtj.program(target, self._rng)

    @property
    def parallel(self) -> Wholes:
        """Of both junctions, (2, rows, columns): 1 parallel, 0 antiparallel."""
        middle = (self.mtj.lowest_usiemens + self.mtj.highest_usiemens) / 2
        return np.asarray(self.junctions.programmed_usiemens > middle, dtype=np.int64)

    @property
    def weights(self) -> Floats:
        first, second = self.parallel
        return np.asarray((first - second).astype(np.float64))

    @property
    def wear(self) -> Mapping[str, Wholes]:
        """Writes of each junction, (2, rows, columns); the first writing is one."""
        return {"junctions": self.junctions.writes}

    # --- reading ---------------------------------------------------------------------------------

    def currents_ua(self, activations: Floats, volt: float) -> Floats:
        """Of each synapse, for ternary activations (columns,): (G1 - G2) a V; (rows, columns)."""
        first, second = self.junctions.programmed_usiemens
        return np.asarray((first - second) * activations * volt)

    def product(self, activations: Floats) -> Floats:
        """Rows' currents in units of (G_P - G_AP) V, which is what gated XNOR counts: (rows,)."""
        span = self.mtj.highest_usiemens - self.mtj.lowest_usiemens
        return np.asarray(self.currents_ua(activations, 1.0).sum(axis=1) / span)

    def read_power_uw(self, activations: Floats, volt: float) -> Floats:
        """Of each synapse: V^2 (G1 + G2) |a|; nothing where the activation rests. (rows, columns)."""
        return np.asarray(volt**2 * self.junctions.programmed_usiemens.sum(axis=0) * np.abs(activations))

    def inverse_product(self, errors: Floats, bits: int) -> Floats:
        """W^T errors, bit by bit: rows are driven by one bit of each error at a time. errors (rows,): (columns,).

        bits: of an error beside its sign, of the largest one; so many reads, one after another.
        """
        largest = np.abs(errors).max(initial=0.0)
        if largest == 0:
            return np.zeros(self.weights.shape[1])
        unit = largest / (2**bits - 1)
        whole, sign = np.rint(np.abs(errors) / unit).astype(np.int64), np.sign(errors)
        total = np.zeros(self.weights.shape[1])
        for place in range(bits):
            driven = ((whole >> place) & 1) * sign
            total += 2**place * (driven @ self.weights)
        return np.asarray(unit * total)

    # --- writing ---------------------------------------------------------------------------------

    def widths_s(self, change: Floats) -> Floats:
        """Pulse lengths of both junctions for a wanted change of weights: (2, rows, columns)."""
        whole, rest = split(self.weights, change)
        steps, part = np.abs(whole), self.width.of(rest)
        sure = np.full(part.shape, self.width.longest_s)
        if self.assignment == "second":
            return np.stack([np.where(steps >= 1, sure, 0.0), np.where(steps >= 2, sure, part)])
        first, second = np.where(steps >= 1, sure, part), part
        if self.assignment == "either":
            swap = self._rng.random(part.shape) < 0.5
            first = np.where(steps >= 1, sure, np.where(swap, 0.0, part))
            second = np.where((steps >= 1) | swap, part, 0.0)
        there = (steps >= 1) & (rest == 0)  # up to the end of the range, wherever the step starts
        return np.stack([np.where(there, sure, first), np.where(there, sure, second)])

    def update(self, change: Floats) -> Written:
        """Pulses for a wanted change (rows, columns): junction 1 towards it, junction 2 against it."""
        widths = self.widths_s(change)
        sign = np.sign(change)
        before = self.junctions.programmed_usiemens
        self.junctions = self.mtj.switch(self.junctions, widths, np.stack([sign, -sign]), self._rng)
        return Written(widths, before)

    def relax(self, seconds: float) -> None:
        """Let so much time pass: each junction has left its state with chance 1 - exp(-seconds / mean time)."""
        left = self.mtj.leaving_probability(seconds)
        if left * self.junctions.programmed_usiemens.size < _NEVER:
            return
        leaves = (self._rng.random(self.junctions.shape) < left) & ~self.junctions.stuck
        held = self.junctions.programmed_usiemens
        other = self.mtj.lowest_usiemens + self.mtj.highest_usiemens - held
        self.junctions = replace(self.junctions, programmed_usiemens=np.where(leaves, other, held))


@dataclass(frozen=True)
class Written:
    """Pulses of one update: lengths and conductances they met, each (2, rows, columns)."""

    widths_s: Floats
    usiemens: Floats

    @property
    def pulses(self) -> int:
        return int(np.count_nonzero(self.widths_s))

    def time_s(self, setup_s: float = 0.0) -> float:
        """Column after column, all rows of one at once; each column waits for its longest pulse."""
        return float((self.widths_s.max(axis=(0, 1), initial=0.0) + setup_s).sum())

    def energy_pj(self, volt: float) -> float:
        """V^2 sum of G t, with the conductance that a pulse meets first."""
        return float(volt**2 * (self.usiemens * self.widths_s).sum() * 1e6)
