"""Devices of the tests, as variations of one."""

from __future__ import annotations

from typing import Any

from xbarsim.devices.pulsed import PulsedDevice

SOFT = {"low": -1, "high": 1, "step": 0.02, "slope_up": 1, "slope_down": 1, "step_spread": 0, "asymmetry_spread": 0,
        "low_spread": 0, "high_spread": 0, "noise": 0}  # fmt: skip


def soft_bounds(**over: Any) -> PulsedDevice:
    return PulsedDevice.model_validate(SOFT | over)


def constant_steps(**over: Any) -> PulsedDevice:
    return soft_bounds(slope_up=0, slope_down=0, **over)
