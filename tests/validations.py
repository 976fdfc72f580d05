"""Validations of shipped chips, each run once for all tests of a process."""

from __future__ import annotations

from functools import cache

from xbarsim.validation.outcome import Validation
from xbarsim.validation.validate import validate

SLOW: tuple[str, ...] = ("analog_fabric",)  # take more than ten seconds; their tests are run by `make laws`


@cache
def validation_of(name: str) -> Validation:
    return validate(name)
