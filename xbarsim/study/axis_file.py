"""Axes as a study file writes them, with file and line of what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field

from xbarsim.errors import shown
from xbarsim.spec.component import Spec
from xbarsim.spec.located import Located, Path_, likely
from xbarsim.spec.quantity import Count
from xbarsim.spec.values import Values
from xbarsim.study.axes import (
    Axis,
    Option,
    Settings,
    Span,
    places_between,
    places_by_factor,
    places_evenly,
)

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)")
MOST_PLACES = 100_000
KeyCheck = Callable[[str, Path_], bool]


class AxisSpec(Spec):
    """What an axis says; a list is short for `values`."""

    key: str | None = Field(None, description="what it sets, where that is not its name")
    keys: tuple[str, ...] | None = Field(None, description="several keys that it sets to the same value")
    values: Any = Field(None, description="a list of what it is set to")
    choices: Any = Field(None, description="name -> what is set together: key -> value")
    low: Any = Field(None, alias="from", description="lower end of a range")
    high: Any = Field(None, alias="to", description="upper end of a range")
    step: Any = Field(None, description="distance of the places of a range")
    times: float | None = Field(None, description="factor from one place of a range to the next")
    points: Count | None = Field(None, description="number of places of a range")
    scale: Literal["linear", "log"] = Field("linear", description="even steps of what")
    whole: bool = Field(False, description="true: whole numbers only")
    when: Any = Field(None, description="axis -> labels: it is there only where these are chosen")


class AxisReader:
    """Reads axes one by one; problems go to `located`. key_check: tells of a key that leads nowhere."""

    def __init__(self, located: Located, key_check: KeyCheck):
        self.located, self.key_check = located, key_check
        self.values = Values(located)
        self.before: dict[str, Axis] = {}

    def axis(self, name: str, raw: Any, at: Path_) -> None:
        """Adds to `before` if all is well."""
        if isinstance(raw, list):
            raw = {"values": raw}
        if not isinstance(raw, dict):
            self.located.problem(at, shown(raw), "a list of values, or a mapping", "write it like [4, 6, 8]")
            return
        spec = self.values.read(AxisSpec, raw, at)
        if spec is None:
            return
        known = len(self.located.problems)
        kinds = [kind for kind in ("values", "choices", "from") if kind in raw]
        if len(kinds) != 1:
            found = f"both '{kinds[0]}' and '{kinds[1]}'" if kinds else "says nothing to choose from"
            self.located.problem(at, found, "one of values, choices, and from with to")
            return
        when = self._when(spec.when, (*at, "when"))
        axis = self._choices(name, spec, at) if "choices" in raw else self._valued(name, spec, at, kinds[0])
        if axis is None or len(self.located.problems) > known:
            return
        whole = Axis(axis.name, axis.keys, axis.options, axis.span, when)
        self._sets_its_own(whole, at)
        self.before[name] = whole

    def _sets_its_own(self, axis: Axis, at: Path_) -> None:
        """Two axes on one key would hide one another, unless a condition parts them."""
        for other in self.before.values():
            for key in sorted(axis.sets & other.sets):
                if not (axis.when or other.when):
                    fix = "set it on one of them, or say with 'when' which of them is there"
                    self.located.problem(at, f"sets {key}, as axis '{other.name}' does", "", fix)

    def _when(self, raw: Any, at: Path_) -> Mapping[str, tuple[str, ...]] | None:
        if raw is None:
            return None
        if not isinstance(raw, dict):
            self.located.problem(at, shown(raw), "a mapping: axis -> labels", "write it like {device: [pcm]}")
            return None
        when = {}
        for name, labels in raw.items():
            wanted = tuple(text_of(one) for one in (labels if isinstance(labels, list) else [labels]))
            axis = self.before.get(name)
            if axis is None:
                self.located.problem((*at, name), "is no axis before this one", likely(name, self.before))
                continue
            there = [option.label for option in axis.options]
            for label in wanted:
                if there and label not in there:
                    self.located.problem((*at, name), f"'{label}' is not on that axis", likely(label, there))
            when[name] = wanted
        return when

    def _keys(self, name: str, spec: AxisSpec, at: Path_) -> tuple[str, ...]:
        if spec.key is not None and spec.keys is not None:
            self.located.problem((*at, "keys"), "given beside 'key'", "", "delete one of them")
        keys = spec.keys or (spec.key or name,)
        where = (*at, "keys") if spec.keys else (*at, "key") if spec.key else at
        good = [self.key_check(key, where) for key in keys]  # each, so that all that is wrong is told
        return keys if all(good) else ()

    def _valued(self, name: str, spec: AxisSpec, at: Path_, kind: str) -> Axis | None:
        """Of a list or a range."""
        keys = self._keys(name, spec, at)
        if kind == "from":
            return self._range(name, keys, spec, at)
        if not isinstance(spec.values, list) or not spec.values:
            self.located.problem(
                (*at, "values"), shown(spec.values) if spec.values else "empty", "a list of values"
            )
            return None
        return Axis(
            name, keys, self._distinct(keys, [text_of(value) for value in spec.values], (*at, "values"))
        )

    def _distinct(self, keys: tuple[str, ...], texts: list[str], at: Path_) -> tuple[Option, ...]:
        for text in {text for text in texts if texts.count(text) > 1}:
            self.located.problem(at, f"'{text}' is there twice", "", "delete one of them")
        return tuple(Option(text, tuple((key, text) for key in keys)) for text in texts)

    def _choices(self, name: str, spec: AxisSpec, at: Path_) -> Axis | None:
        at = (*at, "choices")
        if not isinstance(spec.choices, dict) or not spec.choices:
            self.located.problem(
                at, shown(spec.choices) if spec.choices else "empty", "a mapping: name -> settings"
            )
            return None
        options = []
        for label, raw in spec.choices.items():
            settings = settings_of(self.located, raw, (*at, label), self.key_check)
            options.append(Option(str(label), settings))
        return Axis(name, (), tuple(options))

    def _range(self, name: str, keys: tuple[str, ...], spec: AxisSpec, at: Path_) -> Axis | None:
        low, high = (
            self._number(spec, raw, (*at, end)) for raw, end in ((spec.low, "from"), (spec.high, "to"))
        )
        if low is None or high is None:
            return None
        if low[1] != high[1]:
            found = f"its unit is '{high[1]}', that of 'from' is '{low[1]}'"
            self.located.problem((*at, "to"), found, "", "write both in one unit")
            return None
        log = spec.scale == "log"
        if high[0] <= low[0] or ((log or spec.times is not None) and low[0] <= 0):
            self.located.problem(
                (*at, "to"), shown(spec.high), f"more than {shown(spec.low)}, and of a logarithm more than 0"
            )
            return None
        span = Span(low[0], high[0], low[1], spec.whole, log)
        told = [key for key in ("step", "times", "points") if getattr(spec, key) is not None]
        if len(told) > 1:
            self.located.problem((*at, told[1]), f"given beside '{told[0]}'", "", "delete one of them")
            return None
        if not told:
            return Axis(name, keys, (), span)
        places = self._places(spec, span, at)
        texts = list(dict.fromkeys(_text(value, span) for value in places))
        return Axis(name, keys, self._distinct(keys, texts, at)) if places else None

    def _places(self, spec: AxisSpec, span: Span, at: Path_) -> list[float]:
        """The numbers of a range; empty once what is wrong is told."""
        if spec.points is not None:
            return places_evenly(span.low, span.high, min(spec.points, MOST_PLACES), span.log)
        if spec.times is not None:
            if spec.times > 1:
                return places_by_factor(span.low, span.high, spec.times)
            self.located.problem((*at, "times"), shown(spec.times), "more than 1")
            return []
        step = self._number(spec, spec.step, (*at, "step"))
        if step is None:
            return []
        if step[0] <= 0 or step[1] != span.unit or (span.high - span.low) / step[0] > MOST_PLACES:
            unit = f", in {span.unit}" if span.unit else ""
            self.located.problem(
                (*at, "step"), shown(spec.step), f"more than 0{unit}, and at most {MOST_PLACES:,} steps"
            )
            return []
        return places_between(span.low, span.high, step[0])

    def _number(self, spec: AxisSpec, raw: Any, at: Path_) -> tuple[float, str] | None:
        """A number and its unit, if it has one."""
        match = _NUMBER.fullmatch(str(raw).strip()) if not isinstance(raw, bool | None) else None
        if match is None:
            found = "missing" if raw is None else shown(raw)
            self.located.problem(
                at, found, "a number, with its unit if it has one", "write it like 10 or '10 ns'"
            )
            return None
        return float(match[1]), match[2]


def settings_of(located: Located, raw: Any, at: Path_, key_check: KeyCheck) -> Settings:
    """A mapping key -> value, whose keys are looked at."""
    if not isinstance(raw, dict):
        located.problem(at, shown(raw), "a mapping: key -> value", "write it like {chip.tile.adc.bits: 6}")
        return ()
    return tuple((key, text_of(value)) for key, value in raw.items() if key_check(key, (*at, key)))


def text_of(value: Any) -> str:
    """A value as it is written behind --set."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _text(value: float, span: Span) -> str:
    text = str(round(value)) if span.whole or float(f"{value:.9g}").is_integer() else f"{value:.6g}"
    return f"{text} {span.unit}".rstrip()
