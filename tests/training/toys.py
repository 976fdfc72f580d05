"""Problems small enough to see what an algorithm does: those of Figs. 3 and 4 of the published study."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.training.devices import soft_bounds
from xbarsim.devices.state import Floats
from xbarsim.training.array import PulsedArray
from xbarsim.training.asked import Asked
from xbarsim.training.tiki_taka import TikiTaka, Transfer, agad, chopped_ttv2, ttv2
from xbarsim.training.trains import Pulsing

SPREAD = {"step_spread": 0.3, "gain_is": "log_normal", "noise": 0.3}
BATCH = 50
BOUNDS = {"low_spread": 0.3, "high_spread": 0.3}


def transfer(algorithm: str, every: int = 5, gain: float = 200.0, chop: float = 0.1, **over: Any) -> Transfer:
    """The settings of Fig. 3: gamma_0 = 200, n_s = 5, l_max = 5, rho = 0.1, beta = 0.5. AGAD reads against R, too."""
    if algorithm == "ttv2":
        return ttv2(every, Pulsing(5), gain, **over)
    if algorithm == "c-ttv2":
        return chopped_ttv2(every, Pulsing(5), gain, chop, **over)
    return agad(every, Pulsing(5), gain, chop, **({"share": 0.5, "referred": True} | over))


def arrays(
    size: int,
    states: float,
    offset: tuple[float, float],
    asymmetry: float,
    rng: np.random.Generator,
    **fast: Any,
) -> tuple[PulsedArray, PulsedArray]:
    """Fast array, its reference off the symmetry point by N(*offset), and slow array, without spread of bounds."""
    device = soft_bounds(
        step=2 / states, asymmetry_spread=asymmetry, at_symmetry_point=True,
        reference=offset[0], reference_spread=offset[1], **SPREAD, **BOUNDS, **fast,
    )  # fmt: skip
    weights = soft_bounds(step=2 / states, asymmetry_spread=asymmetry, at_symmetry_point=True, **SPREAD)
    shape = (size, size)
    return PulsedArray(device, shape, rng), PulsedArray(weights, shape, rng)


def learned(rule: TikiTaka, samples: int, rng: np.random.Generator, rate: float = 0.1) -> tuple[float, Asked]:
    """Fig. 4: root mean square error of the weights (of a range of +-1) after regression towards W ~ N(0, 0.3) on x ~
    N(0, 1)."""
    wanted = 0.3 * rng.standard_normal(rule.shape)
    asked = []
    for _ in range(samples):
        x = rng.standard_normal(rule.shape[1])
        d = (wanted - rule.weights()) @ x
        asked.append(rule.update(x[np.newaxis], d[np.newaxis], rate))
    return float(np.sqrt(np.mean((rule.weights() - wanted) ** 2))), Asked.joined(asked)


def regression(algorithm: str, states: float, spread: float, samples: int, seed: int, **over: Any) -> float:
    rng = np.random.default_rng(seed)
    fast, slow = arrays(20, states, (0.0, spread), 0.1, rng)
    rule = TikiTaka(transfer(algorithm, **over), fast, slow, rng)
    return learned(rule, samples, rng)[0]


def directed(algorithm: str, offset: float, samples: int, seed: int, size: int = 5) -> Floats:
    """Fig. 3: weights after x = -X, d = (X + Y) / 2; the diagonal is pulled down, the rest is left to chance."""
    rng = np.random.default_rng(seed)
    fast, slow = arrays(size, 40, (offset, 0.0), 0.3, rng)
    # Nothing here depends on the weights, so samples come in batches; running means follow at the same pace.
    rule = TikiTaka(transfer(algorithm, momentum=1 - 0.01 * BATCH), fast, slow, rng)
    for _ in range(samples // BATCH):
        x, y = rng.standard_normal((2, BATCH, size))
        rule.update(-x, (x + y) / 2, 0.1)
    return rule.weights()
