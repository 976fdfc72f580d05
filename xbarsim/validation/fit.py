"""Fit: find a chip's fitted parameters anew by least squares, and how much each moves what is predicted.

The residuals are the relative errors of the calibrated figures, all of equal weight; parameters are varied as
multiples of the described values, so none changes its sign. Whole numbers stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from xbarsim.errors import MappingError
from xbarsim.spec.figures import Reported, published
from xbarsim.units import split
from xbarsim.validation.outcome import Fitted
from xbarsim.validation.subject import Settings, Subject
from xbarsim.validation.validate import fitted, simulate_figure

STEP = 0.01  # of a parameter, for differences
PREDICTED = ("blind", "prediction")


@dataclass(frozen=True)
class Refit:
    """parameters: with their described values; scale: fitted / described value, of those that can be varied.

    errors: of the calibrated figures with the values as described, and as fitted anew (name -> relative error).
    sensitivity: of each predicted figure to each parameter: percent a percent.
    """

    parameters: tuple[Fitted, ...]
    scale: dict[str, float]
    errors: dict[str, tuple[float, float]]
    sensitivity: dict[str, dict[str, float]]


def refit(name: str, settings: Settings = ()) -> Refit:
    """Fit the parameters under `calibrated` to the calibrated figures. Raises: MappingError if there are none."""
    from scipy.optimize import least_squares

    bench = _Bench(name, settings)
    start = np.ones(len(bench.free))  # steps are shares of it; smaller ones would drown in whole picoseconds
    found = least_squares(
        lambda x: bench.errors(x - 1), start, diff_step=STEP, x_scale=1.0, xtol=1e-4, ftol=1e-8
    )
    before, after = bench.errors(start - 1), bench.errors(found.x - 1)
    labels = [_label(row) for row in bench.calibrated]
    errors = {label: (b, a) for label, b, a in zip(labels, before.tolist(), after.tolist(), strict=True)}
    scale = dict(zip(bench.free, np.exp(found.x - 1).tolist(), strict=True))
    return Refit(bench.parameters, scale, errors, bench.sensitivity())


class _Bench:
    """A chip with its parameters as multiples of their described values."""

    def __init__(self, name: str, settings: Settings):
        self.name, self.settings = name, settings
        chip = Subject(name, settings).chip()
        self.parameters = fitted(chip)
        self.twins = {one.parameter: one.same_as for one in self.parameters if one.same_as}
        values = {one.parameter: one.value for one in self.parameters}
        self.values = {
            key: parts for key, text in values.items() if (parts := split(text)) and _varied(*parts)
        }
        self.free = [key for key in self.values if key not in self.twins]
        rows = chip.header.reported
        self.calibrated = [row for row in rows if row.kind == "calibrated"]
        self.predicted = [row for row in rows if row.kind in PREDICTED]
        if not self.free or not self.calibrated:
            raise MappingError(
                f"{chip.name}: nothing to fit: no `calibrated` parameters, or no figure of that kind"
            )

    def errors(self, logs: Sequence[float] | np.ndarray) -> np.ndarray:
        """Relative errors of the calibrated figures, with each parameter times the exponential of its entry."""
        values = self._figures(self.calibrated, logs)
        known = np.array([published(row) for row in self.calibrated], dtype=float)
        return np.asarray(values / known - 1)

    def sensitivity(self) -> dict[str, dict[str, float]]:
        at = self._figures(self.predicted, np.zeros(len(self.free)))
        moved: dict[str, dict[str, float]] = {_label(row): {} for row in self.predicted}
        for number, key in enumerate(self.free):
            logs = np.zeros(len(self.free))
            logs[number] = np.log1p(STEP)
            change = (self._figures(self.predicted, logs) / at - 1) / STEP
            for label, percent in zip(moved, change.tolist(), strict=True):
                moved[label][key] = percent
        return moved

    def _figures(self, rows: Sequence[Reported], logs: Sequence[float] | np.ndarray) -> np.ndarray:
        scales = dict(zip(self.free, np.exp(logs).tolist(), strict=True))
        texts = [
            f"{key}={float(number) * scales[self.twins.get(key, key)]:.12g} {unit}"
            for key, (number, unit) in self.values.items()
        ]
        subject = Subject(self.name, (*self.settings, *texts))
        return np.array([simulate_figure(subject, row) for row in rows], dtype=float)


def _varied(number: Fraction, unit: str) -> bool:
    """Quantities, and plain numbers like an exponent; whole ones are counts."""
    return bool(unit) or number.denominator != 1


def _label(row: Reported) -> str:
    """A figure with its mode and settings, as people tell them apart."""
    told = ", ".join([*([row.mode] if row.mode else []), *(f"{key} {row.set[key]}" for key in row.set)])
    return f"{row.figure} ({told})" if told else row.figure
