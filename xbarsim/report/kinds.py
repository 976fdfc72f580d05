"""What is told of a result, by its kind: the one place where the scenarios part ways in reports."""

from __future__ import annotations

from typing import Any

from xbarsim.report import generate_views, lifetime_views, serve_views, train_views, views
from xbarsim.report.headline import Figure, headline
from xbarsim.report.multiplexed import phase_table
from xbarsim.report.origins import published_table
from xbarsim.report.views import Measured, Table
from xbarsim.scenario.generate_result import GenerateResult
from xbarsim.scenario.lifetime_result import LifetimeResult
from xbarsim.scenario.result import Result
from xbarsim.scenario.serve_result import ServeResult
from xbarsim.scenario.train_result import TrainResult

_BUSIEST_STATIONS = 12


def figures_of(result: Measured) -> tuple[Figure, ...]:
    """What a reader asks first."""
    if isinstance(result, ServeResult):
        return serve_views.headline(result)
    if isinstance(result, GenerateResult):
        return generate_views.headline(result)
    if isinstance(result, LifetimeResult):
        return lifetime_views.headline(result)
    if isinstance(result, TrainResult):
        return train_views.headline(result)
    return headline(result)


def tables_of(result: Measured) -> tuple[Table, ...]:
    """The tables on a terminal, in reading order."""
    if isinstance(result, LifetimeResult):
        return (*lifetime_views.lifetime_tables(result), views.law_table(result))
    if isinstance(result, TrainResult):
        return (*train_views.train_tables(result), views.law_table(result))
    return (*_own_tables(result), views.law_table(result))


def notes_of(result: Measured) -> tuple[str, ...]:
    return serve_views.serve_notes(result) if isinstance(result, ServeResult) else result.notes


def _own_tables(result: Measured) -> tuple[Table, ...]:
    stations = views.station_table(result, _BUSIEST_STATIONS)
    if isinstance(result, ServeResult):
        return (*serve_views.serve_tables(result), views.component_table(result), stations)
    if isinstance(result, GenerateResult):
        return (*generate_views.generate_tables(result), stations)
    return (
        views.component_table(result),
        views.action_table(result),
        views.layer_table(result),
        *_phases(result),
        stations,
        *((published_table(result),) if result.reported else ()),
    )


def _phases(result: Result) -> tuple[Table, ...]:
    told: Any = result.multiplex
    return (phase_table(told),) if told is not None else ()
