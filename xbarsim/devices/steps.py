"""How devices answer to equal pulses: steps that shrink towards a bound, differ from device to device, and scatter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from xbarsim.devices.state import Floats, State, Wholes
from xbarsim.devices.technology import Technology
from xbarsim.spec.component import Spec
from xbarsim.spec.quantity import Coefficient


class PulseSteps(Spec):
    """Linear steps in w, which is `low` at the lowest and `high` at the highest conductance.

    Of a device with bounds bottom < 0 < top and steps up, down, each pulse moves
        w + up (1 - slope_up w / top + noise N)      w - down (1 - slope_down w / bottom + noise N)
    and not beyond its bounds. slope 1: soft bounds; slope 0: constant steps. Devices differ by
        up, down = step (gain +- asymmetry), gain = 1 + step_spread N or exp(step_spread N),
        asymmetry = asymmetry_spread N, top = high (1 + high_spread N), bottom = low (1 + low_spread N).
    `bias` makes all downward steps smaller by so much of a step (or, below 0, all upward ones).
    With `noise_is: multiplied` the noise is a factor (1 + noise N) of the whole step.
    """

    source: str | None = Field(None, description="where its numbers come from")
    low: Coefficient = Field(description="w at the lowest conductance, below 0")
    high: Coefficient = Field(description="w at the highest conductance, above 0")
    step: Coefficient = Field(description="mean change of w by one pulse at w = 0")
    slope_up: Coefficient = Field(description="share of an upward step that is gone at the upper bound")
    slope_down: Coefficient = Field(description="share of a downward step that is gone at the lower bound")
    step_spread: Coefficient = Field(description="standard deviation of the gain over devices")
    gain_is: Literal["normal", "log_normal"] = Field("normal", description="distribution of the gain")
    asymmetry_spread: Coefficient = Field(description="standard deviation of the asymmetry over devices")
    bias: Coefficient = Field(
        0.0, description="steps by which all pulses down fall short (below 0: pulses up)"
    )
    low_spread: Coefficient = Field(description="relative standard deviation of the lower bound")
    high_spread: Coefficient = Field(description="relative standard deviation of the upper bound")
    noise: Coefficient = Field(description="standard deviation from pulse to pulse, in steps")
    noise_is: Literal["added", "multiplied"] = Field(
        "added", description="whether noise scales with the step"
    )

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = []
        if not self.low < 0 < self.high:
            wrong.append(("low", f"low {self.low:g}, high {self.high:g}", "low below 0 and high above it"))
        if self.step <= 0:
            wrong.append(("step", f"{self.step:g}", "allowed: above 0"))
        for key in ("step_spread", "asymmetry_spread", "low_spread", "high_spread", "noise"):
            if getattr(self, key) < 0:
                wrong.append((key, f"{getattr(self, key):g}", "allowed: from 0"))
        return wrong

    def make(self, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Floats]:
        """Steps and bounds of new devices."""
        gain = 1 + self.step_spread * (scatter := rng.standard_normal(shape))
        if self.gain_is == "log_normal":
            gain = np.exp(self.step_spread * scatter)
        asymmetry = self.asymmetry_spread * rng.standard_normal(shape)
        return {
            "up": np.abs(self.step * (gain + min(self.bias, 0.0) + asymmetry)),
            "down": np.abs(self.step * (gain - max(self.bias, 0.0) - asymmetry)),
            "top": np.maximum(self.high * (1 + self.high_spread * rng.standard_normal(shape)), 0.0),
            "bottom": np.minimum(self.low * (1 + self.low_spread * rng.standard_normal(shape)), 0.0),
        }

    def after(
        self, w: Floats, counts: Wholes, signs: Wholes, born: Mapping[str, Floats], rng: np.random.Generator
    ) -> Floats:
        """w after `counts` pulses of the given signs."""
        rising = signs > 0
        step = np.where(rising, born["up"], -born["down"])
        bound = np.where(rising, born["top"], born["bottom"])
        slope = np.where(rising, self.slope_up, self.slope_down)
        shrink = np.divide(slope, bound, out=np.zeros_like(bound), where=bound != 0)
        for done in range(int(counts.max(initial=0))):
            size = 1 - shrink * w
            if self.noise:
                scatter = self.noise * rng.standard_normal(w.shape)
                size = size + scatter if self.noise_is == "added" else size * (1 + scatter)
            moved = np.clip(w + step * size, born["bottom"], born["top"])
            w = np.where(counts > done, moved, w)
        return w


def stepped(
    response: PulseSteps,
    cell: Technology,
    state: State,
    counts: Wholes,
    signs: Wholes,
    rng: np.random.Generator,
) -> Floats:
    """Conductance of cells after pulses."""
    scale = (cell.highest_usiemens - cell.lowest_usiemens) / (response.high - response.low)
    w = response.low + (state.programmed_usiemens - cell.lowest_usiemens) / scale
    moved = response.after(w, counts, signs, state.born, rng)
    return np.maximum(cell.lowest_usiemens + scale * (moved - response.low), 0.0)
