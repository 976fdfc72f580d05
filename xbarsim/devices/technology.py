"""The contract of a cell technology: programmed, read at an age, pulsed, worn out; and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, PrivateAttr, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from xbarsim.devices.cell import WrittenCell
from xbarsim.devices.state import Flags, Floats, Landing, State, Wholes
from xbarsim.devices.wear import drawn_endurance, rewritten, worn
from xbarsim.errors import DeviceError
from xbarsim.spec.quantity import Conductance, MeanCount, Temperature, unwrap

Scheme = Literal["single_shot", "write_verify"]
SCHEMES: tuple[Scheme, ...] = ("single_shot", "write_verify")


class Technology(WrittenCell):
    """A memory cell whose conductance is simulated.

    A technology is a frozen description; its methods are pure functions on NumPy arrays, which know no clock
    and draw random numbers from the generator they are given only. What they keep:

    - Every array of a `State` has the shape of the targets. Same arguments and generator, same result.
    - `program` gives targets between `lowest` and `highest`, never a negative conductance, and one more write for
      each cell that got a pulse. With `before`, the same cells are written again: their writes, endurance and
      stuck cells go on.
    - Reading (`conductance_usiemens`) changes nothing. At age 0 nothing has drifted; without a generator there is
      no read noise, and the result is `mean_conductance_usiemens`. An age may be one number, or one for each cell.
    - `pulse` changes only cells with a polarity and a count, upwards for +1, downwards for -1; each pulse is
      a write. The caller counts ages from then on.
    - A cell whose writes exceed its endurance is stuck (`after_wear`) and changes no more.
    - A value that is `unknown` is never taken as nothing: what needs it raises a DeviceError with its key.

    A new technology answers `land`, and where they apply `aged`, `read_spread` and `step`, and `written_again` where
    a programming leaves cells alone that stand right; `conformance` checks all of the above.
    """

    lowest_usiemens: Conductance = Field(description="conductance of a cell that holds nothing")
    highest_usiemens: Conductance = Field(description="highest conductance that a cell is programmed to")
    endurance_spread: MeanCount = Field(
        description="standard deviation of ln(endurance) over the cells; 'ideal': all alike"
    )
    after_wear: Literal["low", "high", "last"] = Field(
        description="where a worn-out cell is stuck: at lowest, at highest, or at what it held last"
    )
    temperature_kelvin: Temperature = Field(description="at which its numbers were measured")

    _unknown: frozenset[str] = PrivateAttr(frozenset())
    _ideal: frozenset[str] = PrivateAttr(frozenset())

    @model_validator(mode="wrap")
    @classmethod
    def _remember_words(cls, raw: Any, handler: ModelWrapValidatorHandler[Technology]) -> Technology:
        spec = handler(raw)
        words = dict(_words(raw))
        spec._unknown = frozenset(key for key, word in words.items() if word == "unknown")
        spec._ideal = frozenset(key for key, word in words.items() if word == "ideal")
        return spec

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = super().inconsistencies()
        if self.knows("lowest", "highest") and self.lowest_usiemens >= self.highest_usiemens:
            found = f"{self.lowest_usiemens:g} uS, and highest is {self.highest_usiemens:g} uS"
            wrong.append(("lowest", found, "allowed: less than highest"))
        return wrong

    # --- what is known ---------------------------------------------------------------------------

    def knows(self, *keys: str) -> bool:
        """None of the keys is 'unknown', nor anything in the mappings that they name."""
        return not any(self._missing(key) for key in keys)

    def _missing(self, key: str) -> list[str]:
        return sorted(name for name in self._unknown if name == key or name.startswith(f"{key}."))

    def is_ideal(self, key: str) -> bool:
        return key in self._ideal

    def need(self, purpose: str, *keys: str) -> None:
        """Raises: DeviceError if one of the keys is 'unknown'."""
        for key in keys:
            for name in self._missing(key):
                raise DeviceError(
                    f"{self.kind}.{name}: 'unknown'; {purpose} needs it; give it, or say 'ideal' to leave it out"
                )

    def at_temperature(self, kelvin: float) -> Technology:
        """The same technology at a temperature. Raises: DeviceError where no source says how it changes."""
        self.need("another temperature", "temperature")
        if kelvin == self.temperature_kelvin or self.is_ideal("temperature"):
            return self
        raise DeviceError(
            f"{self.kind}.temperature: {kelvin:g} kelvin; allowed: {self.temperature_kelvin:g} kelvin, "
            "at which its numbers hold; no source says how they change"
        )

    # --- programming -----------------------------------------------------------------------------

    def program(
        self,
        target_usiemens: ArrayLike,
        rng: np.random.Generator,
        scheme: Scheme = "write_verify",
        before: State | None = None,
    ) -> State:
        """Cells written to their targets: new ones, or those that stood as `before`."""
        target = self._targets(target_usiemens)
        if before is not None and before.shape != target.shape:
            raise DeviceError(f"{self.kind}: targets of shape {target.shape} for cells of {before.shape}")
        if scheme not in SCHEMES:
            raise DeviceError(f"{self.kind}: scheme {scheme!r}; allowed: {', '.join(map(repr, SCHEMES))}")
        landing = self.land(target, rng, scheme, before)
        born = self.make(target.shape, rng) if before is None else before.born
        endurance = drawn_endurance(self, target.shape, rng) if before is None else before.endurance
        writes = np.where(landing.pulses == 0, 0, 1) + (0 if before is None else before.writes)
        never = np.zeros(target.shape, dtype=bool)
        state = State(
            np.asarray(landing.usiemens),
            target,
            np.asarray(landing.drift),
            np.asarray(writes, dtype=np.int64),
            np.asarray(landing.pulses),
            np.asarray(landing.verifies),
            never if before is None else before.stuck,
            endurance,
            born,
        )
        return worn(self, state, before)

    def rewrite(
        self, state: State, times: int, rng: np.random.Generator, scheme: Scheme = "write_verify"
    ) -> State:
        """Cells programmed to their targets so many more times; a million takes no longer than two."""
        if times < 0:
            raise DeviceError(f"{self.kind}: {times} rewrites; allowed: 0 or more")
        return rewritten(self, state, times, rng, scheme)

    def written_again(self, state: State) -> Flags | None:
        """Cells that every further programming to their targets writes; None while that is a matter of chance."""
        return np.ones(state.shape, dtype=bool)

    def _targets(self, target_usiemens: ArrayLike) -> Floats:
        """Raises: DeviceError for a target that no cell can have."""
        self.need("programming", "lowest", "highest")
        target = np.array(target_usiemens, dtype=np.float64)
        low, high = self.lowest_usiemens, self.highest_usiemens
        slack = 1e-9 * high
        wrong = ~((target >= low - slack) & (target <= high + slack))
        if wrong.any():
            raise DeviceError(
                f"{self.kind}: target {target[wrong].flat[0]:g} uS; allowed: {low:g} to {high:g} uS "
                "(its 'lowest' to 'highest')"
            )
        return np.asarray(np.clip(target, low, high))

    def make(self, shape: tuple[int, ...], rng: np.random.Generator) -> dict[str, Floats]:
        """What new devices differ in (`State.born`)."""
        return {}

    def land(self, target: Floats, rng: np.random.Generator, scheme: Scheme, before: State | None) -> Landing:
        """Where a programming ends: conductance at age 0, what ages it, pulses and verifying reads of each cell."""
        raise NotImplementedError

    def counted(self, shape: tuple[int, ...], scheme: Scheme) -> tuple[Floats, Floats]:
        """Pulses and verifying reads where only their mean is known: the same for each cell."""
        if scheme == "single_shot":
            return np.ones(shape), np.zeros(shape)
        mean = np.full(shape, self.write_pulses if self.knows("write_pulses") else np.nan)
        return mean, mean

    # --- reading ---------------------------------------------------------------------------------

    def conductance_usiemens(
        self, state: State, age_s: ArrayLike, rng: np.random.Generator | None = None
    ) -> Floats:
        """One read at an age; each read draws its own noise."""
        mean = self.mean_conductance_usiemens(state, age_s)
        if rng is None:
            return mean
        spread = self.read_spread(state, mean, np.asarray(age_s, dtype=np.float64))
        if spread is None:
            return mean
        noise = rng.standard_normal(state.shape)
        noise *= spread
        noise += mean
        return np.maximum(noise, 0.0, out=noise)

    def mean_conductance_usiemens(self, state: State, age_s: ArrayLike) -> Floats:
        """The same without read noise."""
        age = np.asarray(age_s, dtype=np.float64)
        if not np.all(age >= 0):
            raise DeviceError(f"{self.kind}: age {np.min(age):g} s; allowed: 0 s or more")
        if not np.any(age):
            return state.programmed_usiemens.copy()
        return np.where(state.stuck, state.programmed_usiemens, self.aged(state, age))

    def aged(self, state: State, age_s: Floats) -> Floats:
        """Conductance at an age above zero, before stuck cells are put back."""
        return state.programmed_usiemens

    def read_spread(self, state: State, mean_usiemens: Floats, age_s: Floats) -> Floats | float | None:
        """Standard deviation of one read, uS; None: no noise."""
        return None

    # --- pulses ----------------------------------------------------------------------------------

    def pulse(self, state: State, count: ArrayLike, polarity: ArrayLike, rng: np.random.Generator) -> State:
        """`count` equal pulses of one polarity (+1 up, -1 down, 0 none), one number for all cells or one each."""
        signs = np.broadcast_to(np.sign(np.asarray(polarity)).astype(np.int64), state.shape)
        counts = np.broadcast_to(np.asarray(count, dtype=np.int64), state.shape)
        if np.any(counts < 0):
            raise DeviceError(f"{self.kind}: {counts.min()} pulses; allowed: 0 or more")
        counts = np.where(signs == 0, 0, counts)
        return self.pulsed(state, counts, self.step(state, counts, signs, rng))

    def pulsed(self, state: State, counts: Wholes, stepped_usiemens: Floats) -> State:
        """The state after so many pulses a cell, which moved it to `stepped_usiemens`."""
        after = State(
            np.where(counts > 0, stepped_usiemens, state.programmed_usiemens),
            state.target_usiemens,
            state.drift,
            np.asarray(state.writes + counts),
            np.asarray(counts, dtype=np.float64),
            np.zeros(state.shape),
            state.stuck,
            state.endurance,
            state.born,
        )
        return worn(self, after, state)

    def step(self, state: State, counts: Wholes, signs: Wholes, rng: np.random.Generator) -> Floats:
        """Conductance after the pulses. Raises: DeviceError where the technology gives no pulse response."""
        raise DeviceError(
            f"{self.kind}.pulse_response: not given; pulsing cells needs their response to one pulse"
        )

    # --- cost of the last operation --------------------------------------------------------------

    def program_pulses(self, state: State) -> float:
        """Pulses of all cells."""
        if np.isnan(state.pulses).any():
            self.need("counting pulses", "write_pulses")
        return float(state.pulses.sum())

    def energy_pj(self, state: State) -> float:
        """Of all pulses, each with its verifying read."""
        self.need("energy of writing", "write_energy")
        return self.program_pulses(state) * self.write_energy_pj

    def time_ps(self, state: State, parallel_cells: int = 1) -> int:
        """Groups of `parallel_cells` in raster order, one group after another; each waits for its slowest cell."""
        self.program_pulses(state)
        self.need("time of writing", "write_pulse", *(("verify",) if state.verifies.any() else ()))
        each = state.pulses * self.write_pulse_ps + state.verifies * self.verify_ps
        starts = np.arange(0, each.size, parallel_cells)
        return round(float(np.maximum.reduceat(each.ravel(), starts).sum())) if each.size else 0

    def remaining_writes(self, state: State) -> Floats:
        """Writes that each cell still survives. Raises: DeviceError where endurance is not known."""
        self.need("wear", "endurance", "endurance_spread")
        assert state.endurance is not None
        return np.maximum(np.floor(state.endurance) - state.writes, 0.0)


def _words(raw: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Keys whose value is a text, those of mappings inside as 'drift_mean.slope'."""
    items = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list | tuple) else ()
    for key, value in items:
        name = f"{above}.{key}" if above else str(key)
        plain = unwrap(value)
        if isinstance(plain, str):
            yield name, plain
        else:
            yield from _words(plain, name)
