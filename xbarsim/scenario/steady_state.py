"""Where the warm-up ends, and how far the mean of a correlated sequence can be trusted.

Works on the means of small consecutive batches of a sequence, so the sequence itself need not be kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_LEVELS = (128, 64, 32)  # numbers of batches at which correlation is looked for
_JOINED = 4  # batches of a level that make one of the interval
_LEFT = 5  # batches that a cut leaves at least: fewer may be equal by chance
_SIGNIFICANT = 1.645  # standard deviations; 5 %, one-sided


def mser(means: np.ndarray) -> int:
    """How many leading batches to cut: the d that minimises the marginal standard error of the rest,

        MSER(d) = sum over i >= d of (Y_i - mean of Y_d … Y_n-1)^2 / (n - d)^2.

    Sources: White, Simulation 69 (1997) 323; on batches of five (MSER-5): White, Cobb and Spratt, Winter
    Simulation Conference 2000; the last five left out: Hoad, Robinson and Davies, J. Oper. Res. Soc. 61 (2010).
    """
    if len(means) <= _LEFT:
        return 0
    centred = (means - means.mean())[::-1]  # from the end, so that running sums are those of the rest
    n = np.arange(1, len(means) + 1)
    squares = np.cumsum(centred**2) - np.cumsum(centred) ** 2 / n
    errors = (squares / n**2)[::-1]
    return int(np.argmin(errors[: len(means) - _LEFT]))


@dataclass(frozen=True)
class WarmUp:
    """What is cut from the start of a sequence.

    cut: numbers that are left out.
    visible: whether there is a steady state behind the cut. Not so where the cut would fall into the second
        half: the sequence still rises (overload), or it is too short.
    """

    cut: int
    visible: bool


def warm_up(means: np.ndarray, size: int) -> WarmUp:
    """Of a sequence given by the means of its batches of `size`; where no steady state is visible, all is kept."""
    batches = mser(means)
    visible = len(means) > 2 * _LEFT and 2 * batches <= len(means)
    return WarmUp(batches * size if visible else 0, visible)


def correlated(means: np.ndarray) -> bool:
    """Whether neighbours resemble one another more than chance allows (lag-1 autocorrelation, 5 %, one-sided).

    With von Neumann's ratio r = sum of (Y_i+1 - Y_i)^2 / sum of (Y_i - mean)^2 of n independent normal numbers,
    1 - r/2 has mean 0 and variance (n - 2) / (n^2 - 1).

    Sources: von Neumann, Ann. Math. Stat. 12 (1941) 367; in the choice of batches: Fishman, Management Science
    24 (1978) 510.
    """
    n, around = len(means), float(np.sum((means - means.mean()) ** 2))
    if n < 3 or around == 0:
        return False
    ratio = float(np.sum(np.diff(means) ** 2)) / around
    return (1 - ratio / 2) > _SIGNIFICANT * math.sqrt((n - 2) / (n * n - 1))


@dataclass(frozen=True, eq=False)
class Batches:
    """Batches large enough to pass for independent.

    means: one a batch.
    size: of a batch, in batches of the sequence that was given.
    correlated: they are not large enough: even the largest resemble their neighbours, so an interval made of
        them is too narrow.
    """

    means: np.ndarray
    size: int
    correlated: bool


def independent_batches(means: np.ndarray) -> Batches | None:
    """Join neighbours until their means are not correlated; None if there are too few to tell.

    Correlation is looked for among about 128 batches, where a lag-1 autocorrelation of 0.15 shows; four of them
    then make one of the interval, whose own is far smaller. If it shows, the same with 64 and 32. (As in Law and
    Carson, Operations Research 27 (1979) 1011: test many batches, use few.)
    """
    best = None
    for level in _LEVELS:
        size = len(means) // level
        if size:
            shows = correlated(joined(means, size))
            best = Batches(joined(means, size * _JOINED), size * _JOINED, shows)
            if not shows:
                break
    return best


def joined(means: np.ndarray, size: int) -> np.ndarray:
    """Means of `size` neighbours each; what is left over is left out at the start."""
    groups = len(means) // size
    return means[len(means) - groups * size :].reshape(groups, size).mean(axis=1)


def half_width(figures: np.ndarray, confidence: float) -> float:
    """Of the confidence interval of the mean of independent figures: t(b-1) × s / sqrt(b), Student's t.

    Raises: ValueError for fewer than two.
    """
    from scipy.special import stdtrit  # here, as it takes a quarter of a second

    b = len(figures)
    if b < 2:
        raise ValueError(f"an interval from {b} figures; allowed: from 2")
    t = float(stdtrit(b - 1, (1 + confidence) / 2))
    return t * float(figures.std(ddof=1)) / math.sqrt(b)
