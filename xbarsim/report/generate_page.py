"""The parts of a GenerateResult's page."""

from __future__ import annotations

from xbarsim.report import figures_tiles, views
from xbarsim.report.figures_generate import token_figure
from xbarsim.report.generate_views import energy_table, request_table, times_table
from xbarsim.report.sections import Section
from xbarsim.report.trust import trust_sections
from xbarsim.scenario.generate_result import GenerateResult

_MOST_STATIONS, _MOST_TILES = 200, 300


def generate_sections(result: GenerateResult) -> tuple[Section, ...]:
    """All parts of the page below the headline, in reading order."""
    return (
        Section("tokens", "Tokens", "When each request came, was let in, and each of its tokens was out.",
                token_figure(result), (request_table(result),)),
        Section("times", "Times under load", tables=(times_table(result),)),
        Section("energy", "Energy", "Where the energy of each token goes.", tables=(energy_table(result),)),
        Section("tiles", "Tiles", "How full and how busy each tile is, and which matrices sit where.",
                figures_tiles.placed_figure(result.tiles), (views.tile_table(result, _MOST_TILES),)),
        Section("stations", "Stations", "What was busy, and what stood in line in front of it.",
                tables=(views.station_table(result, _MOST_STATIONS),)),
        Section("area", "Area", tables=(views.area_table(result),)),
        *trust_sections(result, result.notes),
    )  # fmt: skip
