"""Every technology that comes with xbarsim keeps the contract in technology.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xbarsim.devices.conformance import CHECKS
from xbarsim.devices.load import load_technology, shipped_technologies
from xbarsim.devices.technology import Technology
from xbarsim.spec.component import kinds


@pytest.mark.parametrize("name", shipped_technologies())
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Technology], None], name: str) -> None:
    check(load_technology(name))


def test_every_registered_technology_is_among_them() -> None:
    registered = {
        name
        for name, cls in kinds().items()
        if issubclass(cls, Technology) and cls.__module__.startswith("xbarsim.")
    }
    assert registered == {load_technology(name).kind for name in shipped_technologies()}
