"""What stands around an array in one product: input range and DAC, noise, IR drop, output range and ADC.

All in the units of the array: inputs after they were scaled into the range, weights as they are stored, outputs
their product. Formulas as in the analog product of the IBM Analog Hardware Acceleration Kit (Rasch et al., AICAS
2021; arXiv 2104.02184), which this agrees with to 1e-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class Stored:
    """Weights as they stand in the cells: (outputs, n), and the noise of each that every product draws anew.

    variance: of that noise, (outputs, n); None: there is none.
    """

    weights: Tensor
    variance: Tensor | None = None


@dataclass(frozen=True)
class Converter:
    """A converter that is symmetric around zero.

    bound: largest value; None: no bound. resolution: step in parts of the whole range, 1 / steps; None: no steps.
    """

    bound: float | None = None
    resolution: float | None = None

    def __post_init__(self) -> None:
        for name in ("bound", "resolution"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"Converter.{name} is {value!r}; allowed: a number above 0, or None")
        if self.resolution is not None and self.bound is None:
            raise ValueError("Converter.resolution is given without a bound: steps are parts of the range")

    def __call__(self, values: Tensor) -> Tensor:
        """Rounded to steps (half to even), then cut at the bound."""
        if self.bound is None:
            return values
        if self.resolution is None:
            return values.clamp(-self.bound, self.bound)
        step = 2 * self.bound * self.resolution
        return (values / step).round_().mul_(step).clamp_(-self.bound, self.bound)


@dataclass(frozen=True)
class WireResistance:
    """Voltage lost along the word lines.

    strength: of the effect (1: as the wires say); wire_by_cell: conductance of the wire between two cells over the
    largest conductance of a cell.
    """

    strength: float
    wire_by_cell: float

    def lost(self, inputs: Tensor, weights: Tensor) -> Tensor:
        """What is missing at each output; inputs (..., n), weights (..., outputs, n).

        a = n / ratio × Σ |w x|      c = a (a (a / 20 - 1 / 5) + 1 / 2)      lost = c Σ w x (1 - (1 - j / n)²)
        """
        n = inputs.shape[-1]
        place = torch.arange(n, dtype=inputs.dtype, device=inputs.device) / n
        drop = inputs * (1 - (1 - place) ** 2)
        current = n / self.wire_by_cell * (inputs.abs() @ weights.abs().mT)
        factor = current * (current * (0.05 * current - 0.2) + 0.5)
        return self.strength * factor * (drop @ weights.mT)


@dataclass(frozen=True)
class Periphery:
    """Settings of one product.

    input, output: DAC and ADC.
    noise_management: "abs_max": each input vector is scaled so that its largest element is 1; "none": as it comes.
    bound_management: "iterative": inputs are halved as long as an output is at the ADC's bound; "none": it is cut.
    largest_reduction, coarsest_resolution: halving ends before inputs are smaller by more than the first, or the
        DAC's steps larger than the second part of what is left of its range.
    output_noise: standard deviation at each output. weight_noise: of each weight, or (kind "read") of a weight of 1,
        growing with its root; drawn anew for each product, as a sum at the output.
    """

    input: Converter = Converter()
    output: Converter = Converter()
    noise_management: Literal["none", "abs_max"] = "none"
    bound_management: Literal["none", "iterative"] = "none"
    largest_reduction: float = 1000.0
    coarsest_resolution: float = 0.25
    output_noise: float = 0.0
    weight_noise: float = 0.0
    weight_noise_kind: Literal["constant", "read"] = "constant"
    wires: WireResistance | None = None

    @property
    def linear(self) -> bool:
        """Whether a product is nothing but a product."""
        return self == IDEAL

    def stored(self, weights: Tensor, variance: Tensor | None = None) -> Stored:
        """Weights, with the variance that their cells have of themselves, as products need them."""
        if not self.weight_noise or self.weight_noise_kind == "constant":
            return Stored(weights, variance)
        noise = self.weight_noise**2 * weights.abs()
        return Stored(weights, noise if variance is None else variance + noise)

    def product(self, inputs: Tensor, cells: Stored, rng: torch.Generator) -> Tensor:
        """inputs (vectors, n), cells as `stored` gives them: outputs (vectors, outputs)."""
        if self.linear:
            return self._once(inputs, cells, rng)
        scale = self._scale(inputs)
        scaled = inputs if scale is None else inputs / scale
        result = self._once(scaled, cells, rng)
        if self.bound_management == "iterative" and self.output.bound is not None:
            result = self._managed(scaled, cells, rng, result, self.output.bound)
        return result if scale is None else result.mul_(scale)

    def spread(self, inputs: Tensor, cells: Stored) -> Tensor:
        """Standard deviation of the noise at each output, as long as no output is at a bound."""
        scale = self._scale(inputs)
        variance = self._variance(self.input(inputs if scale is None else inputs / scale), cells)
        spread = inputs.new_zeros(*inputs.shape[:-1], len(cells.weights))
        if variance is not None:
            spread = (spread + variance).sqrt()
        return spread if scale is None else spread * scale

    def _scale(self, inputs: Tensor) -> Tensor | None:
        """What each vector is divided by on its way in."""
        if self.noise_management == "none":
            return None
        largest = inputs.abs().amax(dim=-1, keepdim=True)
        return largest.masked_fill_(largest == 0, 1.0)

    def _managed(
        self, inputs: Tensor, cells: Stored, rng: torch.Generator, result: Tensor, bound: float
    ) -> Tensor:
        """Do those vectors again, with smaller inputs, that drove an output to its bound."""
        reduction = 1.0
        while self._may_reduce(2 * reduction):
            again = result.abs().amax(dim=-1) >= reduction * bound
            if not again.any():
                break
            reduction *= 2
            if again.all():
                result = self._once(inputs / reduction, cells, rng).mul_(reduction)
            else:
                result[again] = self._once(inputs[again] / reduction, cells, rng).mul_(reduction)
        return result

    def _may_reduce(self, reduction: float) -> bool:
        coarse = (
            self.input.resolution is not None and self.input.resolution * reduction > self.coarsest_resolution
        )
        return reduction <= self.largest_reduction and not coarse

    def _once(self, inputs: Tensor, cells: Stored, rng: torch.Generator) -> Tensor:
        x = self.input(inputs)
        y = x @ cells.weights.mT
        if self.wires is not None and self.wires.strength:
            y = y - self.wires.lost(x, cells.weights)
        variance = self._variance(x, cells)
        if variance is not None:
            noise = torch.randn(y.shape, dtype=y.dtype, generator=rng)
            y.addcmul_(noise, variance.sqrt_())
        return self.output(y)

    def _variance(self, x: Tensor, cells: Stored) -> Tensor | None:
        """Of each output, or (vectors, 1) where it is the same for all: the noise of all that adds to an output is
        drawn as one number, whose variance one more product gives."""
        by_vector = self.weight_noise**2 if self.weight_noise_kind == "constant" else 0.0
        squares = x * x if by_vector or cells.variance is not None else None
        parts = [] if cells.variance is None or squares is None else [squares @ cells.variance.mT]
        if squares is not None and by_vector:
            parts.append(by_vector * squares.sum(dim=-1, keepdim=True))
        if self.output_noise:
            parts.append(torch.full_like(x[..., :1], self.output_noise**2))
        for part in parts[1:]:
            parts[0] = parts[0].add_(part) if parts[0].shape[-1] > 1 else parts[0] + part
        return parts[0] if parts else None


IDEAL = Periphery()
