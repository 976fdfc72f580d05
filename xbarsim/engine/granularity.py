"""The two ways of working a run out."""

from __future__ import annotations

from enum import StrEnum


class Granularity(StrEnum):
    """How a run is worked out; the integers that come out are the same."""

    BURST = "burst"  # in compiled code
    MVM = "mvm"  # every step of every matrix-vector product an event of SimPy: the reference
