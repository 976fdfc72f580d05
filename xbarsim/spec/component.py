"""The base of every component description, and the registry of kinds."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from xbarsim.spec.quantity import Area, Count, Duration, Number, Power, Quantity, Whole
from xbarsim.units import DIMENSIONS


@dataclass(frozen=True)
class Action:
    """What a component does a number of times in one job, and what each time costs."""

    name: str
    count: int
    energy_pj: float


@dataclass(frozen=True)
class Service:
    """What one job asks of a component: time for each of its portions, and actions of the whole job."""

    portion_ps: int
    actions: tuple[Action, ...] = ()

    def times(self, n: int) -> Service:
        """The same n times, one after another."""
        actions = tuple(replace(action, count=action.count * n) for action in self.actions)
        return Service(self.portion_ps * n, actions)


_SUFFIXES = sorted(DIMENSIONS, key=len, reverse=True)


def yaml_name(field: str) -> str:
    """The YAML key of a field: its name without the unit suffix ('settle_ps' -> 'settle')."""
    return field.removesuffix(suffix_of(field))


def suffix_of(field: str) -> str:
    """The unit suffix of a name ('settle_ps' -> '_ps'), or ''."""
    return next((suffix for suffix in _SUFFIXES if field.endswith(suffix)), "")


class Spec(BaseModel):
    """Base of everything read from YAML: frozen, no unknown keys, keys without unit suffixes.

    called: what a file of it is, in messages.
    """

    called: ClassVar[str] = "every chip"

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=yaml_name)

    @classmethod
    @cache
    def fields_by_key(cls) -> dict[str, tuple[str, FieldInfo]]:
        """YAML key -> (attribute, field)."""
        return {field.alias or name: (name, field) for name, field in cls.model_fields.items()}

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        """Impossible combinations of values, as (key, found, allowed or fix)."""
        return []

    def mispriced(self, models: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
        """Prices by models that are none of this description, told alike. models: key -> what stands at it."""
        return []


class ComponentSpec(Spec):
    """What every component says of itself.

    role: what it is to its neighbours ("adc"); action energies are fields of the kinds.
    A kind's dynamic cost is given per action, or as `active_power` while it works, or both.
    ENERGY_KEYS: keys that price its actions; ACTION_KEYS: which one, of an action that the first does not price.
    """

    role: ClassVar[str] = ""
    kind_name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    ENERGY_KEYS: ClassVar[tuple[str, ...]] = ()
    ACTION_KEYS: ClassVar[Mapping[str, str]] = {}

    kind: str = Field(description="which kind of component this is")
    source: str | None = Field(None, description="where the numbers come from that do not say so themselves")
    note: str | None = Field(None, description="a remark for the reader")
    count: Count = Field(1, description="how many equal ones stand here, in each instance of the parent")
    area_um2: Area = Field(description="silicon area of one instance")
    idle_power_uw: Power = Field(description="power of one instance while it waits (leakage, bias, clock)")
    active_power_uw: Power | None = Field(
        None, description="power of one instance while it works, in place of idle_power"
    )
    gated_power_uw: Power | None = Field(None, description="power of one instance once it is gated off")
    gate_after_ps: Duration | None = Field(None, description="idle time after which it is gated off")

    def inconsistencies(self) -> list[tuple[str, str, str]]:
        wrong = []
        if (self.gated_power_uw is None) != (self.gate_after_ps is None):
            wrong.append(
                ("gated_power", "given without its partner", "give gated_power and gate_after together")
            )
        energies = [getattr(self, self._attribute(key)) for key in self.ENERGY_KEYS]
        if self.ENERGY_KEYS and self.active_power_uw is None and all(value is None for value in energies):
            wrong.append(
                (
                    self.ENERGY_KEYS[0],
                    "no dynamic cost is given",
                    f"give {' or '.join(self.ENERGY_KEYS)} or active_power (or the word 'unknown')",
                )
            )
        return wrong

    @classmethod
    def _attribute(cls, key: str) -> str:
        return cls.fields_by_key()[key][0]


Kind = TypeVar("Kind", bound=type[ComponentSpec])
_KINDS: dict[str, type[ComponentSpec]] = {}
_HOMES = ("xbarsim.components", "xbarsim.devices")


def component(name: str) -> Callable[[Kind], Kind]:
    """Register a description under the name that YAML's `kind:` uses."""

    def register(cls: Kind) -> Kind:
        if name in _KINDS and _KINDS[name].__qualname__ != cls.__qualname__:
            raise ValueError(
                f"kind '{name}' is registered twice: {_KINDS[name].__qualname__}, {cls.__qualname__}"
            )
        cls.kind_name = cls.kind_name or name
        cls.summary = (cls.__doc__ or "").strip().splitlines()[0] if cls.__doc__ else ""
        _KINDS[name] = cls
        return cls

    return register


def kinds() -> dict[str, type[ComponentSpec]]:
    """All registered kinds: those of xbarsim, and those of installed plug-ins (entry points)."""
    for home in _HOMES:
        importlib.import_module(home)
    return _KINDS


@dataclass(frozen=True)
class Model:
    """A named way to price a component from a few of its parameters.

    function: takes the parameters by name, in base units; gives a value in the field's base unit.
    parameters: names with unit suffix; taken from the component's own keys where `{model: ...}` does not say.
    covers: name of the dimension it prices ("energy", "energy per bit", "area", "power").
    """

    name: str
    covers: str
    parameters: tuple[str, ...]
    function: Callable[..., float]
    source: str
    validity: str


_MODELS: dict[tuple[str, str], Model] = {}


def model(
    name: str, covers: str, parameters: tuple[str, ...], source: str, validity: str
) -> Callable[..., Any]:
    """Register a pricing model for one dimension ("energy", "energy per bit", "area", "power")."""

    def register(function: Callable[..., float]) -> Callable[..., float]:
        _MODELS[(name, covers)] = Model(name, covers, parameters, function, source, validity)
        return function

    return register


def models() -> dict[tuple[str, str], Model]:
    kinds()
    return _MODELS


def annotation(field: FieldInfo) -> Quantity | Whole | Number | None:
    """The quantity, whole-number or number annotation of a field, also inside `X | None`."""
    for item in field.metadata:
        if isinstance(item, Quantity | Whole | Number):
            return item
    options = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else ()
    for option in options:
        for item in getattr(option, "__metadata__", ()):
            if isinstance(item, Quantity | Whole | Number):
                return item
    return None
