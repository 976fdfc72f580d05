"""Time-weighted figures of something that changes in steps: the length of a queue, servers that are busy."""

from __future__ import annotations

from fractions import Fraction


class TimeWeighted:
    """A whole number from 0 that changes at instants; area under it, mean over time and largest, in integers.

    What it is between changes at one instant counts for nothing: only values that last are seen.
    """

    __slots__ = ("area", "begun_ps", "largest", "since_ps", "value")

    def __init__(self, value: int = 0, begun_ps: int = 0):
        self.value = value
        self.begun_ps = self.since_ps = begun_ps
        self.area = 0  # of value × picoseconds
        self.largest = 0

    def add(self, time_ps: int, change: int) -> None:
        """Rise by `change` (fall, if below 0) from time_ps on."""
        self.advance(time_ps)
        self.value += change

    def advance(self, time_ps: int) -> None:
        """Let the time pass.

        Raises: ValueError if it runs backwards.
        """
        if time_ps < self.since_ps:
            raise ValueError(
                f"a change at {time_ps} ps after one at {self.since_ps} ps: time does not run backwards"
            )
        if time_ps > self.since_ps:
            self.area += self.value * (time_ps - self.since_ps)
            self.largest = max(self.largest, self.value)
            self.since_ps = time_ps

    def mean(self) -> Fraction:
        """Area over elapsed time, exactly, up to the last change or `advance`; the value itself if none passed."""
        elapsed_ps = self.since_ps - self.begun_ps
        return Fraction(self.area, elapsed_ps) if elapsed_ps else Fraction(self.value)
