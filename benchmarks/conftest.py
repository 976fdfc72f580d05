"""Rows of the report: what a benchmark measured, by table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Row = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also what takes minutes")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes minutes; measured with --long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes minutes; --long measures it"))


@pytest.fixture
def row(benchmark: Any) -> Row:
    """Put a row into a table of the report."""

    def put(table: str, **cells: Any) -> None:
        benchmark.extra_info.update(table=table, row=cells)

    return put
