"""Electrochemical memory."""

from __future__ import annotations

from xbarsim.devices.graded import GradedCell
from xbarsim.spec.component import component


@component("ecram")
class Ecram(GradedCell):
    """Electrochemical memory: ions move by small, almost linear steps; what was written leaks away."""
