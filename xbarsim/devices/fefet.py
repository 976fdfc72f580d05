"""Ferroelectric transistors."""

from __future__ import annotations

from xbarsim.devices.graded import GradedCell
from xbarsim.spec.component import component


@component("fefet")
class Fefet(GradedCell):
    """Ferroelectric transistor: partial polarisation in a row of levels, steps of equal size both ways."""
