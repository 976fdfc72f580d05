"""How much each axis of a design space matters: one at a time (tornado), and as shares of the variance (Sobol).

The indices are those of scipy: it is a dependency already, and kept up by many; SALib would bring pandas and
multiprocess for the same estimators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc, sobol_indices

from xbarsim.study.axes import Axis, Option, Place, combined

Values = NDArray[np.float64]
PLACES = 5  # of a long axis that are looked at, one at a time: both ends and what lies evenly between them
_RESAMPLES, _RANGE = 200, (2.5, 97.5)  # of the bootstrap, and the percentiles that it is told by


@dataclass(frozen=True)
class Swing:
    """One axis, all others held: its labels and the figure at each; None where a point failed."""

    axis: str
    labels: tuple[str, ...]
    values: tuple[float | None, ...]

    @property
    def known(self) -> tuple[tuple[float, str], ...]:
        return tuple((v, label) for v, label in zip(self.values, self.labels, strict=True) if v is not None)

    @property
    def size(self) -> float:
        """From the least to the largest; 0 also where all are infinite."""
        values = [value for value, _ in self.known]
        return max(values) - min(values) if len(set(values)) > 1 else 0.0


@dataclass(frozen=True)
class Tornado:
    """What a figure does when one axis moves at a time. base: the place around which; swings: largest first."""

    figure: str
    base: Mapping[str, str]
    base_value: float | None
    swings: tuple[Swing, ...]


@dataclass(frozen=True)
class Index:
    """Shares of a figure's variance. first: by this axis alone; total: by it and all that it does together with others.

    first_range, total_range: where they lie with a chance of 95 %, by bootstrap; None where they are exact.
    """

    axis: str
    first: float
    total: float
    first_range: tuple[float, float] | None = None
    total_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Indices:
    """Sobol indices of a figure, largest total first.

    samples: pairs of points that they were estimated from; 0 where they were worked out from a whole grid.
    left_out: samples that did not count, for one of their points failed (and more, down to a power of two).
    """

    figure: str
    axes: tuple[Index, ...]
    samples: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Sensitivity:
    """What is known of a study's sensitivities, by figure."""

    tornadoes: tuple[Tornado, ...] = ()
    indices: tuple[Indices, ...] = ()


# --- one at a time ----------------------------------------------------------------------------------


def looked_at(axis: Axis, places: int = PLACES) -> tuple[Option, ...]:
    """All of an axis if it is short, else some from end to end."""
    if axis.span is None and len(axis.options) <= places:
        return axis.options
    return tuple(axis.at(i / (places - 1)) for i in range(places))


def one_at_a_time(axes: Sequence[Axis], base: Sequence[Option]) -> list[tuple[str, Place]]:
    """Each axis through its places, all others at the base; the base first, under no name."""
    found = [("", combined(axes, base))]
    for at, axis in enumerate(axes):
        for option in looked_at(axis):
            found.append((axis.name, combined(axes, [*base[:at], option, *base[at + 1 :]])))
    return found


def tornado(figure: str, places: Sequence[tuple[str, Place]], values: Sequence[float | None]) -> Tornado:
    """Of the places of `one_at_a_time` and the figure at each; an axis that is absent at the base is left out."""
    base = dict(places[0][1].labels)
    swings = []
    for axis in dict.fromkeys(name for name, _ in places[1:]):
        told = {
            dict(place.labels)[axis]: value
            for (name, place), value in zip(places, values, strict=True)
            if name == axis
        }
        if len(told) > 1:
            swings.append(Swing(axis, tuple(told), tuple(told.values())))
    swings.sort(key=lambda swing: -swing.size)
    return Tornado(figure, base, values[0], tuple(swings))


# --- shares of the variance -------------------------------------------------------------------------


def sample_shares(axes: int, samples: int, seed: int) -> Values:
    """Where to look, as shares of each axis: (2 + axes, samples, axes), the matrices A, B and A with one column of B.

    Saltelli et al., Computer Physics Communications 181 (2010) 259; on a scrambled Sobol sequence.
    samples: a power of two.
    """
    drawn = qmc.Sobol(2 * axes, rng=np.random.default_rng(seed)).random(samples)
    first, second = drawn[:, :axes], drawn[:, axes:]
    mixed = []
    for axis in range(axes):
        one = first.copy()
        one[:, axis] = second[:, axis]
        mixed.append(one)
    return np.stack([first, second, *mixed])


def sampled_indices(figure: str, names: Sequence[str], values: Values, seed: int = 0) -> Indices:
    """From a figure at the places of `sample_shares`, (2 + axes, samples); NaN where a point failed.

    Of the samples without a failure, as many are used as make a power of two. With none there are no indices.
    """
    asked = values.shape[1]
    good = values[:, np.isfinite(values).all(axis=0)]
    used = 2 ** (good.shape[1].bit_length() - 1) if good.shape[1] else 0
    if used < 2:
        return Indices(figure, (), 0, asked)
    good = good[:, :used]
    first, total = _estimated(good)
    draws = np.random.default_rng(seed)
    again = np.stack([_estimated(good[:, draws.integers(used, size=used)]) for _ in range(_RESAMPLES)])
    low, high = np.percentile(again, _RANGE, axis=0)
    found = [
        Index(name, first[i], total[i], (low[0, i], high[0, i]), (low[1, i], high[1, i]))
        for i, name in enumerate(names)
    ]
    return Indices(figure, _sorted(found), used, asked - used)


def _estimated(values: Values) -> tuple[Values, Values]:
    """First and total order, (axes,) each; 0 where the figure does not vary."""
    scale = np.abs(values).max() or 1.0  # of figures like 1e-15 the squares would be lost
    f_a, f_b, *f_ab = values[:, None, :] / scale
    found = sobol_indices(func={"f_A": f_a, "f_B": f_b, "f_AB": np.stack(f_ab)}, n=values.shape[1])
    return np.atleast_1d(found.first_order), np.atleast_1d(found.total_order)


def grid_indices(figure: str, names: Sequence[str], values: Values) -> Indices | None:
    """Worked out from a figure on a whole grid, one dimension for each axis; None if a point failed or is infinite.

    Every place of an axis counts as much as another (I. M. Sobol', Mathematics and Computers in Simulation 55 (2001)
    271, eqs. 4 and 6, sums in place of integrals).
    """
    if not np.isfinite(values).all():  # nor where one is without end, as the life of cells that nobody writes
        return None
    scaled = values / (np.abs(values).max() or 1.0)
    variance = float(scaled.var())
    found = []
    for at, name in enumerate(names):
        others = tuple(other for other in range(values.ndim) if other != at)
        first = float(scaled.mean(axis=others).var())
        total = float(scaled.var(axis=at).mean())
        found.append(
            Index(name, first / variance if variance else 0.0, total / variance if variance else 0.0)
        )
    return Indices(figure, _sorted(found))


def _sorted(found: Sequence[Index]) -> tuple[Index, ...]:
    return tuple(sorted(found, key=lambda index: -index.total))
