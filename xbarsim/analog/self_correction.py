"""Self-correction: layers are probed, compared with their first answers, and written again from their integer codes.

    numerics = published(ArraySize(512, 512))
    network = convert_to_analog(float_network, numerics)
    monitor = Monitor(network)
    network.program_analog_weights()
    for _ in range(checks):
        advance(network, period_s)
        correct(network, monitor)

Two ways to do it. "physical": ages go on, a rewrite writes the cells with noise and draws new drift, and the layer's
age and drift compensation begin anew. "repo_faithful": as the published programme does it: each step sets the age of
the cells to one and the same step, counted from when they were first programmed; a rewrite puts the exact weights
back, is not noisy, leaves the compensation of the last step in force, and the next step does not remember it.

Source: Ivanov, arXiv 2310.00337 (2023), and the programme named in architectures/common/two_polarity_codebook.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt
from typing import Any, Literal, get_args

import numpy as np
from torch import Tensor

from xbarsim.analog.codebook import Codebook, preset, published_values
from xbarsim.analog.layers import AnalogLayer
from xbarsim.analog.network import AnalogNetwork
from xbarsim.analog.periphery import Converter, Periphery
from xbarsim.analog.settings import ArraySize, Numerics
from xbarsim.devices.load import load_technology
from xbarsim.spec.chip import Chip

Mode = Literal["repo_faithful", "physical"]
MODES: tuple[Mode, ...] = get_args(Mode)
_YEAR_S = 365 * 86_400
_LEAST_SPREAD = 1e-30  # of an answer without noise, to divide by


@dataclass(frozen=True)
class Loop:
    """Settings of the correction loop: threshold of a layer's distance, time between checks, their number."""

    threshold: float
    period_s: float
    checks: int


def published_loop() -> Loop:
    return Loop(**published_values()["correction"])


def published(
    hardware: Chip | ArraySize, codebook: Codebook | None = None, mode: Mode = "physical"
) -> Numerics:
    """The published products: phase-change memory, global compensation, 7-bit DAC, no ADC, noise of the read-out.

    mode: "physical" puts m+ d+ and m- d- into the two cells of a pair; "repo_faithful" the net weight into one, as
    that programme does (`Numerics.pairs`).
    """
    _check(mode)
    values: dict[str, Any] = published_values()["products"]
    return Numerics(
        hardware,
        load_technology(values["cells"]),
        periphery=Periphery(
            input=Converter(values["input_bound"], 1 / values["input_steps"]),
            output=Converter(values["output_bound"]),
            noise_management="abs_max",
            bound_management="iterative",
            output_noise=values["output_noise"],
            weight_noise=values["weight_noise"],
        ),
        codebook=codebook or preset(),
        pairs="apart" if mode == "physical" else "net",
        compensation="global",
        read_noise="held",
    )


# --- the monitor -------------------------------------------------------------------------------


class Monitor:
    """Remembers the answers y0 of each layer to its probe, when made or told to, and says how far they are now.

    Made before `program_analog_weights`, as in the published programme, it knows the weights as they were meant (read
    with the noise of the read-out), and programming errors count as distance. Made after it, it knows the cells.
    """

    def __init__(self, network: AnalogNetwork):
        self._answers: dict[str, Tensor] = {}
        self._spreads: dict[str, Tensor] = {}
        self.remember(network)

    def remember(self, network: AnalogNetwork) -> None:
        """Take the answers of now as what later ones are compared with."""
        for layer in network.layers():
            self.remember_layer(layer)

    def remember_layer(self, layer: AnalogLayer) -> None:
        probe = layer.probe()
        self._answers[layer.path], self._spreads[layer.path] = layer.multiply(probe), layer.spread(probe)

    def distances(self, network: AnalogNetwork) -> dict[str, float]:
        """Layer -> mean |y - y0| over the elements of its answers; each call reads anew."""
        return {layer.path: self.distance(layer) for layer in network.layers()}

    def distance(self, layer: AnalogLayer) -> float:
        """Of one layer, as its cells were last read."""
        return float((layer.multiply(layer.probe()) - self._answers[layer.path]).abs().mean())

    def outlook(self, layer: AnalogLayer) -> tuple[float, float]:
        """Mean and standard deviation of the distance over reads of a layer whose cells were read without noise.

        An answer less what it was is normal of mean d and deviation s; its size has the mean (folded normal; Leone,
        Nelson and Nottingham, Technometrics 3, 1961) s sqrt(2/pi) exp(-d^2/2s^2) + d erf(d/(s sqrt 2)), and the
        variance d^2 + s^2 less its square. Answers to a probe are taken as independent.
        """
        probe = layer.probe()
        away, spread = layer.multiply(probe) - self._answers[layer.path], layer.spread(probe)
        z = away / spread.clamp(min=_LEAST_SPREAD)
        size = spread * sqrt(2 / pi) * (-(z**2) / 2).exp() + away * (z / sqrt(2)).erf()
        variance = (away**2 + spread**2 - size**2).clamp(min=0)
        return float(size.mean()), float(variance.sum().sqrt()) / size.numel()

    def floor(self, network: AnalogNetwork) -> dict[str, float]:
        """Layer -> the distance that read noise alone leaves on average, if nothing has drifted.

        Of reads of one standard deviation s: sqrt(2) s sqrt(2 / pi). A threshold below it fires at every check.
        """
        return {
            layer.path: _floor(self._spreads[layer.path], layer.spread(layer.probe()))
            for layer in network.layers()
        }


def _floor(first: Tensor, second: Tensor) -> float:
    """Mean size of a normal number of the variance of both reads, over the elements."""
    return sqrt(2 / pi) * (first**2 + second**2).sqrt().mean().item()


# --- the loop ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Correction:
    """One check: distance and noise floor by layer, and the layers that were above the threshold and rewritten."""

    distances: dict[str, float]
    floor: dict[str, float]
    threshold: float
    rewritten: tuple[str, ...]


def advance(network: AnalogNetwork, seconds: float, mode: Mode = "physical") -> None:
    """Let time go on by one step.

    In "repo_faithful" the age of all cells becomes one step, whatever went before, and the clock stands at it.
    """
    _check(mode)
    if mode == "physical":
        network.wait(seconds)
    else:
        network.drift_analog_weights(seconds)


def correct(
    network: AnalogNetwork, monitor: Monitor, mode: Mode = "physical", threshold: float | None = None
) -> Correction:
    """Check every layer, and rewrite those that are further away than the threshold (as published, if None)."""
    _check(mode)
    limit = published_loop().threshold if threshold is None else threshold
    floor, distances = monitor.floor(network), monitor.distances(network)
    far = tuple(path for path, distance in distances.items() if distance > limit)
    for path in far:
        if mode == "physical":
            network.rewrite(path)
        else:
            network.restore(path)
    return Correction(distances, floor, limit, far)


def _check(mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; allowed: {', '.join(map(repr, MODES))}")


# --- what it costs -----------------------------------------------------------------------------


@dataclass(frozen=True)
class RefreshCost:
    """Of rewriting a whole network once a period. None: a number that it follows from is not known.

    rewrites_a_year: of each cell. unit_pulses: m+ + m- over all weights, one rewrite. pulses, energy_pj: of all cells,
    the last write, as the technology says. years: until the first cell is worn out. code_memory_bits: for m+ and m-.
    """

    rewrites_a_year: float
    unit_pulses: int | None
    pulses: float | None
    energy_pj: float | None
    years: float | None
    code_memory_bits: int | None


def refresh_cost(network: AnalogNetwork, period_s: float) -> RefreshCost:
    """Raises: ValueError for a period that is not above 0."""
    if not period_s > 0:
        raise ValueError(f"period_s is {period_s}; allowed: above 0")
    blocks = [block for layer in network.layers() for block in layer.blocks]
    rate = _YEAR_S / period_s
    left = [block.worn.least_remaining for block in blocks]
    pulses = _sum([None if block.state is None else float(block.state.pulses.sum()) for block in blocks])
    cells, book = network.numerics.cells, network.numerics.codebook
    energy = cells.write_energy_pj if cells is not None and cells.knows("write_energy") else None
    codes = [block.codes for block in blocks if block.codes is not None]
    return RefreshCost(
        rate,
        sum(int(code.sum(dtype=np.int64)) for code in codes) if book else None,
        pulses,
        None if pulses is None or energy is None else pulses * energy,
        None if None in left else min(value for value in left if value is not None) / rate,
        sum(code.size for code in codes) * book.multiples.bit_length() if book else None,
    )


def _sum(parts: list[float | None]) -> float | None:
    total = sum(np.nan if part is None else part for part in parts)
    return None if np.isnan(total) else float(total)
