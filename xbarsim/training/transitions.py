"""GXNOR as an update rule: ternary weights that a digital optimiser wants to move, and chance moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from xbarsim.devices.mtj import Mtj
from xbarsim.devices.state import Floats, Wholes
from xbarsim.training.asked import Asked
from xbarsim.training.gxnor import moved
from xbarsim.training.magnetic import Assignment, Inverse, MagneticSynapses, Width
from xbarsim.training.rule import checked

JUNCTIONS = "junctions"
# Adam, of one weight and batch: both means (3 each), their corrections (2), root, quotient, product by the rate, sum.
_ADAM_OPS = 12
_ADAM_BITS = 128  # two moments of 32 bits, read and written back
_GRADIENT_BITS = 64  # a sum of 32 bits, read and written back: once for each sample


@dataclass(frozen=True)
class Moments:
    """Of Adam: shares that are kept of the mean gradient and of its mean square, and what keeps the quotient finite."""

    first: float = 0.9
    second: float = 0.999
    least: float = 1e-8


class DiscreteTransitions:
    """Weights (outputs, inputs) of -1, 0 and 1. Adam says how far each should go, `moved` where it goes.

    mtj: weights stand on magnetic synapses of this junction, whose pulses move them, column by column after each
        batch; None: ideal transitions, at no cost on arrays.
    Gradients of a batch are summed digitally. Adam: Kingma and Ba, ICLR 2015; defaults are theirs.
    """

    def __init__(
        self, shape: tuple[int, int], rng: np.random.Generator, mtj: Mtj | None = None,
        width: Width | Inverse | None = None, assignment: Assignment = "both", moments: Moments | None = None,
    ):  # fmt: skip
        self.shape, self.mtj, self._rng, self.moments = shape, mtj, rng, moments or Moments()
        self._settings = (width, assignment)
        self._mean, self._square, self._steps = np.zeros(shape), np.zeros(shape), 0
        self.put(np.zeros(shape))

    @property
    def wear(self) -> Mapping[str, Wholes]:
        """Pulses on each junction since the weights were put, (2, outputs, inputs)."""
        return {} if self.synapses is None else {JUNCTIONS: self.synapses.junctions.writes - self._before}

    def weights(self) -> Floats:
        return self._held if self.synapses is None else self.synapses.weights

    def put(self, values: Floats) -> None:
        """The nearest of -1, 0 and 1, with values scaled so that the largest is 1."""
        largest = np.abs(values).max(initial=0.0)
        self._held: Floats = np.rint(np.asarray(values) / largest) if largest else np.zeros(self.shape)
        self.synapses = (
            None if self.mtj is None else MagneticSynapses(self.mtj, self._held, self._rng, *self._settings)
        )
        self._before = 0 if self.synapses is None else self.synapses.junctions.writes

    def update(self, x: Floats, d: Floats, rate: float) -> Asked:
        checked(self, x, d)
        arrays = [] if self.synapses is None else [JUNCTIONS]
        asked = Asked.nothing(len(x), arrays, timed=arrays, batch_end=True)
        change = self._wanted(d.T @ x, rate)
        if self.synapses is None:
            self._held = moved(self._held, change, self._rng)
        else:
            self._write(self.synapses, change, asked)
        outputs, inputs = self.shape
        asked.digital_ops[:] = 2 * outputs * inputs
        asked.digital_ops[-1:] += _ADAM_OPS * outputs * inputs
        asked.memory_bits[:] = _GRADIENT_BITS * outputs * inputs
        asked.memory_bits[-1:] += _ADAM_BITS * outputs * inputs
        return asked

    def _wanted(self, descent: Floats, rate: float) -> Floats:
        """Adam's step along a direction of descent."""
        keep, self._steps = self.moments, self._steps + 1
        self._mean = keep.first * self._mean + (1 - keep.first) * descent
        self._square = keep.second * self._square + (1 - keep.second) * descent**2
        mean = self._mean / (1 - keep.first**self._steps)
        size = np.sqrt(self._square / (1 - keep.second**self._steps))
        return np.asarray(rate * mean / (size + keep.least))

    def _write(self, synapses: MagneticSynapses, change: Floats, asked: Asked) -> None:
        written = synapses.update(change)
        longest = written.widths_s.max(axis=(0, 1), initial=0.0)
        asked.line_slots[JUNCTIONS][-1:] = np.count_nonzero(longest)
        asked.pulses[JUNCTIONS][-1:] = written.pulses
        asked.line_ns[JUNCTIONS][-1:] = longest.sum() * 1e9
        asked.pulse_ns[JUNCTIONS][-1:] = written.widths_s.sum() * 1e9
        asked.usiemens_ns[JUNCTIONS][-1:] = (written.usiemens * written.widths_s).sum() * 1e9

    def relax(self, seconds: float) -> None:
        """Junctions leave their states by heat, as seldom as their stability says."""
        if self.synapses is not None:
            self.synapses.relax(seconds)
