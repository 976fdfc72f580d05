"""Devices that learn: their answer to one pulse, in units of weight, as training in place needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from xbarsim.devices.state import Floats, Wholes
from xbarsim.devices.steps import PulseSteps
from xbarsim.errors import DeviceError
from xbarsim.shipped import shipped
from xbarsim.spec.component import Spec
from xbarsim.spec.loader import located_by_name
from xbarsim.spec.quantity import Age, Coefficient
from xbarsim.spec.values import Values


class ExponentialSteps(Spec):
    """Steps that shrink exponentially, with z = 2 w / (top - bottom) scale + offset:

        up max(1 - up_factor exp(up_rate z), 0)      down max(1 - down_factor exp(-down_rate z), 0)

    Source: aihwkit, ExpStepDevice, after Gong et al., Nature Communications 9, 2102 (2018).
    """

    up_factor: Coefficient = Field(description="A_up")
    up_rate: Coefficient = Field(description="gamma_up")
    down_factor: Coefficient = Field(description="A_down")
    down_rate: Coefficient = Field(description="gamma_down")
    scale: Coefficient = Field(description="a")
    offset: Coefficient = Field(description="b")

    def shares(self, w: Floats, top: Floats, bottom: Floats) -> tuple[Floats, Floats]:
        """What is left of a step up and of a step down at w; 0 for a device without a range."""
        span = top - bottom
        z = np.divide(2 * w * self.scale, span, out=np.zeros_like(span), where=span > 0) + self.offset
        up = np.maximum(1 - self.up_factor * np.exp(self.up_rate * z), 0.0)
        down = np.maximum(1 - self.down_factor * np.exp(-self.down_rate * z), 0.0)
        return np.where(span > 0, up, 0.0), np.where(span > 0, down, 0.0)


class PulsedDevice(PulseSteps):
    """Steps of a device that is trained in place, and what it is read against.

    Read is w - reference. The reference is 0, or N(reference, reference_spread), to which `at_symmetry_point` adds each
    device's own symmetry point w*: where a pulse up and a pulse down undo one another,
        w* = (up - down) / (up slope_up / top - down slope_down / bottom).
    `exponential` in place of linear steps; then slopes say nothing. `seen_noise`: what a read sees beyond w, drawn anew
    when a cell is pulsed, in steps; it does not add up. w leaks towards 0 by updates (`lifetime_updates`), or with
    `lifetime` by the seconds that pass.
    """

    called: ClassVar[str] = "every pulsed device"

    slope_over: Literal["own_bound", "mean_bound"] = Field(
        "own_bound", description="whether slopes are over each device's own bound, or over low and high"
    )
    exponential: ExponentialSteps | None = Field(None, description="exponential steps instead of linear ones")
    reference: Coefficient = Field(0.0, description="mean of what is subtracted in a read")
    reference_spread: Coefficient = Field(0.0, description="its standard deviation over devices")
    at_symmetry_point: bool = Field(
        False, description="whether each device's symmetry point is subtracted, too"
    )
    seen_noise: Coefficient = Field(
        0.0, description="standard deviation of what a read sees beyond w, in steps"
    )
    stuck_share: Coefficient = Field(0.0, description="share of devices that no pulse moves")
    lifetime_updates: Coefficient | None = Field(
        None, description="updates after which 1/e of w is left; none: it does not leak"
    )
    lifetime_s: Age | None = Field(
        None,
        description="time after which 1/e of w is left, in place of lifetime_updates where the passing time is known",
    )

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = super().inconsistencies()
        for key in ("reference_spread", "seen_noise"):
            if getattr(self, key) < 0:
                wrong.append((key, f"{getattr(self, key):g}", "allowed: from 0"))
        if not 0 <= self.stuck_share <= 1:
            wrong.append(("stuck_share", f"{self.stuck_share:g}", "allowed: from 0 to 1"))
        if self.lifetime_updates is not None and self.lifetime_updates <= 0:
            wrong.append(("lifetime_updates", f"{self.lifetime_updates:g}", "allowed: above 0"))
        return wrong

    @property
    def states(self) -> float:
        """Steps between the mean bounds."""
        return (self.high - self.low) / self.step

    def make(self, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Floats]:
        """Steps, bounds and references of new devices."""
        born = super().make(shape, rng)
        if self.stuck_share:
            moves = rng.random(shape) >= self.stuck_share
            born["up"], born["down"] = born["up"] * moves, born["down"] * moves
        reference = self.reference + self.reference_spread * rng.standard_normal(shape)
        born["reference"] = reference + self.symmetry_point(born) if self.at_symmetry_point else reference
        return born

    def shrinking(self, born: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        """Share of a step up and of a step down that is gone per unit of w, away from 0: slope / |bound|."""
        own = self.slope_over == "own_bound"
        top = born["top"] if own else np.full_like(born["top"], self.high)
        bottom = born["bottom"] if own else np.full_like(born["bottom"], self.low)
        up = np.divide(self.slope_up, top, out=np.zeros_like(top), where=top != 0)
        return up, np.divide(-self.slope_down, bottom, out=np.zeros_like(bottom), where=bottom != 0)

    def symmetry_point(self, born: Mapping[str, Floats]) -> Floats:
        """w* of each device; 0 for one that does not move. Raises: DeviceError where steps do not shrink linearly."""
        if self.exponential is not None or not (self.slope_up or self.slope_down):
            raise DeviceError(
                "at_symmetry_point: steps are constant or exponential; allowed: linear steps with a slope, "
                "whose symmetry point has a formula; or set at_symmetry_point: false"
            )
        up, down = self.shrinking(born)
        pull = born["up"] * up + born["down"] * down
        return np.divide(born["up"] - born["down"], pull, out=np.zeros_like(pull), where=pull > 0)

    def after(
        self, w: Floats, counts: Wholes, signs: Wholes, born: Mapping[str, Floats], rng: np.random.Generator
    ) -> Floats:
        """w (not yet read against the reference) after `counts` pulses of the given signs, one after another."""
        rising = signs > 0
        step = np.where(rising, born["up"], -born["down"])
        for done in range(int(counts.max(initial=0))):
            size = self.share_left(w, rising, born)
            if self.noise:
                scatter = self.noise * rng.standard_normal(w.shape)
                size = size + scatter if self.noise_is == "added" else size * (1 + scatter)
            moved = np.clip(w + step * size, born["bottom"], born["top"])
            w = np.where(counts > done, moved, w)
        return w

    def share_left(self, w: Floats, rising: np.ndarray, born: Mapping[str, Floats]) -> Floats:
        """What is left of a step at w."""
        if self.exponential is not None:
            up, down = self.exponential.shares(w, born["top"], born["bottom"])
            return np.where(rising, up, down)
        shrink_up, shrink_down = self.shrinking(born)
        return np.where(rising, 1 - shrink_up * w, 1 + shrink_down * w)


def shipped_pulsed_devices() -> dict[str, Path]:
    """Name -> file, of the pulsed devices that come with xbarsim."""
    return {
        file.stem: file for file in sorted((shipped("architectures") / "common" / "pulsed").glob("*.yaml"))
    }


def load_pulsed_device(path_or_name: str | Path, overrides: Iterable[str] = ()) -> PulsedDevice:
    """Read and validate a file of a pulsed device, or a shipped one by name ('reram_soft_bounds').

    overrides: 'key=value' assignments over the file ('noise=0'). Raises: SpecError with every problem.
    """
    located = located_by_name(path_or_name, shipped_pulsed_devices(), "pulsed device", overrides)
    spec = Values(located).read(PulsedDevice, located.tree, ())
    located.raise_problems()
    assert isinstance(spec, PulsedDevice)
    return spec
