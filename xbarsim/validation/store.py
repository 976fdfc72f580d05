"""Validations as JSON: for other programs, and to compare today's with an earlier one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from xbarsim.scenario.store import decode, encode
from xbarsim.validation.outcome import Row, Validation

SCHEMA = 1
_DERIVED = ("parameters_fitted", "numbers_fitted_to")


def validations_to_json(validations: Iterable[Validation]) -> str:
    """Deterministic text; each row with its verdict."""
    stored: dict[str, Any] = {
        "schema": SCHEMA,
        "versions": {name: version(name) for name in ("xbarsim", "numpy", "simpy")},
        "chips": [_chip(validation) for validation in validations],
    }
    return json.dumps(stored, indent=1, ensure_ascii=False) + "\n"


def validations_from_json(text: str) -> tuple[Validation, ...]:
    """Inverse of validations_to_json."""
    return tuple(
        decode(_without_derived(chip), Validation, chip["name"]) for chip in json.loads(text)["chips"]
    )


def is_validation(head: str) -> bool:
    """Whether a file that begins like this is one."""
    return head.startswith("{") and '"schema":' in head and '"xbarsim":' in head and '"chips":' in head


def _chip(validation: Validation) -> dict[str, Any]:
    told: dict[str, Any] = encode(validation, Validation)
    return told | {  # what can be derived stands there for other programs
        "parameters_fitted": validation.parameters,
        "numbers_fitted_to": validation.numbers,
        "rows": [encode(row, Row) | {"verdict": row.verdict} for row in validation.rows],
    }


def _without_derived(chip: dict[str, Any]) -> dict[str, Any]:
    rows = [{key: value for key, value in row.items() if key != "verdict"} for row in chip["rows"]]
    return {key: value for key, value in chip.items() if key not in _DERIVED} | {"rows": rows}
