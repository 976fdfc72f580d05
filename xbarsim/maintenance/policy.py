"""When cells are looked after, in which order, and who gives way: the requests or the upkeep."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Literal, get_args

from xbarsim.errors import Problem, SpecError, shown
from xbarsim.units import AGE, UnitError, exact

Order = Literal["at once", "staggered"]
Priority = Literal["upkeep first", "in turn", "when idle"]
Compensation = Literal["none", "global", "column"]
FORMS = (
    "never",
    "every 300 s",
    "every 300 s above 0.05",
    "at once",
    "staggered",
    "upkeep first",
    "in turn",
    "when idle",
    "global compensation every 300 s",
    "column compensation every 1 d",
)
LEAST_S = 1e-9  # between rounds: they are counted in picoseconds, so that it is kept to a thousandth
_OPTION = "--policy"
_EXAMPLE = "write it like 'every 300 s, staggered, when idle'"


@dataclass(frozen=True)
class Policy:
    """How a chip looks after its cells.

    every_s: time between rounds of correction; None: cells are never written again.
    threshold: in each round the monitor probes every layer first, and only those are written whose answers are
        farther than this from what they were (mean distance, in units of the layer's outputs); None: all are.
    order: tiles are looked after "at once" (all begin together), or "staggered" evenly over the time between rounds.
    priority: "upkeep first": a tile is written in one go, and requests wait; "in turn": word line by word line,
        with the products that wait in between, first come, first served; "when idle": a word line is only begun
        when no request is inside the chip.
    compensation: of drift, by a factor on the outputs of each array ("global") or on each output ("column"), measured
        with a probe every compensate_every_s.
    """

    every_s: float | None = None
    threshold: float | None = None
    order: Order = "at once"
    priority: Priority = "upkeep first"
    compensation: Compensation = "none"
    compensate_every_s: float | None = None

    def __post_init__(self) -> None:
        self._demand_times()
        for name, allowed in (("order", Order), ("priority", Priority), ("compensation", Compensation)):
            if getattr(self, name) not in get_args(allowed):
                words = ", ".join(map(repr, get_args(allowed)))
                raise ValueError(f"Policy.{name} is {getattr(self, name)!r}; allowed: {words}")
        if (self.compensation == "none") != (self.compensate_every_s is None):
            raise ValueError(
                f"Policy.compensate_every_s is {self.compensate_every_s!r} with compensation "
                f"'{self.compensation}'; give both, or neither"
            )
        if self.every_s is None and self.order != "at once":
            raise ValueError("Policy.order is 'staggered', and cells are never corrected; leave it out")
        if self.every_s is None and self.compensate_every_s is None and self.priority != "upkeep first":
            raise ValueError(f"Policy.priority is {self.priority!r}, and there is no upkeep; leave it out")

    def _demand_times(self) -> None:
        for name in ("every_s", "compensate_every_s"):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and value >= LEAST_S):
                raise ValueError(f"Policy.{name} is {value!r}; allowed: seconds from {LEAST_S:g}, or None")
        if self.threshold is None:
            return
        if self.every_s is None or not (is_number(self.threshold) and self.threshold >= 0):
            raise ValueError(
                f"Policy.threshold is {self.threshold!r}; allowed: a distance from 0, together with every_s"
            )

    @property
    def text(self) -> str:
        """As it is written on the command line."""
        return ", ".join((*self._rounds(), *self._compensation()))

    def _rounds(self) -> tuple[str, ...]:
        if self.every_s is None:
            return ("never", self.priority) if self.priority != "upkeep first" else ("never",)
        above = f" above {self.threshold:g}" if self.threshold is not None else ""
        return (f"every {time_text(self.every_s)}{above}", self.order, self.priority)

    def _compensation(self) -> tuple[str, ...]:
        if self.compensate_every_s is None:
            return ()
        return (f"{self.compensation} compensation every {time_text(self.compensate_every_s)}",)


def policy_from_text(text: str, where: str = _OPTION) -> Policy:
    """A policy from words like those of FORMS, with commas between them. Raises: SpecError."""
    found: dict[str, object] = {}
    for clause in text.split(","):
        for key, value in _clause(" ".join(clause.split()), where).items():
            if key in found and key == "every_s":
                raise _refused(where, f"{shown(text)} says twice when cells are corrected")
            if key in found:
                raise _refused(where, f"{shown(text)} says '{key}' twice")
            found[key] = value
    if "every_s" not in found:
        raise _refused(where, f"{shown(text)} does not say when cells are corrected")
    try:
        return Policy(**found)  # type: ignore[arg-type]
    except ValueError as error:
        raise SpecError([Problem(where, 0, "", str(error), "", _EXAMPLE)]) from None


def _clause(clause: str, where: str) -> dict[str, object]:
    """What one part of the text sets."""
    words = clause.lower()
    if words == "never":
        return {"every_s": None}
    if words in get_args(Order):
        return {"order": words}
    if words in get_args(Priority):
        return {"priority": words}
    kind, _, rest = words.partition(" compensation every ")
    if rest and kind in ("global", "column"):
        return {"compensation": kind, "compensate_every_s": _seconds(rest, where)}
    if words.startswith("every "):
        time, is_above, above = f"{clause} ".removeprefix(clause[:6]).partition(" above ")
        found: dict[str, object] = {"every_s": _seconds(time.strip(), where)}
        return found | ({"threshold": _number(above.strip(), where)} if is_above else {})
    raise _refused(where, f"{shown(clause)} is not known" if clause else "an empty part")


def _seconds(text: str, where: str) -> float:
    try:
        return float(exact(text, AGE))
    except UnitError as error:
        raise _refused(where, error.found) from None


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _refused(where, f"{shown(text)} is no number") from None


def _refused(where: str, found: str) -> SpecError:
    forms = ", ".join(f"'{form}'" for form in FORMS)
    return SpecError([Problem(where, 0, "", found, f"parts of {forms}", _EXAMPLE)])


def is_number(value: object) -> bool:
    """Finite, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool) and isfinite(value)


_TIMES = ((31_557_600.0, "year"), (86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def time_text(seconds: float) -> str:
    """86400 -> '1 d': in the largest unit of which it is a whole number (minutes are told in seconds)."""
    unit = next(((size, name) for size, name in _TIMES if seconds % size == 0), (1.0, "s"))
    return f"{seconds / unit[0]:.12g} {unit[1]}" if unit[1] != "min" else f"{seconds:.12g} s"
