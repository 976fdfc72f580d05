"""When a probe first finds a layer too far, of rounds without number, each with a noise of its own.

What a look finds is a normal number; its mean and deviation change slowly with age. They are worked out at rounds that
lie ever farther apart, and between them taken as straight lines over the logarithm of the rounds gone by. So the chance
to be found too far is known of each round, and the first one is drawn: from few looks, but as if one looked at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import NDArray

Values = NDArray[np.float64]
Look = Callable[[int], Sequence[tuple[float, float]]]  # a round -> mean and deviation of each part's distance
_POINTS = 256  # between two looks at which chances are worked out
_SURE = 1 - 1e-12
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Found:
    """A round in which parts are too far, with the distances that were found."""

    round: int
    distances: dict[int, float]


@dataclass(frozen=True)
class _Seen:
    """What is to be expected in a round: mean and deviation of each part's distance."""

    round: int
    means: Values
    spreads: Values

    @classmethod
    def of(cls, look: Look, number: int) -> _Seen:
        means, spreads = zip(*look(number), strict=True)
        return cls(number, np.array(means), np.array(spreads))

    def chances(self, limit: float) -> Values:
        """Of each part to be found too far."""
        return _chances(self.means, self.spreads, limit)


def first_found(look: Look, begin: int, end: int, limit: float, rng: np.random.Generator) -> Found | None:
    """The first round from `begin` on in which a part is farther than the limit; None: none before `end`."""
    patience = rng.standard_exponential()
    before = _Seen.of(look, begin)
    patience -= float(_hazards(before.chances(limit)))
    if patience <= 0:
        return _found(before, limit, rng)
    step = 1
    while before.round < end - 1:
        after = _Seen.of(look, min(before.round + step, end - 1))
        rounds, hazards = _between(before, after, begin, limit)
        spent = np.cumsum(hazards * np.diff(rounds, prepend=before.round))
        if spent[-1] >= patience:
            return _within(look, before, rounds, hazards, spent, patience, limit, rng)
        patience -= float(spent[-1])
        before, step = after, 2 * step
    return None


def _between(before: _Seen, after: _Seen, begin: int, limit: float) -> tuple[NDArray[np.int64], Values]:
    """Rounds up to the later look, and the hazard of each."""
    number = min(_POINTS, after.round - before.round)
    rounds = np.unique(np.rint(np.linspace(before.round, after.round, number + 1)).astype(np.int64))[1:]
    ages = np.log([before.round - begin + 1.0, after.round - begin + 1.0])
    share = (np.log(rounds - begin + 1.0) - ages[0]) / (ages[1] - ages[0])
    means, spreads = (
        low + share[:, None] * (high - low)
        for low, high in ((before.means, after.means), (before.spreads, after.spreads))
    )
    return rounds, _hazards(_chances(means, spreads, limit))


def _within(
    look: Look, before: _Seen, rounds: NDArray[np.int64], hazards: Values, spent: Values, patience: float,
    limit: float, rng: np.random.Generator,
) -> Found:  # fmt: skip
    """The very round: where patience ends; without noise, looked for by halving."""
    place = int(np.searchsorted(spent, patience))
    low = before.round if place == 0 else int(rounds[place - 1])
    left = patience - (float(spent[place - 1]) if place else 0.0)
    high = min(int(rounds[place]), low + max(1, int(np.ceil(left / hazards[place]))))
    seen = _Seen.of(look, high)
    if seen.spreads.any():
        return _found(seen, limit, rng)
    low, high = before.round, int(rounds[-1])
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if (_Seen.of(look, middle).means > limit).any() else (middle, high)
    return _found(_Seen.of(look, high), limit, rng)


def _found(seen: _Seen, limit: float, rng: np.random.Generator) -> Found:
    """At least one part is too far: one by its share of the chance, the others by theirs."""
    chances = np.maximum(seen.chances(limit), np.finfo(float).tiny)
    weights = -np.log1p(-np.minimum(chances, _SURE))
    one = int(rng.choice(len(chances), p=weights / weights.sum()))
    far = [part for part in range(len(chances)) if part == one or rng.random() < chances[part] - 1e-300]
    return Found(seen.round, {part: _distance(seen, part, chances[part], limit, rng) for part in far})


def _distance(seen: _Seen, part: int, chance: float, limit: float, rng: np.random.Generator) -> float:
    """Beyond the limit."""
    if not seen.spreads[part]:
        return float(seen.means[part])
    drawn = min(max(chance * (1 - rng.random()), 1e-300), _SURE)
    return max(limit, float(seen.means[part] - seen.spreads[part] * _NORMAL.inv_cdf(drawn)))


def _chances(means: Values, spreads: Values, limit: float) -> Values:
    """Of a normal number to be larger than the limit."""
    z = (means - limit) / np.maximum(spreads, 1e-300)
    chances = _normal_share(np.clip(z, -40, 40))
    return np.where(spreads > 0, chances, (means > limit).astype(float))


def _hazards(chances: Values) -> Values:
    """Of a round: -ln of the chance that nobody is too far."""
    return np.asarray(-np.log1p(-np.minimum(chances, _SURE)).sum(axis=-1))


def _normal_share(z: Values) -> Values:
    """Of the standard normal distribution below z."""
    return np.asarray(0.5 * torch.special.erfc(torch.as_tensor(-z / np.sqrt(2))).numpy())
