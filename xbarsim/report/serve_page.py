"""The parts of the page of a ServeResult."""

from __future__ import annotations

from xbarsim.report import serve_figures, serve_views, views
from xbarsim.report.sections import Section
from xbarsim.report.trust import trust_sections
from xbarsim.scenario.serve_result import ServeResult

_MOST_STATIONS = 200


def serve_sections(result: ServeResult) -> tuple[Section, ...]:
    """All parts of the page below the headline, in reading order."""
    return (*_measured(result), *trust_sections(result, serve_views.serve_notes(result)))


def _measured(result: ServeResult) -> tuple[Section, ...]:
    return (
        Section("latency", "Latency", "From arrival to the last result, behind the warm-up.",
                serve_figures.latency_figure(result), (serve_views.latency_table(result),)),
        Section("networks", "Networks", "What came, and what was done.", tables=(serve_views.network_table(result),)),
        Section("queues", "Queues", "Where requests were, and for how long.",
                tables=(serve_views.queue_table(result),)),
        Section("load", "Latency by load", "Each point is a run of its own.", serve_figures.curve_figure(result),
                (serve_views.curve_table(result),) if result.curve else ()),
        Section("saturation", "Saturation", "When there is always another request at the door.",
                tables=(serve_views.saturation_table(result),)),
        Section("energy", "Energy", "What a request costs; by component and action over the whole run.",
                tables=(serve_views.request_table(result), views.component_table(result), views.action_table(result))),
        Section("stations", "Stations", "What was busy, and what stood in line in front of it, over the whole run.",
                tables=(views.station_table(result, _MOST_STATIONS),)),
        Section("area", "Area", tables=(views.area_table(result),)),
    )  # fmt: skip
