"""Outcome: what a validation found, as one frozen, serialisable value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Largest error that passes, for figures of time or counts alone and for those with energy or area in them.
BARS: dict[str, tuple[float, float]] = {
    "identity": (0.01, 0.01),
    "calibrated": (0.02, 0.05),
    "blind": (0.05, 0.10),
}


@dataclass(frozen=True)
class Row:
    """One published figure beside the simulator's.

    mode: of the chip, if it has any; conditions: settings, what was run, the note.
    published, simulated: in the same unit, written out in the *_text fields; None: not simulated.
    error: simulated / published - 1; None where there is nothing to compare, or the published value is 0.
    bar: largest error that passes; None: none is set.
    """

    chip: str
    figure: str
    mode: str
    conditions: str
    kind: str
    measure: str
    published: float | None
    simulated: float | None
    published_text: str
    simulated_text: str
    error: float | None
    bar: float | None
    source: str
    because: str = ""

    @property
    def verdict(self) -> str:
        if self.simulated is None:
            return "not simulated"
        if self.bar is None or self.error is None:
            return "shown"
        if abs(self.error) <= self.bar:
            return "inside"
        return "explained" if self.because else "outside"


@dataclass(frozen=True)
class Fitted:
    """One parameter of a chip that was fitted, and the figures it was fitted to.

    same_as: the parameter whose value it always has, so that the two are one.
    """

    parameter: str
    value: str
    figures: tuple[str, ...]
    same_as: str = ""


@dataclass(frozen=True)
class Validation:
    """All published figures of one chip. numbers: how many of them the parameters were fitted to.

    spec_sha256: of the description that was run.
    """

    name: str
    chip: str
    source: str
    rows: tuple[Row, ...]
    fitted: tuple[Fitted, ...]
    spec_sha256: str

    @property
    def parameters(self) -> int:
        """Fitted ones; those that are always equal count once."""
        return sum(1 for one in self.fitted if not one.same_as)

    @property
    def numbers(self) -> int:
        return sum(1 for row in self.rows if row.kind == "calibrated")

    def of(self, kind: str) -> Iterator[Row]:
        return (row for row in self.rows if row.kind == kind)

    @property
    def holds(self) -> bool:
        """No figure is outside its bar without a reason."""
        return all(row.verdict != "outside" for row in self.rows)
