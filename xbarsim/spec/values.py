"""Values of a description: read against the fields of their class, with the source of every number kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError

from xbarsim import units
from xbarsim.errors import shown
from xbarsim.spec.chip import NumberSource
from xbarsim.spec.component import ComponentSpec, Spec, annotation
from xbarsim.spec.dependent import dependent, depends
from xbarsim.spec.header import Header
from xbarsim.spec.located import Located, Path_, Told, closest, dotted, likely
from xbarsim.spec.pricing import priced
from xbarsim.spec.quantity import Number, Quantity, Whole, unwrap
from xbarsim.units import UnitError

SOURCED_KEYS = {"value", "source", "note"}
AnySpec = TypeVar("AnySpec", bound=Spec)


_NO_MODELS: Mapping[str, Mapping[str, Any]] = {}
_BOUNDS = ("at most", "at least", "allowed: ")


class Values:
    """Reads raw values into descriptions; problems go to `located`, in words a chip architect knows."""

    def __init__(self, located: Located):
        self.located = located
        self.numbers: list[NumberSource] = []
        self.roundings: dict[str, float] = {}
        self.broken: set[str] = set()  # dotted paths whose problem is told
        self.header: Header | None = None  # how the chip is run, once it is read
        self.asked_for: set[str] = set()  # keys of the header that values depend on
        self._sources: list[str | None] = [None]  # of the mappings around; None: that of the file

    # --- one description -----------------------------------------------------------------------

    def read(self, cls: type[AnySpec], raw: dict[str, Any], at: Path_) -> AnySpec | None:
        """A description of class `cls`; None if anything in it is wrong."""
        try:
            spec = cls.model_validate(self.fields(cls, raw, at))
        except Told:
            return None
        except ValidationError as error:  # only checks of a stranger's own get here
            for item in error.errors():
                said = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
                found = shown(item.get("input")) if item["loc"] else "does not fit together"
                self.located.problem((*at, *item["loc"]), found, said)
            return None
        models = {key: item for key, item in raw.items() if isinstance(item, dict) and "model" in item}
        self._consistent(spec, at, models)
        return spec

    def _consistent(
        self, spec: Spec, at: Path_, models: Mapping[str, Mapping[str, Any]] = _NO_MODELS
    ) -> None:
        for key, found, allowed in (*spec.inconsistencies(), *spec.mispriced(models)):
            bound = allowed.startswith(_BOUNDS)
            self.located.problem(
                (*at, *key.split(".")), found, allowed if bound else "", "" if bound else allowed
            )

    def fields(self, cls: type[Spec], raw: dict[str, Any], at: Path_) -> dict[str, Any]:
        """All keys of one mapping, checked. Raises: Told, after every problem in it is told."""
        with self.within(raw, at):
            return self._fields(cls, raw, at)

    @contextmanager
    def within(self, raw: dict[str, Any], at: Path_) -> Iterator[None]:
        """Numbers inside take the mapping's own `source`, if it has one."""
        own = raw.get("source")
        self._sources.append(own if isinstance(own, str) and at and own.strip() else self._sources[-1])
        try:
            yield
        finally:
            self._sources.pop()

    def _fields(self, cls: type[Spec], raw: dict[str, Any], at: Path_) -> dict[str, Any]:
        good: dict[str, Any] = {}
        known, wrong = cls.fields_by_key(), False
        for key, value in raw.items():
            try:
                good[key] = self.one(cls, key, value, raw, (*at, key))
            except Told:
                self.broken.add(dotted((*at, key)))
                wrong = True
        for key, (_, field) in known.items():
            if key not in raw and field.is_required():
                needs = f"{_name(cls, at)} needs it ({field.description})"
                self.located.problem(
                    (*at, key), "missing", expected(field.annotation, annotation(field)), needs
                )
                wrong = True
        if wrong:
            raise Told
        return good

    def one(self, cls: type[Spec], key: str, raw: Any, siblings: dict[str, Any], at: Path_) -> Any:
        """One key of a mapping, checked. Raises: Told."""
        found = cls.fields_by_key().get(key)
        if found is None:
            raise self.tell(at, *_unknown_key(cls, key, raw, at[:-1]))
        kind = annotation(found[1])
        if kind is None:
            return self.fit(found[1].annotation, raw, at)
        if isinstance(raw, dict) and "model" in raw:
            row, value = priced(self.located, kind, raw, siblings, at) or (None, None)
            if row is None:
                raise Told
            self.numbers.append(row)
            return value
        return dependent(self, kind, raw, at) if depends(raw) else self.number(kind, raw, at)

    # --- one value -----------------------------------------------------------------------------

    def number(self, kind: Quantity | Whole | Number, raw: Any, at: Path_) -> Any:
        """A quantity, plain or with its source. Raises: Told."""
        if raw is None:
            raise self.tell(at, "no value", kind.allowed)
        if isinstance(raw, dict):
            self._sourced(raw, at)
        try:
            kind.parse(raw)
        except UnitError as reason:
            raise self.tell(at, reason.found, reason.allowed, reason.fix) from None
        self._note(at, raw, kind)
        return raw

    def fit(self, hint: Any, raw: Any, at: Path_) -> Any:
        """A value that is no plain quantity: text, yes or no, a choice, a list, a mapping. Raises: Told."""
        hint, optional = required(hint)
        if raw is None and optional:
            return None
        kind = next(
            (
                item
                for item in getattr(hint, "__metadata__", ())
                if isinstance(item, Quantity | Whole | Number)
            ),
            None,
        )
        if kind is not None:
            return self.number(kind, raw, at)
        origin = get_origin(hint)
        if isinstance(hint, type) and issubclass(hint, Spec) and isinstance(raw, dict):
            good = self.fields(hint, raw, at)
            if hint.inconsistencies is not Spec.inconsistencies:
                self._consistent(hint.model_validate(good), at)
            return good
        if origin is tuple and isinstance(raw, list):
            return self._all({i: (get_args(hint)[0], item) for i, item in enumerate(raw)}, at, list)
        if origin is not None and origin not in (tuple, Literal) and isinstance(raw, dict):
            return self._all({key: (get_args(hint)[1], item) for key, item in raw.items()}, at, dict)
        value = unwrap(raw) if isinstance(raw, dict) and set(raw) <= SOURCED_KEYS else raw
        return self._plain(hint, value, at)

    def _all(self, items: dict[Any, tuple[Any, Any]], at: Path_, kind: type) -> Any:
        """Every item checked, so that all their problems are told. Raises: Told."""
        good, wrong = {}, False
        for key, (hint, item) in items.items():
            try:
                good[key] = self.fit(hint, item, (*at, key))
            except Told:
                wrong = True
        if wrong:
            raise Told
        return list(good.values()) if kind is list else good

    def _plain(self, hint: Any, value: Any, at: Path_) -> Any:
        said = expected(hint, None)
        if get_origin(hint) is Literal:
            if value in get_args(hint) and isinstance(value, str):
                return value
            close = closest(value, get_args(hint)) if isinstance(value, str) else None
            raise self.tell(at, shown(value), said, f"did you mean '{close}'?" if close else "")
        simple = {str: str, bool: bool}.get(hint)
        container = get_origin(hint) is not None or (isinstance(hint, type) and issubclass(hint, Spec))
        if container or (simple is not None and not isinstance(value, simple)):
            number = hint is str and isinstance(value, int | float)
            raise self.tell(at, shown(value), said, "put it in quotes" if number else "")
        return value

    def _sourced(self, raw: dict[str, Any], at: Path_) -> None:
        """`{value, source, note}` has these keys and no others. Raises: Told."""
        extra = sorted(set(raw) - SOURCED_KEYS)
        form = "a plain value, {value: ..., source: ...} or {model: ...}"
        if extra:
            raise self.tell(at, f"unknown key '{extra[0]}'", form)
        if "value" not in raw:
            raise self.tell(at, "no 'value'", form)
        self.remarks(raw, at)

    def remarks(self, raw: dict[str, Any], at: Path_) -> None:
        """`source` and `note` of a value are texts. Raises: Told."""
        for key in ("source", "note"):
            if key in raw and not isinstance(raw[key], str):
                raise self.tell((*at, key), shown(raw[key]), "text", "say where the number comes from")

    # --- notes ---------------------------------------------------------------------------------

    def tell(self, at: Path_, found: str, allowed: str = "", fix: str = "") -> Told:
        self.located.problem(at, found, allowed, fix)
        return Told()

    def _note(self, at: Path_, raw: Any, kind: Quantity | Whole | Number) -> None:
        text = str(unwrap(raw))
        status = text if text in units.WORDS else "given"
        self.numbers.append(
            NumberSource(dotted(at), text, self.source(raw, at), str(self.located.mark(at)), status)
        )
        if isinstance(kind, Quantity) and kind.dimension.whole and status == "given":
            error = units.rounding_error(text, kind.dimension)
            if error > 1e-6:
                self.roundings[dotted(at)] = error

    def source(self, raw: Any, at: Path_) -> str:
        """Its own source, that of the nearest mapping around it, or that of the file it stands in."""
        own = str(raw.get("source") or "") if isinstance(raw, dict) else ""
        mark = self.located.mark(at)
        if own or not mark.line:
            return own or "given on the command line"
        around = self._sources[-1]
        if around is not None:
            return around
        root = self.located.sources.get(self.located.mark(()).file, "")
        return self.located.sources.get(mark.file, root)


def expected(hint: Any, kind: Quantity | Whole | Number | None) -> str:
    """What may stand at a field, in words."""
    hint, _ = required(hint)
    if kind is not None:
        return kind.allowed
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ", ".join(f"'{choice}'" for choice in args[:-1]) + f" or '{args[-1]}'"
    if origin is tuple:
        numbers = hasattr(args[0], "__metadata__")
        return (
            "a list of texts" if args[0] is str else "a list of numbers" if numbers else "a list of mappings"
        )
    if origin is not None:
        return "a mapping"
    if isinstance(hint, type) and issubclass(hint, Spec):
        return f"a mapping with {', '.join(hint.fields_by_key())}"
    return {str: "text", bool: "true or false"}.get(hint, "")


def _unknown_key(cls: type[Spec], key: str, raw: Any, at: Path_) -> tuple[str, str, str]:
    """What to say of a key that `cls` does not have: found, allowed, fix."""
    if isinstance(raw, dict) and "kind" in raw:
        return (
            "a part where none can stand",
            "",
            f"{_name(cls, at)} holds no parts; put it beside, in a tile or core",
        )
    return f"unknown key{'' if key else ' (empty)'}", "", likely(key, cls.fields_by_key())


def _name(cls: type[Spec], at: Path_) -> str:
    """What a description is called: its kind, or the key it stands at."""
    if issubclass(cls, ComponentSpec) and cls.kind_name:
        return f"'{cls.kind_name}'"
    return next((f"'{part}'" for part in reversed(at) if isinstance(part, str)), cls.called)


def required(hint: Any) -> tuple[Any, bool]:
    """The hint without `| None`, and whether it had it."""
    if get_origin(hint) in (Union, UnionType):
        rest = [option for option in get_args(hint) if option is not NoneType]
        return (rest[0] if len(rest) == 1 else Any), len(rest) < len(get_args(hint))
    return hint, False
