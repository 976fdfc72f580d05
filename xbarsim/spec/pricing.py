"""`{model: name, ...}` in place of a value: find the pricing model, gather its parameters, ask it."""

from __future__ import annotations

from typing import Any

from xbarsim import units
from xbarsim.errors import shown
from xbarsim.spec.chip import NumberSource
from xbarsim.spec.component import Model, models, suffix_of, yaml_name
from xbarsim.spec.dependent import depends
from xbarsim.spec.located import Located, Path_, dotted, likely
from xbarsim.spec.quantity import Number, Quantity, Resolved, Whole, is_word
from xbarsim.units import UnitError


def priced(
    located: Located,
    kind: Quantity | Whole | Number,
    raw: dict[str, Any],
    siblings: dict[str, Any],
    at: Path_,
) -> tuple[NumberSource, Resolved] | None:
    """The value a named model gives, and where it comes from; None after its problem is told."""
    model = _model(located, kind, raw, at)
    if model is None:
        return None
    texts = _parameters(located, model, raw, siblings, at)
    if texts is None:
        return None
    assert isinstance(kind, Quantity)
    try:
        value = float(model.function(**{name: _number(name, text) for name, text in texts.items()}))
    except UnitError:
        return None  # a sibling that is told where it stands
    except (ValueError, ArithmeticError) as reason:
        located.problem(at, f"model '{model.name}' has no answer: {reason}", "", model.validity)
        return None
    used = ", ".join(f"{yaml_name(name)}={text}" for name, text in texts.items())
    text = f"{units.show(value, kind.dimension)} ({model.name}: {used})"
    return NumberSource(dotted(at), text, model.source, str(located.mark(at)), "model"), Resolved(value)


def _model(located: Located, kind: Quantity | Whole | Number, raw: dict[str, Any], at: Path_) -> Model | None:
    name = raw["model"]
    covers = kind.dimension.name if isinstance(kind, Quantity) else "a plain number"
    known = {name: item for (name, what), item in models().items() if what == covers}
    if isinstance(name, str) and name in known:
        return known[name]
    other = sorted(what for known_name, what in models() if known_name == name)
    if not known:
        located.problem(
            at,
            f"no model gives {units.with_article(covers) if isinstance(kind, Quantity) else covers}",
            kind.allowed,
        )
    elif other:
        located.problem(
            at, f"model '{name}' gives {' and '.join(other)}, not {covers}", "", likely("", known)
        )
    else:
        located.problem(
            at,
            f"no model {shown(name)} for {covers}",
            "",
            likely(name if isinstance(name, str) else "", known),
        )
    return None


def _parameters(
    located: Located, model: Model, raw: dict[str, Any], siblings: dict[str, Any], at: Path_
) -> dict[str, Any] | None:
    """The text of each parameter: from the model's mapping, the component, or the top of the file."""
    texts: dict[str, Any] = {}
    count = len(located.problems)
    short = {yaml_name(name): name for name in model.parameters}
    for extra in sorted(set(raw) - set(short) - {"model", "note"}):
        located.problem((*at, extra), "unknown key", "", likely(extra, short))
    for key, name in short.items():
        text = raw.get(key, siblings.get(key, located.tree.get(key)))
        fixed = not depends(text)
        text = text["value"] if isinstance(text, dict) and "value" in text else text
        if not fixed:
            located.problem(
                at,
                f"model '{model.name}' needs '{key}', which depends on how the chip is run",
                "",
                f"give '{key}' here, for the model alone",
            )
        elif text is None:
            located.problem(
                at, f"model '{model.name}' needs '{key}'", "", f"give '{key}' here or in the component"
            )
        elif is_word(text):
            located.problem(
                at,
                f"model '{model.name}' needs a number for '{key}', which is '{text}'",
                "",
                f"give '{key}' here, or the value itself",
            )
        else:
            texts[name] = text
            if key in raw:
                _check(located, name, text, (*at, key))
    complete = len(texts) == len(short) and len(located.problems) == count
    return texts if complete else None


def _check(located: Located, name: str, text: Any, at: Path_) -> None:
    try:
        _number(name, text)
    except UnitError as reason:
        located.problem(at, reason.found, reason.allowed, reason.fix)


def _number(name: str, text: Any) -> float:
    """A parameter in base units, by the unit suffix of its name. Raises: UnitError."""
    suffix = suffix_of(name)
    return Quantity(units.DIMENSIONS[suffix]).parse(text) if suffix else Number(0.0).parse(text)
